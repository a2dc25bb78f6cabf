"""What is written and named is so after the power fails, and is what was written."""

import os
import zlib
from pathlib import Path


def to_disk(path: Path) -> None:
    """Wait until a file's content, or what a folder holds under which name, is on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, each with its name on the disk, where they are not there. Raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    to_disk(path.parent)


def checksum_of(path: Path) -> int:
    """The CRC-32 of a file, read in parts. Raises OSError."""
    value = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            value = zlib.crc32(part, value)
    return value
