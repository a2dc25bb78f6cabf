"""Sessions are of who began them, whatever name they are called by, and the page believes the request, not what it kept."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from tests.test_conversations_kept import MEETING
from ui.access.caller import CALLER, Caller
from ui.access.own import Own
from ui.access.room import Room
from ui.answering import Desk
from ui.app import build_app
from ui.conversations import Conversations
from ui.resumed import rightful
from ui.server import opened

ANA, BOB, GUEST = (Caller("Ana", "reader", "192.0.2.1"), Caller("Bob", "reader", "192.0.2.1"), Caller("", "reader", "192.0.2.1"))


def seen_by(own: Own | None = None) -> Callable[[Caller, str, str, bytes | None], dict[str, Any]]:
    """What a page behind it sees of a request."""

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        said = {"path": scope["path"], "query": dict(Request(scope).query_params), "body": body.decode("latin1"), "length": dict(scope["headers"])[b"content-length"].decode() if body else ""}
        await JSONResponse(said)(scope, receive, send)

    inner = Own(page)

    def seen(caller: Caller, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, CALLER: caller}, receive, send)

        answer = TestClient(guarded).request(method, path, content=body)
        found: dict[str, Any] = answer.json()
        return found | {"status": answer.status_code}

    return seen


def test_one_name_is_another_session_of_each_caller_and_the_same_at_every_address() -> None:
    seen = seen_by()
    names = {}
    for who in (ANA, BOB, GUEST):
        joined = seen(who, "POST", "/gradio_api/queue/join", b'{"data": ["\\ud800", 1e3], "session_hash": "s"}')
        call = json.loads(joined["body"])
        names[who] = call["session_hash"]
        assert call["data"] == ["\ud800", 1000.0] and int(joined["length"]) == len(joined["body"])
        assert seen(who, "GET", "/gradio_api/queue/data?session_hash=s&x=%26")["query"] == {"session_hash": names[who], "x": "&"}
        assert seen(who, "GET", "/library/x/gradio_api/heartbeat/s")["path"] == f"/library/x/gradio_api/heartbeat/{names[who]}"
        for path in ("component_server", "run/predict", "cancel", "call/ask"):
            assert json.loads(seen(who, "POST", f"/gradio_api/{path}", b'{"session_hash": "x", "session_hash": "s"}')["body"])["session_hash"] == names[who]
    assert len(set(names.values())) == 3 and "s" not in names.values()
    # Of one address, or one user, all begin alike, so that they can be counted.
    second = json.loads(seen(ANA, "POST", "/gradio_api/queue/join", b'{"session_hash": "t"}')["body"])["session_hash"]
    assert second != names[ANA] and second.split("-")[0] == names[ANA].split("-")[0] != names[BOB].split("-")[0]


@pytest.mark.parametrize("body", [b"", b"{", b"[3]", b'{"session_hash": 3}', b"\xff\xfe", b'{"data": []}'])
def test_what_names_no_session_is_passed_on_as_it_came(body: bytes) -> None:
    assert seen_by()(ANA, "POST", "/gradio_api/queue/join", body)["body"] == body.decode("latin1")


def test_what_is_nested_too_deep_is_refused() -> None:
    assert seen_by()(ANA, "POST", "/gradio_api/queue/join", b"[" * 100_000)["status"] == 400


def test_an_owner_is_who_asks() -> None:
    assert rightful(ANA, "") == rightful(ANA, "user Bob") == rightful(ANA, "a browser") == "user Ana"
    assert rightful(GUEST, "user Ana") == "" and rightful(GUEST, "a browser") == "a browser"


@pytest.fixture
def talks(tmp_path: Path) -> Iterator[Conversations]:
    with Conversations(tmp_path) as made:
        yield made


def asking(caller: Caller) -> gr.Request:
    return gr.Request(Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", CALLER: caller}))


def test_what_a_page_kept_of_another_user_is_not_believed(sample_library: Path, talks: Conversations) -> None:
    """Were a session another's all the same, its conversations would still be its owner's."""
    mine = talks.begin("user Ana")
    talks.add(mine, MEETING)
    with opened([sample_library]) as (assistant,):
        page = build_app(Desk(assistant, "here", Room()), talks, role="reader")
        events = {each.fn.__name__: each.fn for each in page.fns.values() if each.fn is not None}
        for stranger in (BOB, GUEST):
            assert MEETING.question not in events["listed"]("user Ana", "", mine, "zh", asking(stranger))
            assert MEETING.question not in str(events["spoken"]("zh", None, "", "user Ana", mine, asking(stranger)))
            for deed in ({"do": "open"}, {"do": "rename", "title": "taken"}, {"do": "delete"}):
                told = events["act"]((), "", "", "user Ana", "zh", asking(stranger), gr.EventData(None, {"id": mine, **deed}))
                assert "这不是您的对话" in told[0] and MEETING.question not in str(told)
        assert talks.conversation(mine).title != "taken" and len(talks.turns(mine)) == 1
        assert MEETING.question in events["listed"]("user Ana", "", mine, "zh", asking(ANA))
