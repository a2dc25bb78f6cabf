"""The simulated cluster agrees with theory where there is one, with what is measured here, and with what must hold of any cluster."""

import json
from dataclasses import replace

import numpy as np
import pytest

from bench.cluster import Closed, Cluster, Lost, Open, Times, servers_needed, simulate
from bench.cluster_sim import erlang_c, mean_wait, measured, random_times
from bench.cluster_times import FILE


def fixed(read: float, search: float = 0.0) -> Times:
    """Times without chance."""
    return Times(np.zeros(1), np.full(1, read), np.zeros(1), np.full((1, 1), search))


def test_erlang_c_is_that_of_the_tables() -> None:
    assert erlang_c(1, 0.5) == pytest.approx(0.5)  # M/M/1 waits with the probability of its load
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(10, 8.0) == pytest.approx(0.4092, abs=1e-4)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 0.7), (8, 0.8)])
def test_waiting_for_exponential_answers_is_that_of_erlang(servers: int, load: float) -> None:
    rate = load * servers / 0.1
    done = simulate(Cluster(1, slots=servers), random_times(0.1), Open(rate), 40_000 / rate, 4_000 / rate, seed=3)
    assert done.took.mean() - 0.1 == pytest.approx(mean_wait(servers, rate, 0.1), rel=0.1)


def test_waiting_for_measured_answers_is_that_of_pollaczek_and_khinchine() -> None:
    """M/G/1: λ E[S²] / 2 (1 − ρ)."""
    times = measured(1)
    service = times.embed + times.read + times.rest
    rate = 0.6 / service.mean()
    done = simulate(Cluster(1, slots=1), times, Open(rate), 40_000 / rate, 4_000 / rate, seed=3)
    assert done.took.mean() - service.mean() == pytest.approx(rate * (service**2).mean() / (2 * (1 - 0.6)), rel=0.1)


def test_a_search_ends_with_its_slowest_shard() -> None:
    """The greatest of n exponential times is 1 + 1/2 + … + 1/n of one on average."""
    search = np.random.default_rng(0).exponential(0.05, (1, 100_000))
    times = Times(np.zeros(1), np.zeros(1), np.zeros(1), search)
    for shards in (1, 4, 16):
        done = simulate(Cluster(1, slots=1000, shards=shards, cores=1000, network=0), times, Open(50), 120, seed=3)
        assert done.took.mean() == pytest.approx(0.05 * sum(1 / each for each in range(1, shards + 1)), rel=0.05)


def test_people_who_ask_without_a_pause_wait_for_all_the_others() -> None:
    """Little's law: people = answers a second × seconds of an answer."""
    done = simulate(Cluster(1, slots=2), fixed(0.5), Closed(50), 300, 60)
    assert done.answers_per_second == pytest.approx(4.0, rel=0.02)
    assert done.took.mean() == pytest.approx(12.5, rel=0.02)


def test_readers_who_stay_with_one_server_wait_longer_than_those_who_go_to_the_emptier_of_two() -> None:
    cluster, times = Cluster(20, slots=2), random_times(0.1)
    stay, choose = (simulate(replace(cluster, balance=each), times, Open(320), 60, 10, seed=3) for each in ("sticky", "two"))
    assert choose.percentile(95) < 0.8 * stay.percentile(95)


def test_a_lost_server_s_questions_are_asked_again_of_the_others_and_its_readers_come_back_to_it() -> None:
    cluster, load = Cluster(3, slots=2), Open(12, people=60)
    kept = simulate(cluster, fixed(0.3), load, 60, seed=3)
    some = [simulate(cluster, fixed(0.3), load, 60, seed=each, lost=Lost("server", 20, 20)) for each in range(4)]
    assert not kept.hurt.any() and 1 <= sum(each.hurt.sum() for each in some) <= 20
    for lost in some:
        during = (lost.came > 21) & (lost.came < 40)
        assert np.percentile(lost.took[during], 95) > kept.percentile(95) and lost.took[lost.came > 56].max() < 3


def test_without_a_second_replica_answers_lack_a_shard_while_it_is_gone_and_with_one_they_do_not() -> None:
    times, gone = fixed(0.01, 0.01), Lost("replica", 20, 20)
    for replicas, hurt in ((1, True), (2, False)):
        done = simulate(Cluster(4, shards=3, replicas=replicas), times, Open(50), 60, seed=3, lost=gone)
        during = (done.came > 20) & (done.came < 39)
        assert done.hurt[during].all() == hurt and not done.hurt[done.came < 19].any() and not done.hurt[done.came > 41].any()


def test_what_is_needed_is_enough_and_one_fifth_less_is_not() -> None:
    cluster, times, load = Cluster(1, slots=1), random_times(0.1), Open(100)
    found = servers_needed(cluster, times, load, 0.5, 40, 5)
    assert found is not None
    assert simulate(replace(cluster, servers=found), times, load, 40, 5).percentile(95) <= 0.5
    assert simulate(replace(cluster, servers=int(found * 0.8)), times, load, 40, 5).percentile(95) > 0.5
    assert servers_needed(cluster, fixed(0.6), load, 0.5, 5, 1, most=200) is None, "more servers make no answer quicker than it is alone"


def test_the_same_seed_gives_the_same_to_the_last_digit() -> None:
    one, again, other = (simulate(Cluster(3), random_times(0.1), Open(40), 20, seed=each).took for each in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_the_measured_times_are_of_all_stages_and_of_both_sizes() -> None:
    told = json.loads(FILE.read_text("utf8"))
    assert set(told["answers"]) == {"embed", "search", "read", "rest"} and set(told["searches"]) == {"100000", "1000000"}
    alone, shared = measured(1), measured(2)
    assert len(alone.read) >= 100 and (alone.read > 0).all() and shared.read == pytest.approx(2 * alone.read)
    assert measured(1, 2_000_000).search.mean() == pytest.approx(2 * measured(1, 1_000_000).search.mean())


def test_one_server_and_fifty_people_is_what_was_measured_of_it() -> None:
    """docs/reliability.md, "Many at once": 4.1 answers a second, p50 11.9 s, p95 15.4 s."""
    done = simulate(Cluster(1, slots=2), measured(2), Closed(50), 400, 60)
    assert done.answers_per_second == pytest.approx(4.1, rel=0.25)
    assert done.percentile(50) == pytest.approx(11.9, rel=0.25) and done.percentile(95) == pytest.approx(15.4, rel=0.25)
