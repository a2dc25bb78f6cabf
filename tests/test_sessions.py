"""What is kept of sessions is forgotten when nobody comes back, and not before."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.state_holder import StateHolder

from tests.test_browser import ANSWERABLE, Served
from ui.sessions import CLOSED, EMPTY, UNUSED, forget


def test_only_those_that_nobody_comes_back_to_are_forgotten() -> None:
    with gr.Blocks() as page:
        state = gr.State("")
    holder = StateHolder()
    holder.set_blocks(page)
    now = datetime(2026, 11, 30, 12)
    moment = timedelta(seconds=1)
    ages = {"program": EMPTY + moment, "program under way": EMPTY - moment, "closed": CLOSED + moment, "closed just now": CLOSED - moment,
            "open": CLOSED + moment, "left": UNUSED + moment}  # fmt: skip
    for name, age in ages.items():
        session = holder[name]
        if not name.startswith("program"):
            session[state._id] = "a conversation"
        session.is_closed = name.startswith("closed")
        holder.time_last_used[name] = now - age
    assert forget(holder, now) == 3
    assert set(holder.session_data) == set(holder.time_last_used) == {"program under way", "closed just now", "open"}
    assert holder["open"][state._id] == "a conversation"


def test_what_is_not_used_of_a_session_takes_no_room(tmp_path: Path) -> None:
    with gr.Blocks() as page:
        state, box = gr.State(""), gr.Textbox("plain")
    holder = StateHolder()
    holder.set_blocks(page)
    now = datetime.now()
    session = holder["reader"]
    session[state._id], session[box._id] = "a conversation", gr.Textbox("changed", render=False)
    forget(holder, now)
    assert not session.config_values and session[box._id].value == "changed"
    session._update_value_in_config(box._id, "later")
    assert session.config_values[box._id]["props"]["value"] == "later"
    session.is_closed = True
    forget(holder, now)
    assert session[box._id].value == "plain" and session[state._id] == "a conversation"
    assert page.default_config.blocks[box._id].value == "plain"


def test_nothing_waits_for_a_session_that_is_over() -> None:
    with gr.Blocks() as page:
        gr.Textbox()
    holder = StateHolder()
    holder.set_blocks(page)
    now = datetime.now()
    queue = page._queue
    for name, events in (("program", set()), ("under way", {"event"}), ("reader", set())):
        queue.pending_event_ids_session[name] = events
        queue.pending_messages_per_session[name] = None
    assert holder["reader"] is not None
    forget(holder, now)
    assert set(queue.pending_event_ids_session) == set(queue.pending_messages_per_session) == {"under way", "reader"}


@pytest.fixture
def served(sample_library: Path) -> Iterator[Served]:
    server = Served(sample_library)
    yield server
    server.stop()


def asked(served: Served, session: str, question: str, kept: Any) -> list[Any]:
    """What the page is told after a question, from a browser that keeps this."""
    config = httpx.get(f"{served.address}/config", timeout=60).json()
    box = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "yinju-box")
    event = next(each for each in config["dependencies"] if [box, "submit"] in [list(one) for one in each["targets"]] and each["inputs"][0] == box)
    kind = {each["id"]: each["type"] for each in config["components"]}
    data = [question, *(kept if kind[each] == "browserstate" else None for each in event["inputs"][1:])]
    body = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": box}
    httpx.post(f"{served.address}/gradio_api/queue/join", json=body, timeout=60).raise_for_status()
    stream = httpx.get(f"{served.address}/gradio_api/queue/data", params={"session_hash": session}, timeout=60).text
    messages = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    done: list[Any] = next(each["output"]["data"] for each in messages if each["msg"] == "process_completed")
    return done


def test_a_page_that_the_server_has_forgotten_goes_on_with_its_conversation(served: Served) -> None:
    first = asked(served, "before", ANSWERABLE, ["zh", "", ""])
    kept = first[-1]
    assert kept[2] and first[2].count('class="yinju-question"') == 1
    # Nothing is known of this session any more, and the browser keeps what it kept.
    second = asked(served, "after", "这是什么时候的事？", kept)
    assert second[2].count('class="yinju-question"') == 2 and ANSWERABLE in second[2] and second[-1] == kept
    # Another browser has no part in it, nor has who begins anew.
    assert asked(served, "other", ANSWERABLE, ["zh", "somebody else", kept[2]])[2].count('class="yinju-question"') == 1
    assert asked(served, "anew", ANSWERABLE, [kept[0], kept[1], ""])[2].count('class="yinju-question"') == 1
