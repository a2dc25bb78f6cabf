"""Answers on disk while a run goes on, so that a stopped one goes on where it was.

`answers.partial.jsonl` begins with what the run is, then has an answer a line. Answers come in blocks
that are asked together; a block that was not written whole is asked again, so that a run that was
stopped has the same answers as one that was not.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from corpus import YinjuError
from corpus.to_disk import to_disk
from eval.writing import writing

NAME = "answers.partial.jsonl"
# Questions asked together. A multiple of a model's batch; more would hold more passages in memory.
BLOCK = 64


class KeptAnswers:
    """The answers kept in a run folder: appended to block by block, read one by one.

    Raises YinjuError where those that are there are of another run, unless it is to be replaced.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], replace: bool = False) -> None:
        self._path = folder / NAME
        self._identity = dict(identity)
        self.blocks = self._resume(replace)
        # Blocks that are synced are lost all the same where their file has no name.
        to_disk(folder)

    def _resume(self, replace: bool) -> int:
        """How many blocks are there already."""
        if not self._path.is_file():
            return self._begin()
        whole, blocks = 0, 0
        with self._path.open("rb") as file:
            first = file.readline()
            # A process that was killed, or a full disk, may leave the head half written: then nothing is kept yet.
            if not first.endswith(b"\n") or not first.strip(b"\0\n"):
                return self._begin()
            if _parsed(first) != self._identity:
                if replace:
                    return self._begin()
                raise YinjuError(
                    f"{self._path.parent} holds an unfinished run of other questions, another library or other settings; "
                    "choose another folder with --output, or replace it with --overwrite"
                )
            whole = len(first)
            end = whole
            checksum = 0
            for line in file:
                content = _parsed(line)
                if content is None:
                    break
                end += len(line)
                if "block" not in content:
                    checksum = crc32(line, checksum)
                elif content == _end_of(blocks, checksum):
                    blocks, whole, checksum = blocks + 1, end, 0
                else:  # a block that is not what was written, and all after it, is asked again
                    break
        os.truncate(self._path, whole)
        return blocks

    def _begin(self) -> int:
        with writing(self._path, "wb") as file:
            file.write(_line(self._identity))
        return 0

    def append(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Keep the answers of the next block: all of them, or none."""
        lines = b"".join(map(_line, answers))
        with self._path.open("ab") as file:
            file.write(lines + _line(_end_of(self.blocks, crc32(lines))))
            file.flush()
            os.fsync(file.fileno())
        self.blocks += 1

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            next(file)
            for line in file:
                content = json.loads(line)
                if "block" not in content:
                    yield content

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _end_of(block: int, checksum: int) -> dict[str, Any]:
    """The line that ends a block: its number, and the CRC-32 of the lines of its answers."""
    return {"block": block, "checksum": checksum}


def _line(content: Mapping[str, Any]) -> bytes:
    # Lone surrogates cannot be written as UTF-8; as JSON escapes they can.
    return json.dumps(content, ensure_ascii=False).encode("utf8", "backslashreplace") + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
