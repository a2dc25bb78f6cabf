"""What is kept of sessions is forgotten when nobody comes back, and not before."""

from datetime import datetime, timedelta

import gradio as gr
from gradio.state_holder import StateHolder

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
