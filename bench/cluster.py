"""A cluster of servers as a discrete-event simulation (simpy): people ask, servers embed and read, query nodes search.

A question goes to one server (`yinju serve`), where it waits for one of `slots` turns, as in `ui/access/room.py`. In its turn
it is embedded there, searched on all shards at once, of each on one replica, and read there; the search has ended when the
slowest shard has. A replica of a shard is a node with some cores; a search takes one core of it for its whole
time. Service times are drawn from measured ones (`bench.cluster_times`): a question has its own times, and on each shard
those of one of the times that it was asked.

What is not simulated: the network beyond a fixed time for each call, memory and caches, a node that is slow rather than gone.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import simpy
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Times:
    """Seconds of the parts of an answer. `embed`, `read`, `rest` of a question (n each, together one question's);
    `search` of one shard for a question (questions × repeats)."""

    embed: Seconds
    read: Seconds
    rest: Seconds
    search: Seconds

    def scaled(self, *, reading: float = 1.0, searching: float = 1.0) -> "Times":
        """With what a server does, and what a query node does, taking so many times as long."""
        return Times(self.embed * reading, self.read * reading, self.rest * reading, self.search * searching)


@dataclass(frozen=True)
class Cluster:
    """`shards` 0 is a server that searches itself: its search is in its own times."""

    servers: int
    slots: int = 2
    shards: int = 0
    replicas: int = 1
    cores: int = 8
    network: float = 0.0005
    # "sticky": a person stays with the server that the proxy drew first, as the page needs; "two": the emptier of two that are drawn
    # for each question (nginx's `random two least_conn`).
    balance: Literal["sticky", "two"] = "sticky"


@dataclass(frozen=True)
class Open:
    """Questions that come by chance (Poisson), so many a second, of so many people."""

    rate: float
    people: int = 100_000


@dataclass(frozen=True)
class Closed:
    """So many people, each asking again as soon as an answer is there."""

    people: int


@dataclass(frozen=True)
class Lost:
    """A server or one replica of the first shard is gone from `at` on, for `seconds`."""

    what: Literal["server", "replica"]
    at: float
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """Of each question that came after `warm` seconds and was answered: when it came, how many seconds its answer took, and whether it had
    to be asked again or was answered without a shard. And the answers a second."""

    came: Seconds
    took: Seconds
    hurt: NDArray[np.bool_]
    answers_per_second: float

    def percentile(self, of: float) -> float:
        return float(np.percentile(self.took, of)) if len(self.took) else float("nan")


class _Drawn:
    """Random numbers, drawn in blocks: one by one they would take most of the time."""

    def __init__(self, chance: np.random.Generator, most: int) -> None:
        self._chance, self._most, self._left = chance, most, iter(())

    def __call__(self) -> int:
        for each in self._left:
            return each
        self._left = iter(self._chance.integers(0, self._most, 4096).tolist())
        return next(self._left)


class _Run:
    def __init__(self, cluster: Cluster, times: Times, seed: int) -> None:
        self.cluster, self.times = cluster, times
        self.env = simpy.Environment()
        chance = np.random.default_rng(seed)
        self.servers = [simpy.Resource(self.env, cluster.slots) for _ in range(cluster.servers)]
        self.nodes = [[simpy.Resource(self.env, cluster.cores) for _ in range(cluster.replicas)] for _ in range(cluster.shards)]
        self.chance = chance
        self.question, self.asked, self.repeat = (_Drawn(chance, most) for most in (len(times.read), *times.search.shape))
        self.server, self.tie = _Drawn(chance, cluster.servers), _Drawn(chance, 1 << 30)
        self.homes: dict[int, int] = {}
        # The first server or the first shard's first replica may go.
        self.server_goes = self.env.event()
        self.server_gone = self.replica_gone = False
        self.done: list[tuple[float, float, bool]] = []

    def ask(self, person: int) -> Process:
        """One question, from coming to its answer."""
        came, hurt = self.env.now, False
        number, searched = self.question(), self.asked()
        while True:
            home = self._home(person)
            goes = self.server_goes if home == 0 else None
            with self.servers[home].request() as turn:
                yield turn if goes is None else turn | goes
                if goes is None or not goes.triggered:
                    work = self.env.process(self._answer(number, searched))
                    yield work if goes is None else work | goes
                    if goes is None or not goes.triggered:
                        hurt |= bool(work.value)
                        break
            # The proxy sends it to another one, from the beginning.
            hurt = True
        self.done.append((came, self.env.now - came, hurt))

    def _answer(self, number: int, searched: int) -> Generator[simpy.Event, Any, bool]:
        """In its turn; whether a shard did not answer."""
        times, env = self.times, self.env
        yield env.timeout(times.embed[number])
        without = False
        if self.nodes:
            parts = [env.process(self._search(shard, searched)) for shard in range(len(self.nodes))]
            yield env.timeout(2 * self.cluster.network)
            yield env.all_of(parts)
            without = self.replica_gone and self.cluster.replicas == 1
        yield env.timeout(times.read[number] + times.rest[number])
        return without

    def _search(self, shard: int, searched: int) -> Process:
        replicas = self.nodes[shard]
        if self.replica_gone and shard == 0:
            replicas = replicas[1:]
        if not replicas:
            return
        with self._least(replicas).request() as core:
            yield core
            yield self.env.timeout(self.times.search[searched, self.repeat()])

    def _home(self, person: int) -> int:
        """The server that this person's question goes to."""
        if self.cluster.balance == "two":
            one, other = self._there(), self._there()
            return min(one, other, key=lambda each: self.servers[each].count + len(self.servers[each].queue))
        if person not in self.homes:
            self.homes[person] = self.server()
        home = self.homes[person]
        # Who stays with the one that is gone comes back to it, as with nginx's consistent hash.
        return self._there() if home == 0 and self.server_gone else home

    def _there(self) -> int:
        """Any server that is there."""
        while (drawn := self.server()) == 0 and self.server_gone:
            pass
        return drawn

    def _least(self, some: Sequence[simpy.Resource]) -> simpy.Resource:
        if len(some) == 1:
            return some[0]
        first = self.tie() % len(some)
        return min((*some[first:], *some[:first]), key=lambda each: each.count + len(each.queue))

    def come(self, load: Open) -> Process:
        while True:
            for wait in self.chance.exponential(1 / load.rate, 1024).tolist():
                yield self.env.timeout(wait)
                self.env.process(self.ask(int(self.tie() % load.people)))

    def ask_again(self, person: int) -> Process:
        while True:
            yield self.env.process(self.ask(person))

    def lose(self, lost: Lost) -> Process:
        yield self.env.timeout(lost.at)
        if lost.what == "server":
            self.server_gone = True
            self.server_goes.succeed()
        else:
            self.replica_gone = True
        yield self.env.timeout(lost.seconds)
        self.server_goes, self.server_gone, self.replica_gone = self.env.event(), False, False


def simulate(
    cluster: Cluster, times: Times, load: Open | Closed, seconds: float, warm: float = 0.0, seed: int = 1, lost: Lost | None = None
) -> Outcome:
    """What comes of so many simulated seconds; questions that came before `warm` count for nothing but the queues that they leave."""
    run = _Run(cluster, times, seed)
    if isinstance(load, Open):
        run.env.process(run.come(load))
    else:
        for person in range(load.people):
            run.env.process(run.ask_again(person))
    if lost is not None:
        run.env.process(run.lose(lost))
    run.env.run(until=seconds)
    kept = [each for each in run.done if each[0] >= warm]
    came, took, hurt = (np.array(each) for each in zip(*kept, strict=True)) if kept else (np.empty(0), np.empty(0), np.empty(0, bool))
    answered = sum(came + took >= warm for came, took, _ in run.done)
    return Outcome(came, took, hurt.astype(bool), answered / (seconds - warm))


def servers_needed(
    cluster: Cluster, times: Times, load: Open, within: float, seconds: float = 20.0, warm: float = 5.0, most: int = 4000
) -> int | None:
    """The fewest servers with which 95 of 100 questions are answered within so many seconds; None where not even `most` do."""

    def enough(count: int) -> bool:
        return simulate(replace(cluster, servers=count), times, load, seconds, warm).percentile(95) <= within

    at_least = max(1, int(load.rate * float(np.mean(times.embed + times.read + times.rest)) / cluster.slots))
    if not enough(most):
        return None
    low, high = at_least - 1, at_least
    while not enough(high):
        low, high = high, min(most, int(high * 1.25) + 1)
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
