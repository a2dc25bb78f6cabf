"""Where questions wait: so many at once, fairly, no more than fit, and each person only so often."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.access.room import Busy, Room


async def admitted(room: Room, who: str, then: Callable[[], None] = lambda: None) -> list[int]:
    """What was told while waiting; `then` is called at its turn."""
    async with aclosing(room.turn(who)) as turns:
        told = [before async for before in turns]
    then()
    return told


def run(work: Callable[[], Awaitable[object]]) -> object:
    async def limited() -> object:
        return await asyncio.wait_for(work(), 20)  # type: ignore[arg-type]

    return asyncio.run(limited())


@given(st.lists(st.sampled_from("甲乙丙"), min_size=1, max_size=20), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_all_get_their_turn_and_never_more_at_once_than_allowed(people: list[str], at_once: int) -> None:
    async def work() -> None:
        room, most, done = Room(at_once), 0, []

        async def one(who: str) -> None:
            nonlocal most
            await admitted(room, who)
            most = max(most, room.running)
            await asyncio.sleep(0)
            done.append(who)
            room.leave(who)

        await asyncio.gather(*map(one, people))
        assert sorted(done) == sorted(people) and most <= at_once
        assert room.waiting == room.running == 0

    run(work)


def test_who_asks_once_does_not_wait_for_all_that_another_asks() -> None:
    async def work() -> list[str]:
        room, order = Room(1), []
        await admitted(room, "甲")  # under way

        async def one(who: str) -> None:
            await admitted(room, who, lambda: order.append(who))
            room.leave(who)

        waiting = [asyncio.create_task(one(who)) for who in ["甲"] * 5 + ["乙", "丙"]]
        await asyncio.sleep(0.01)
        room.leave("甲")
        await asyncio.gather(*waiting)
        return order

    assert run(work) == ["甲", "乙", "丙", "甲", "甲", "甲", "甲"]


def test_one_who_waits_is_told_how_many_go_before() -> None:
    async def work() -> list[int]:
        room = Room(1)
        for who in ("甲", "乙", "丙"):
            if who == "甲":
                await admitted(room, who)
        waiting = [asyncio.create_task(admitted(room, who)) for who in ("乙", "丙")]
        await asyncio.sleep(0)
        room.leave("甲")
        assert await waiting[0] == [1]
        room.leave("乙")
        return await waiting[1]

    assert run(work) == [2, 1]


@pytest.mark.parametrize("waiting", [0, 3])
def test_past_what_fits_it_is_said_that_it_is_busy(waiting: int) -> None:
    async def work() -> None:
        room = Room(2, waiting)
        for _ in range(2):
            assert await admitted(room, "甲") == []
        tasks = [asyncio.create_task(admitted(room, str(number))) for number in range(waiting)]
        await asyncio.sleep(0)
        with pytest.raises(Busy, match=r"busy: .* try again in a moment"):
            await admitted(room, "乙")
        room.leave("甲")
        room.leave("甲")
        for number, each in enumerate(tasks):
            await each
            room.leave(str(number))
        assert await admitted(room, "乙") == []

    run(work)


def test_who_goes_while_waiting_is_in_nobodys_way() -> None:
    async def work() -> None:
        room = Room(1)
        await admitted(room, "甲")
        gone, stays = asyncio.create_task(admitted(room, "乙")), asyncio.create_task(admitted(room, "丙"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert room.waiting == 1
        room.leave("甲")
        assert await stays == [2, 1]

    run(work)


def test_one_person_asks_only_so_often_and_hinders_no_other() -> None:
    async def work() -> None:
        room = Room(per_minute=3)
        for _ in range(3):
            await admitted(room, "甲")
            room.leave("甲")
        with pytest.raises(Busy, match=r"more than 3 questions in a minute; try again in \d+ s") as refused:
            await admitted(room, "甲")
        assert 0 < refused.value.seconds <= 61
        assert await admitted(room, "乙") == []

    run(work)


def test_when_it_closes_those_who_wait_are_told_and_those_under_way_go_on() -> None:
    async def work() -> None:
        room = Room(1)
        await admitted(room, "甲")
        waiting = asyncio.create_task(admitted(room, "乙"))
        await asyncio.sleep(0)
        room.close()
        with pytest.raises(Busy, match="is being stopped; ask again in a moment"):
            await waiting
        with pytest.raises(Busy):
            await admitted(room, "丙")
        assert (room.running, room.waiting) == (1, 0)

    run(work)
