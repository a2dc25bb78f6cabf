"""What gradio keeps of each session, made small, and forgotten when nobody comes back to it.

Gradio keeps the newest ten thousand, some 100 kB each, and every call of a program is a session of its own. Nearly all of that
is a description of the page as the session sees it, for links to its state, which are not served here.
"""

import asyncio
from collections import defaultdict
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from gradio.state_holder import StateHolder

from ui.access.own import PARTS

# Sessions of a page at most, and of one person, so that nobody's go for another's; those unused the longest go first.
MOST, OF_ONE = 2000, 200
# How long one is kept unused: that has nothing of its own (a program's call), whose page was closed, any. Who comes back later
# goes on with the conversation that the browser knows of, as after a restart of the server.
EMPTY, CLOSED, UNUSED = timedelta(seconds=30), timedelta(minutes=10), timedelta(days=1)
# How long what a page is to be told waits to be fetched.
UNFETCHED = timedelta(minutes=1)
# Seconds between two looks.
EVERY = 10.0


def forget(holder: StateHolder, now: datetime) -> int:
    """Forget the sessions that nobody comes back to, and of the others what is not used; how many are forgotten."""
    with holder.lock:
        gone = {session for session in holder.session_data if _is_over(holder, session, now)}
        gone.update(_too_many(holder))
        for session in gone:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)
        for state in holder.session_data.values():
            state.config_values.clear()
            if state.is_closed:
                # The page's parts as they were changed for this reader; a page that comes back takes the plain ones.
                state.blocks_config = copy(holder.blocks.default_config)
        # Of a session that is over nothing waits to be told; gradio keeps the places where it would wait, of each call for ever.
        queue = holder.blocks._queue
        for session in [each for each, waiting in queue.pending_event_ids_session.items() if not waiting and each not in holder.session_data]:
            queue.pending_event_ids_session.pop(session, None)
            queue.pending_messages_per_session.pop(session, None)
    return len(gone)


class Unfetched:
    """What waits in a page's queue to be told, and since when it is the same."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._first: dict[str, tuple[object, datetime]] = {}

    def drop(self, now: datetime) -> int:
        """Drop what nobody has fetched for its time; of how many sessions that is."""
        queue, seen = self._queue, self._first
        messages, events = queue.pending_messages_per_session, queue.pending_event_ids_session
        self._first, dropped = {}, 0
        for session, waiting in list(messages.items()):
            if waiting.empty():
                continue
            first = waiting._queue[0]
            since = seen[session][1] if session in seen and seen[session][0] is first else now
            if now - since <= UNFETCHED:
                self._first[session] = first, since
                continue
            dropped += 1
            while not waiting.empty():
                waiting.get_nowait()
            # What is still under way has somewhere to say that it is done.
            events[session] = {each for each in events.get(session, ()) if each in queue.event_ids_to_events}
            if not events[session]:
                messages.pop(session, None)
        for session in [each for each, some in events.items() if each not in messages and not any(one in queue.event_ids_to_events for one in some)]:
            events.pop(session, None)
        return dropped


async def keep_forgetting(holder: StateHolder) -> None:
    """Until it is cancelled."""
    holder.capacity = MOST
    unfetched = Unfetched(holder.blocks._queue)
    while True:
        await asyncio.sleep(EVERY)
        now = datetime.now()
        unfetched.drop(now)
        forget(holder, now)


def _is_over(holder: StateHolder, session: str, now: datetime) -> bool:
    state, unused = holder.session_data[session], now - holder.time_last_used.get(session, now)
    return bool(unused > (EMPTY if not state.state_data else CLOSED if state.is_closed else UNUSED))


def _too_many(holder: StateHolder) -> list[str]:
    """Of each person's sessions those that are unused the longest, past so many."""
    of_each = defaultdict(list)
    for session in holder.session_data:  # the last used comes last
        person, parted, _ = session.partition(PARTS)
        if parted:
            of_each[person].append(session)
    return [session for sessions in of_each.values() for session in sessions[:-OF_ONE]]
