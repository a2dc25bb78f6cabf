"""What is written and named is so after the power fails."""

import os
from pathlib import Path


def to_disk(path: Path) -> None:
    """Wait until a file's content, or what a folder holds under which name, is on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
