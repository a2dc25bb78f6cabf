"""All postings of a library in one file, derived from the table (`corpus.posting_table`) for libraries that are large.

In the table a term's postings lie in as many places as there are segments, each in pages of their own; here they lie
together, and a search reads each term of a question at once. A file stands for the texts up to a number; those
after it are in the table.

A term's postings: the length of its name in two bytes, the name, and zeros up to a multiple of four bytes; then the numbers of its texts,
ascending; then as many weights of a byte. Numbers are four bytes each or, of a term that many texts hold, two: after how many there are in
each block of BLOCK numbers, the places within these. Behind all terms stands the directory: of each term a hash of its name, ascending,
where its postings begin, how many bytes they take, how many there are, and their CRC-32; then the foot. All is little-endian.
"""

import os
import struct
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from weakref import finalize
from zlib import crc32

import numpy as np

from corpus.posting_table import PostingTable, Rows, Weights

BLOCK = 1 << 16
MAGIC = b"YjPost1\n"
# The magic, how many terms, the last text's number, where the directory begins, and the magic again: both at the end.
FOOT = struct.Struct("<8sqqq8s")
ENTRY = np.dtype([("hash", "<u8"), ("start", "<u8"), ("size", "<u4"), ("count", "<u4"), ("checksum", "<u4")])
# Bytes that are written at once.
BUFFER = 1 << 20


class TornFile(Exception):
    """The file is not there, or not what was written."""


class PostingFile:
    """An open file of postings. Threads may read it at once; it can be read on after it was removed."""

    def __init__(self, path: Path, checksum: int) -> None:
        """Reads the directory. Raises TornFile where that has not this checksum."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            finalize(self, os.close, self._file)
            size = os.fstat(self._file).st_size
            foot = self._read(max(size - FOOT.size, 0), FOOT.size)
            magic, count, self.last, start, again = FOOT.unpack(foot)
            if magic != MAGIC or again != MAGIC or start < 0 or start + count * ENTRY.itemsize + FOOT.size != size:
                raise TornFile
            directory = self._read(start, count * ENTRY.itemsize)
        except (OSError, struct.error):
            raise TornFile from None
        if crc32(foot, crc32(directory)) != checksum:
            raise TornFile
        entries = np.frombuffer(directory, ENTRY)
        self._hashes, self._entries = np.ascontiguousarray(entries["hash"]), entries

    def find(self, terms: Sequence[str]) -> dict[str, tuple[Rows, Weights]]:
        """Of each term that is here: the numbers of the texts that hold it, ascending, and its weights there.

        Raises TornFile where these are not what was written.
        """
        names = [_name(each) for each in terms]
        hashes = np.array([_hash(each) for each in names], np.uint64)
        places = zip(np.searchsorted(self._hashes, hashes), np.searchsorted(self._hashes, hashes, "right"), strict=True)
        found = {}
        for term, name, (first, end) in zip(terms, names, places, strict=True):
            for entry in range(first, end):  # two names of one hash: hardly ever
                packed = self._packed(entry)
                if packed.startswith(name):
                    found[term] = self._unpacked(packed, len(name), int(self._entries[entry]["count"]))
        return found

    def is_whole(self) -> bool:
        """Whether all postings are what was written. Reads them all."""
        try:
            return all(self._packed(entry) for entry in range(len(self._hashes)))
        except TornFile:
            return False

    def _packed(self, entry: int) -> bytes:
        _, start, size, _, checksum = self._entries[entry].tolist()
        try:
            packed = self._read(start, size)
        except OSError:
            raise TornFile from None
        if crc32(packed) != checksum:
            raise TornFile
        return packed

    def _unpacked(self, packed: bytes, at: int, count: int) -> tuple[Rows, Weights]:
        blocks = _blocks(count, self.last)
        if not blocks:
            return np.frombuffer(packed, "<i4", count, at).astype(np.int64), np.frombuffer(packed, np.uint8, count, at + 4 * count)
        sizes = np.frombuffer(packed, "<u4", blocks, at)
        places = np.frombuffer(packed, "<u2", count, at + 4 * blocks)
        weights = np.frombuffer(packed, np.uint8, count, at + 4 * blocks + 2 * count)
        rows = np.repeat(np.arange(blocks, dtype=np.int64) * BLOCK, sizes)
        rows += places
        return rows, weights

    def _read(self, start: int, size: int) -> bytes:
        read = os.pread(self._file, size, start)
        while len(read) < size and (more := os.pread(self._file, size - len(read), start + len(read))):
            read += more
        return read


def write_postings(path: Path, table: PostingTable, last: int) -> int:
    """Write the postings of the texts up to `last`; the checksum by which the file is known. Raises OSError."""
    entries = []
    start = 0
    with path.open("wb", buffering=BUFFER) as file:
        for some in table.all_terms():
            for term, (rows, weights) in some.items():
                if not 0 <= int(rows.min(initial=0)) <= int(rows.max(initial=0)) <= last:  # damaged: the table's `damaged` names it
                    there = (rows >= 0) & (rows <= last)
                    rows, weights = rows[there], weights[there]
                name = _name(term)
                packed = b"".join((name, *_packed(rows, last), weights.tobytes()))
                entries.append((_hash(name), start, len(packed), len(rows), crc32(packed)))
                start += file.write(packed)
        directory = np.sort(np.array(entries, ENTRY), order="hash").tobytes()
        foot = FOOT.pack(MAGIC, len(entries), last, start, MAGIC)
        file.write(directory + foot)
    return crc32(foot, crc32(directory))


def _packed(rows: Rows, last: int) -> Sequence[bytes]:
    blocks = _blocks(len(rows), last)
    if not blocks:
        return (rows.astype("<i4").tobytes(),)
    return np.bincount(rows // BLOCK, minlength=blocks).astype("<u4").tobytes(), (rows % BLOCK).astype("<u2").tobytes()


def _blocks(count: int, last: int) -> int:
    """How many blocks the numbers of a term are kept in; 0 where that would take more room than the numbers themselves."""
    blocks = last // BLOCK + 1
    return blocks if count > 2 * blocks else 0


def _name(term: str) -> bytes:
    """As it stands before a term's postings: no name is the beginning of another."""
    name = term.encode("utf8", "surrogatepass")
    return (len(name).to_bytes(2, "little") + name).ljust((len(name) + 5) // 4 * 4, b"\0")


def _hash(name: bytes) -> int:
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "little")
