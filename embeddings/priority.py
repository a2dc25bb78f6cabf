"""Work that can wait gives way to work that somebody waits for."""

import os
import sys
import threading
from contextlib import suppress

# As `nice` counts: a thread of this beside one of 0 gets about a tenth of a core that both want, and all of one that is idle.
PATIENT = 10


def give_way() -> None:
    """Give this thread, and those that it starts, the lower priority; where threads have none of their own nothing is changed."""
    if sys.platform == "linux":
        with suppress(OSError):  # it is lower already, or may not be changed
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, max(PATIENT, os.getpriority(os.PRIO_PROCESS, thread)))
