"""Following a folder: whenever its files have changed and then come to rest, it is indexed again.

By looking at the files' times and sizes, which works on every file system, network disks included;
the longer a look takes, the rarer it is.
"""

import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

from corpus import YinjuError
from corpus.files import Unlisted, walk
from corpus.trouble import refused

# Seconds between two looks, at least; and the share of the time that looking may take.
PAUSE, SHARE = 1.0, 0.05
# Seconds after which a change that could not be indexed is tried again, at least.
AGAIN = 10.0


def follow(
    paths: Sequence[Path], leave_out: Path, index: Callable[[], object], tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> NoReturn:
    """Calls `index` at once, and then whenever something has changed and is at rest again; never ends.

    Where it fails by what may come right (a folder that is away or may not be looked at for now, a disk that is full) that is
    told, once, and it is called again.
    """
    seen = before = None
    said = ""
    while True:
        began = time.monotonic()
        now = _look(paths, leave_out)
        looked = time.monotonic() - began
        failed = False
        if before is None or (now != seen and now == before):
            try:
                index()
                seen, said = now, ""
            except (YinjuError, OSError) as error:
                reason = refused(error) if isinstance(error, OSError) else error
                if reason is None:
                    raise
                # What has changed is not in the library: that it was seen is forgotten.
                seen, failed = None, True
                if str(reason) != said:
                    said = str(reason)
                    tell(said)
        before = now
        sleep(max(AGAIN, time.monotonic() - began) if failed else max(PAUSE, looked / SHARE if now == seen else 0))


def _look(paths: Sequence[Path], leave_out: Path) -> bytes:
    """Stands for the names, sizes and times of all files, in whatever number."""
    digest = blake2b(digest_size=16)
    for path in paths:
        try:
            for each in walk(path, leave_out):
                file = each.path if isinstance(each, Unlisted) else each[0]
                try:
                    status = os.stat(file)
                    digest.update(b"%b\0%d\0%d\0%d\0" % (os.fsencode(file), status.st_size, status.st_mtime_ns, status.st_ino))
                except OSError:
                    digest.update(os.fsencode(file) + b"\0gone\0")
        except (YinjuError, OSError):  # the path itself is away for now, or may not be looked at
            digest.update(b"\0away\0")
    return digest.digest()
