"""How many servers and query nodes for how many questions a second: `bench.cluster` with the times measured here.

    python -m bench.cluster_sim [--part check,load,needed,lost] [--seconds 20]     (the plot: docs/images/cluster.svg)

`check` holds the simulation against `bench.load` (50 people at one server) and against theory; `load` shows waiting against
load; `needed` the servers for 1,000 questions a second within 300 ms; `lost` what a lost node does. Service times are those of
`bench/cluster_times.json`, which `python -m bench.cluster_times` writes.
"""

import argparse
import json
from dataclasses import replace
from math import factorial
from pathlib import Path

import matplotlib
import numpy as np

from bench.cluster import Closed, Cluster, Lost, Open, Times, servers_needed, simulate
from bench.cluster_times import FILE, STAGES

matplotlib.use("svg")
from matplotlib import pyplot

PLOT = Path(__file__).parents[1] / "docs" / "images" / "cluster.svg"
INK, ACCENT, SOFT = "#1f2937", "#2563eb", "#cbd5e1"
GOAL, RATE = 0.3, 1000.0
# Of all of it, what is simulated; and how busy query nodes are.
PART, BUSY = 10, 0.6
MILLION = 1_000_000
CORES = 2
# Questions a second that a server of two cores is asked, of what it can answer at most.
LOADS = (0.2, 0.4, 0.6, 0.7, 0.8, 0.9)
# Millions of passages, shards, and of the times measured here what searching and a server take: 0.61 is what two cores of a CPU with
# VNNI take of it (152 of 248 ms, README.md).
NEEDS = ((10, 10, 1.0, 1.0), (10, 10, 1.0, 0.61), (10, 10, 1.0, 0.4), (10, 10, 0.1, 0.4), (100, 20, 0.1, 0.4), (1000, 200, 0.1, 0.4), (1000, 200, 0.1, 0.25))


def measured(at_once: int, passages: float = 0, file: Path = FILE) -> Times:
    """Of the file: a server of two cores that answers so many questions (1 or 2) at once, each with its share of the cores; and a
    shard of so many passages, for which the folder's own engine takes as many times as for a million. Without passages
    the server searches itself."""
    told = json.loads(file.read_text("utf8"))
    embed, search, read, rest = (np.array(told["answers"][each]).ravel() / 1000 * at_once / CORES for each in STAGES)
    if not passages:
        return Times(embed, read, rest + search, np.zeros((1, 1)))
    million = np.array(told["searches"][str(MILLION)]["dense"]) + np.array(told["searches"][str(MILLION)]["lexical"])
    return Times(embed, read, rest, million / 1000 * passages / MILLION)


def erlang_c(servers: int, offered: float) -> float:
    """The share of those that wait in M/M/c (A. K. Erlang, 1917), `offered` = arrivals × mean service time.

        C = (a^c / c!) · c / (c − a)  /  (Σ_{k<c} a^k / k!  +  (a^c / c!) · c / (c − a))
    """
    waiting = offered**servers / factorial(servers) * servers / (servers - offered)
    return waiting / (sum(offered**k / factorial(k) for k in range(servers)) + waiting)


def mean_wait(servers: int, rate: float, service: float) -> float:
    """Of M/M/c: C / (c/s − λ)."""
    return erlang_c(servers, rate * service) / (servers / service - rate)


def random_times(mean: float, seed: int = 0) -> Times:
    """Exponential reading alone."""
    read = np.random.default_rng(seed).exponential(mean, 200_000)
    return Times(np.zeros_like(read), read * mean / read.mean(), np.zeros_like(read), np.zeros((1, 1)))


def row(*cells: object) -> None:
    print("| " + " | ".join(f"{each:.3f}" if isinstance(each, float) else str(each) for each in cells) + " |", flush=True)


def head(*names: str) -> None:
    print()
    row(*names)
    row(*["---"] * len(names))


def check(seconds: float) -> None:
    """Beside what is measured and what is known."""
    head("one server, closed loop", "answers a second", "p50, s", "p95, s")
    for people in (1, 50):
        at_once = min(people, 2)
        done = simulate(Cluster(1, slots=2), measured(at_once), Closed(people), 400, 60)
        row(f"{people} people, simulated", round(done.answers_per_second, 1), done.percentile(50), done.percentile(95))
    head("M/M/c", "load", "mean wait, theory, s", "simulated, s")
    for servers, load in ((1, 0.5), (2, 0.8), (8, 0.8)):
        times, rate = random_times(0.1), load * servers / 0.1
        done = simulate(Cluster(1, slots=servers), times, Open(rate), 120_000 / rate, 10_000 / rate)
        row(servers, load, mean_wait(servers, rate, 0.1), float(done.took.mean()) - 0.1)


def capacity(cluster: Cluster, times: Times) -> float:
    """Questions a second at which its servers have no moment to spare."""
    return cluster.servers * cluster.slots / float(np.mean(times.embed + times.read + times.rest))


def load(seconds: float) -> dict[str, list[tuple[float, float, float, float]]]:
    """Waiting against load: (questions a second for each server, p50, p95, p99) of one server, and of many behind a proxy."""
    kinds = {
        "one server": Cluster(1),
        "20 servers, each reader with one": Cluster(20),
        "20 servers, the emptier of two": Cluster(20, balance="two"),
    }
    times, found = measured(2), {}
    head("", "questions a second, each server", "p50, s", "p95, s", "p99, s")
    for name, cluster in kinds.items():
        most = capacity(cluster, times)
        lines = []
        for share in LOADS:
            length = max(seconds, 3000 / (most * share))
            done = simulate(cluster, times, Open(share * most), length, length / 5)
            lines.append((share * most / cluster.servers, *(done.percentile(each) for each in (50, 95, 99))))
            row(name, *(round(each, 3) for each in lines[-1]))
        found[name] = lines
    return found


def needed(seconds: float) -> None:
    """Servers of two cores that answer one question at a time, and cores of query nodes, for 1,000 questions a second within 300 ms. A tenth of
    all is simulated, with at most twenty of the shards: more of everything waits a little less."""
    head("passages", "shards", "searching takes", "a server takes", "cores for searching, 60 % busy", "servers", "p50, s", "p95, s")
    for total, shards, searching, faster in NEEDS:
        times = measured(1, total * MILLION / shards).scaled(reading=faster, searching=searching)
        cores = RATE * float(times.search.mean()) / BUSY
        cluster = Cluster(1, slots=1, shards=min(shards, 20), cores=max(1, round(cores / PART)), balance="two")
        count = servers_needed(cluster, times, Open(RATE / PART), GOAL, seconds, seconds / 5, most=400)
        done = simulate(replace(cluster, servers=count or 400), times, Open(RATE / PART), seconds, seconds / 5)
        wanted = f"{count * PART:,}" if count else "more do not help"
        row(f"{total:,} million", shards, searching, faster, f"{cores * shards:,.0f}", wanted, done.percentile(50), done.percentile(95))


def lost(seconds: float) -> None:
    """A node goes for twenty seconds: of five servers one, or of two shards with one core for each replica one replica."""
    head("lost for 20 s", "replicas", "a replica's load", "p95 before, s", "meanwhile", "in the 30 s after", "asked again, or without a shard")
    whole = measured(2)
    rate = 0.6 * capacity(Cluster(5), whole)
    for what, replicas, busy in (("server", 2, 0.35), ("replica", 2, 0.35), ("replica", 2, 0.6), ("replica", 1, 0.6)):
        alone = measured(2, MILLION)
        times = alone.scaled(searching=busy * replicas / rate / float(alone.search.mean()))
        gone = Lost(what, 40, 20)  # type: ignore[arg-type]
        done = simulate(Cluster(5, shards=2, replicas=replicas, cores=1), times, Open(rate, people=500), 90, 5, lost=gone)
        parts = [done.took[(done.came >= start) & (done.came < end)] for start, end in ((5, 40), (40, 60), (60, 90))]
        row(what, replicas, busy, *(float(np.percentile(part, 95)) for part in parts), f"{done.hurt.sum()} of {len(done.hurt)}")


def draw(found: dict[str, list[tuple[float, float, float, float]]], file: Path = PLOT) -> None:
    figure, panels = pyplot.subplots(1, len(found), figsize=(3.4 * len(found), 2.8), sharey=True)
    for axes, (name, lines) in zip(panels, found.items(), strict=True):
        rates, *values = np.array(lines).T
        for label, some, color in zip(("p50", "p95", "p99"), values, (ACCENT, INK, SOFT), strict=True):
            axes.plot(rates, some, marker="o", markersize=4, color=color, label=label)
        axes.axhline(GOAL, color=SOFT, linestyle="--", linewidth=1)
        axes.set(xlabel="questions a second, each server", ylim=(0, 4))
        axes.set_title(name, fontsize=9, color=INK)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("s")
    panels[0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="check,load,needed,lost")
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    parts = {"check": check, "needed": needed, "lost": lost}
    for each in given.part.split(","):
        if each == "load":
            draw(load(given.seconds))
        else:
            parts[each](given.seconds)


if __name__ == "__main__":
    main()
