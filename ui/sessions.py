"""What gradio keeps of each session, made small, and forgotten when nobody comes back to it.

Gradio keeps the newest ten thousand, some 100 kB each, and every call of a program is a session of its own. Nearly all of that
is a description of the page as the session sees it, for links to its state, which are not served here.
"""

import asyncio
from copy import copy
from datetime import datetime, timedelta

from gradio.state_holder import StateHolder

# Sessions of a page at most; those unused the longest go first.
MOST = 2000
# How long one is kept unused: that has nothing of its own (a program's call), whose page was closed, any. Who comes back later
# goes on with the conversation that the browser knows of, as after a restart of the server.
EMPTY, CLOSED, UNUSED = timedelta(seconds=30), timedelta(minutes=10), timedelta(days=1)
# Seconds between two looks.
EVERY = 10.0


def forget(holder: StateHolder, now: datetime) -> int:
    """Forget the sessions that nobody comes back to, and of the others what is not used; how many are forgotten."""
    with holder.lock:
        gone = [session for session in holder.session_data if _is_over(holder, session, now)]
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


async def keep_forgetting(holder: StateHolder) -> None:
    """Until it is cancelled."""
    holder.capacity = MOST
    while True:
        await asyncio.sleep(EVERY)
        forget(holder, datetime.now())


def _is_over(holder: StateHolder, session: str, now: datetime) -> bool:
    state, unused = holder.session_data[session], now - holder.time_last_used.get(session, now)
    return bool(unused > (EMPTY if not state.state_data else CLOSED if state.is_closed else UNUSED))
