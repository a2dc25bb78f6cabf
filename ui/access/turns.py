"""What a page does beside questions waits in gradio's queue: here in fair order, no more than fits, and not too much of one person.

Gradio has a line for each kind of event, without an end, in which who came first goes first. Here the first event of each person
goes before anybody's second, and so on.
"""

from typing import Any

import gradio as gr
from anyio import CapacityLimiter
from starlette.exceptions import HTTPException

from ui.access.caller import caller_of

# Events that wait, of all and of one person (who may have several pages open, of which each begins with some).
WAITING, OF_ONE = 400, 40
# Events under way: as many as may wait, for questions wait in a room of their own meanwhile (`ui.access.room`).
UNDER_WAY = 400
# Threads for what pages do. They are not those in which the guard looks up who asks.
THREADS = 40
BUSY = "现在太忙，请稍后再试 · busy: too much is waiting already, try again in a moment"


def take_turns(page: gr.Blocks, of_one: int | None = OF_ONE) -> None:
    """Have a mounted page's events wait so, before it is served. `of_one` None is no limit for one person."""
    page.limiter = CapacityLimiter(THREADS)
    queue = page._queue
    queue.max_thread_count = UNDER_WAY
    push = queue.push

    async def pushed(body: Any, request: Any, username: Any) -> Any:
        # Gradio's own limit is said to the page by a status for which it has an English sentence of its own.
        if len(queue) >= WAITING or (of_one is not None and _count(queue, body.session_hash, request) >= of_one):
            raise HTTPException(429, BUSY)
        done = await push(body=body, request=request, username=username)
        if done[0]:
            _move(queue, done[1])
        return done

    queue.push = pushed


def _count(queue: Any, session: Any, request: Any) -> int:
    """A person's events that wait or are under way; or those of this session that nobody has fetched, where these are more."""
    under_way = sum(_who(each) == caller_of(request).key for each in list(queue.event_ids_to_events.values()))
    return max(under_way, len(queue.pending_event_ids_session.get(session, ())))


def _move(queue: Any, identity: str) -> None:
    """Put an event that has just joined its line where its turn is: behind all that are no later of their people."""
    event = queue.event_ids_to_events.get(identity)
    line = queue.event_queue_per_concurrency_id[event.concurrency_id].queue if event is not None else []
    if not line or line[-1] is not event:
        return
    line.pop()
    counts: dict[str, int] = {}
    mine = 1 + sum(_who(each) == _who(event) for each in line)
    for at, each in enumerate(line):
        counts[_who(each)] = counts.get(_who(each), 0) + 1
        if counts[_who(each)] > mine:
            line.insert(at, event)
            return
    line.append(event)


def _who(event: Any) -> str:
    return caller_of(event.request).key
