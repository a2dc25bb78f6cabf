"""Nobody gets so much of the server that nothing is left for others: how fast, how much at once, and in which order."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.state_holder import StateHolder
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.served_users import OTHER, READER, ServedUsers
from ui import sessions
from ui.access import pace
from ui.access.caller import CALLER, Caller
from ui.access.pace import Pace
from ui.access.room import Busy
from ui.access.share import OF_ONE, WAITING, Share
from ui.access.turns import take_turns
from ui.sessions import UNFETCHED, Unfetched, forget

ANA, BOB = Caller("Ana", "reader", "192.0.2.1"), Caller("Bob", "reader", "192.0.2.1")


def client_of(app: Any, caller: Caller) -> httpx.AsyncClient:
    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CALLER: caller}, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(guarded), base_url="http://here")


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("fine")(scope, receive, send)


def test_one_person_sends_so_much_in_a_minute_and_others_go_on() -> None:
    async def sent() -> None:
        app = Pace(fine, 5, 1000)
        async with client_of(app, ANA) as ana, client_of(app, BOB) as bob:
            statuses = [(await ana.post("/gradio_api/component_server")).status_code for _ in range(6)]
            assert statuses == [200] * 5 + [429]
            refused = await ana.post("/gradio_api/queue/join")
            assert "more than 5 requests in a minute; try again in" in refused.json()["detail"] and int(refused.headers["Retry-After"]) <= 61
            # What is only looked at is not counted, nor are uploads, which have a limit of their own.
            assert (await ana.get("/config")).status_code == (await ana.post("/gradio_api/upload", content=b"x" * 2000)).status_code == 200
            assert (await bob.post("/gradio_api/queue/join")).status_code == 200
            long = await bob.post("/gradio_api/queue/join", content=b"x" * 1001)
            assert long.status_code == 413 and "too long" in long.json()["detail"]

    asyncio.run(sent())


def test_what_is_refused_was_read_so_that_the_answer_arrives() -> None:
    """Who closes a connection that is still being sent to loses what was said on it."""
    parts = [{"type": "http.request", "body": b"x" * 600, "more_body": more} for more in (True, False)]
    said: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        assert not parts
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": [(b"content-length", b"1200")], CALLER: ANA}
    asyncio.run(Pace(fine, None, 1000)(scope, receive, send))
    assert said[0]["status"] == 413


def test_one_person_has_so_many_requests_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "AT_ONCE", 2)
    go = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await go.wait()
        await fine(scope, receive, send)

    async def sent() -> None:
        app = Pace(slow, 600)
        async with client_of(app, ANA) as ana, client_of(app, BOB) as bob:
            waiting = [asyncio.create_task(each.post("/gradio_api/run/ask")) for each in (ana, ana, bob)]
            await asyncio.sleep(0.1)
            assert (await ana.post("/gradio_api/run/ask")).status_code == 429
            go.set()
            assert [(await each).status_code for each in waiting] == [200] * 3
            assert (await ana.post("/gradio_api/run/ask")).status_code == 200

    asyncio.run(sent())


def test_of_one_person_two_are_worked_on_at_once_some_wait_and_others_are_not_behind_them() -> None:
    async def shared() -> None:
        share, most, running, lock = Share(), 0, 0, threading.Lock()
        go = threading.Event()

        def work() -> str:
            nonlocal most, running
            with lock:
                running += 1
                most = max(most, running)
            go.wait(10)
            with lock:
                running -= 1
            return "done"

        waiting = [asyncio.create_task(share.run("ana", work)) for _ in range(OF_ONE + WAITING)]
        await asyncio.sleep(0.2)
        with pytest.raises(Busy, match="wait until"):
            await share.run("ana", work)
        assert most == OF_ONE and await share.run("bob", lambda: "at once") == "at once"
        # The threads of everything else are free.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 1) == "free"
        go.set()
        assert set(await asyncio.gather(*waiting)) == {"done"} and most == OF_ONE
        assert await share.run("ana", lambda: "again") == "again"

    asyncio.run(shared())


def of(caller: Caller) -> Any:
    return Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", CALLER: caller})


def test_events_wait_in_fair_order_and_not_too_many_of_one_person() -> None:
    from gradio.data_classes import PredictBodyInternal

    async def joined() -> list[str]:
        with gr.Blocks() as page:
            gr.Button().click(lambda: None)
        page.queue()
        take_turns(page, of_one=4)

        async def join(who: Caller, session: str) -> None:
            await page._queue.push(body=PredictBodyInternal(data=[], fn_index=0, session_hash=session), request=of(who), username=None)

        for number in range(4):
            await join(ANA, f"ana{number}")
        with pytest.raises(HTTPException, match="busy: too much is waiting"):
            await join(ANA, "ana9")
        for number in range(2):
            await join(BOB, f"bob{number}")
        (line,) = page._queue.event_queue_per_concurrency_id.values()
        return [each.session_hash for each in line.queue]

    assert asyncio.run(joined()) == ["ana0", "bob0", "ana1", "bob1", "ana2", "ana3"]


def test_what_nobody_fetches_is_dropped_also_where_events_wait() -> None:
    with gr.Blocks() as page:
        gr.Textbox()
    queue, now = page._queue, datetime(2026, 11, 30, 12)
    messages: dict[str, asyncio.Queue[str]] = {}
    for name, events in (("left", {"done"}), ("under way", {"running", "done"}), ("read", {"new"}), ("told", set())):
        queue.pending_event_ids_session[name] = set(events)
        queue.pending_messages_per_session[name] = messages[name] = asyncio.Queue()
        messages[name].put_nowait("first")
    queue.pending_event_ids_session["evicted"] = {"long ago"}
    queue.event_ids_to_events["running"] = None
    unfetched = Unfetched(queue)
    assert unfetched.drop(now) == 0
    messages["read"].put_nowait("second")
    assert messages["read"].get_nowait() == "first" and messages["told"].get_nowait() == "first"
    assert unfetched.drop(now + UNFETCHED) == 0
    assert unfetched.drop(now + UNFETCHED + timedelta(seconds=1)) == 2
    assert set(queue.pending_messages_per_session) == {"under way", "read", "told"} and messages["under way"].empty()
    assert queue.pending_event_ids_session["under way"] == {"running"} and "evicted" not in queue.pending_event_ids_session


def test_who_begins_many_sessions_loses_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "OF_ONE", 3)
    with gr.Blocks() as page:
        gr.State("")
    holder = StateHolder()
    holder.set_blocks(page)
    for name in ("bob-1", *(f"ana-{number}" for number in range(5)), "program"):
        assert holder[name] is not None
    assert holder["ana-1"] is not None  # used again
    assert forget(holder, datetime.now()) == 2
    assert set(holder.session_data) == {"bob-1", "ana-1", "ana-3", "ana-4", "program"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sample_library: Path) -> Iterator[ServedUsers]:
    server = ServedUsers(sample_library, tmp_path_factory.mktemp("paced"))
    yield server
    server.stop()


def test_a_flood_of_one_reader_leaves_the_page_to_another(served: ServedUsers) -> None:
    with served.client(READER) as flooding, served.client(OTHER) as other:
        config = other.get("/config").json()
        part = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "yinju-listed")
        event = next(each for each in config["dependencies"] if [part, "click"] in [list(one) for one in each["targets"]])
        name = other.post("/gradio_api/run/documents", json={"data": []}).json()["data"][0][0]["name"]
        body = {"data": [None] * len(event["inputs"]), "fn_index": event["id"], "trigger_id": part, "event_data": {"do": "open", "name": name}}
        statuses = [flooding.post("/gradio_api/queue/join", json=body | {"session_hash": f"flood{number}"}).status_code for number in range(650)]
        assert statuses[0] == 200 and statuses[-1] == 429
        too_long = flooding.post("/gradio_api/queue/join", json=body | {"event_data": {"question": "x" * 600_000}})
        assert too_long.status_code == 413
        began = time.monotonic()
        assert other.post("/gradio_api/queue/join", json=body | {"session_hash": "other"}).status_code == 200
        told = other.get("/gradio_api/queue/data", params={"session_hash": "other"}).text
        assert "process_completed" in told and '"success":true' in told and time.monotonic() - began < 5
