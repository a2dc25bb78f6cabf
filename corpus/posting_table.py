"""The table of postings: which texts hold a term, and how much it weighs there.

A text is what was embedded of a passage: like its vector, its terms belong to its words and not to a place,
and its number is that of its vector (`corpus.vector_table`).

Postings are kept in segments of consecutive numbers, as in a log-structured merge tree (O'Neil et al.
1996): a change adds a small segment, and small ones grow together into larger ones, so that a change
writes little and a search has few places to look at. What was removed stays in its segment until that
is written again; whoever searches leaves out numbers that no text has. Every text up to the last
number of all segments has its terms here.
"""

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from corpus.database import Database, marks, parts
from corpus.rows import row_checksum

Rows = NDArray[np.int64]
Numbers = NDArray[np.int32]
Places = NDArray[np.uint16]
Weights = NDArray[np.uint8]
# Segments below such a span that together reach it become one: of each size but the first there are a dozen at most.
SPANS = (32768, 4096, 512, 64)
# A place within a segment is two bytes. The first span is half of it, so that any run of segments can reach that.
WIDEST = 1 << 16
# Texts that are written as one segment at once.
MOST = 16384
# Terms of the largest segment that are read at once where all are read: with those between them, some tens of megabytes of a million texts.
TERMS = 2048
# A segment of which less than this share is still in use is written again.
IN_USE = 0.5


@dataclass(frozen=True)
class Segment:
    """The texts numbered `first` to `last`; `count` of them were there when it was written, `used` are now."""

    first: int
    last: int
    count: int
    used: int


class PostingTable:
    """The postings of an open library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, numbers: Sequence[int], terms: Sequence[Mapping[str, int]]) -> None:
        """Keep the terms of texts, each with its weight (1 to 255); the numbers ascend, and follow all that are here."""
        with self._database.changing() as connection:
            at = 0
            while at < len(numbers):
                end = bisect_left(numbers, numbers[at] + WIDEST, at, min(at + MOST, len(numbers)))
                _add(connection, numbers[at:end], terms[at:end])
                at = end
                while due := _due(_segments(connection)):
                    _merge(connection, due)

    def note_removed(self, numbers: Rows) -> None:
        """These texts, ascending, are gone: the room they take is given back where it is much."""
        if not len(numbers):
            return
        with self._database.changing() as connection:
            for each in _segments(connection):
                first, end = np.searchsorted(numbers, (each.first, each.last + 1))
                used = each.used - int(end - first)
                if used < IN_USE * each.count:
                    _merge(connection, [each])
                elif used < each.used:
                    connection.execute('UPDATE segments SET used = ? WHERE "first" = ?', (used, each.first))

    def clear(self) -> None:
        """Forget all terms."""
        with self._database.changing() as connection:
            for table in ("postings", "segments"):
                connection.execute(f"DELETE FROM {table}")

    def lacking(self, count: int) -> list[tuple[int, bytes]]:
        """The first `count` texts whose terms are not here: number and key, ascending."""
        query = """SELECT id, key FROM vectors WHERE id > (SELECT coalesce(max("last"), 0) FROM segments) ORDER BY id LIMIT ?"""
        return [(int(str(number)), key) for number, key in self._database.rows(query, (count,)) if isinstance(key, bytes)]

    def find(self, terms: Sequence[str], after: int = 0) -> dict[str, tuple[Rows, Weights]]:
        """Of each term that is here: the numbers of the texts that hold it, ascending, and its weights there.

        With `after`, segments that end before that number are left out.
        """
        found: dict[str, list[tuple[int, bytes]]] = {}
        with self._database.reading() as connection:
            for segment in _segments(connection):
                if segment.last <= after:
                    continue
                for part in parts(terms):
                    query = f"SELECT term, rows FROM postings WHERE segment = ? AND term IN ({marks(part)})"
                    for term, packed in connection.execute(query, (segment.first, *part)):
                        if not isinstance(packed, bytes):  # damaged: `damaged` names it
                            continue
                        found.setdefault(term, []).append((segment.first, packed))
        return {term: _unpacked(some) for term, some in found.items()}

    def all_terms(self) -> Iterator[dict[str, tuple[Rows, Weights]]]:
        """All terms, some at once, as `find` gives them; for who may write, so that nothing changes meanwhile.

        Each part is read by itself, and other threads go on between.
        """
        with self._database.reading() as connection:
            segments = _segments(connection)
            largest = max(segments, key=lambda each: each.count, default=Segment(0, 0, 0, 0)).first
            query = "SELECT term FROM postings WHERE segment = ? ORDER BY term"
            ends: list[str] = [term for (term,) in connection.execute(query, (largest,))][TERMS::TERMS]
        for first, end in zip(["", *ends], [*ends, None], strict=True):
            found: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
            until, values = ("", (first,)) if end is None else (" AND term < ?", (first, end))
            for each in segments:
                rows = self._database.rows(f"SELECT term, rows FROM postings WHERE segment = ? AND term >= ?{until}", (each.first, *values))
                for term, packed in rows:
                    if isinstance(packed, bytes):
                        found[str(term)].append((each.first, packed))
            yield {term: _unpacked(some) for term, some in found.items()}

    def damaged(self) -> list[Segment]:
        """The segments whose postings are not what was stored. Reads them all."""
        wrong = []
        with self._database.reading() as connection:
            for each in _segments(connection):
                (kept,) = connection.execute('SELECT checksum FROM segments WHERE "first" = ?', (each.first,)).fetchone()
                rows = connection.execute("SELECT segment, term, rows FROM postings WHERE segment = ? ORDER BY term", (each.first,))
                if kept is not None and kept != _checksum(each, rows):
                    wrong.append(each)
        return wrong


def _segments(connection: sqlite3.Connection) -> list[Segment]:
    rows = connection.execute('SELECT "first", "last", "count", used FROM segments ORDER BY "first"').fetchall()
    if not all(isinstance(value, int) for row in rows for value in row):
        raise sqlite3.DatabaseError("a row of segments is malformed")
    return [Segment(*row) for row in rows]


def _add(connection: sqlite3.Connection, texts: Sequence[int], terms: Sequence[Mapping[str, int]]) -> None:
    """Write a segment of these texts."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    of_term: list[int] = []
    weights: list[int] = []
    for each in terms:
        of_term.extend(map(numbers.__getitem__, each))
        weights.extend(each.values())
    places = np.repeat((np.array(texts, np.int64) - texts[0]).astype(np.int32), [len(each) for each in terms])
    segment = Segment(texts[0], texts[-1], len(texts), len(texts))
    _store(connection, segment, list(numbers), np.array(of_term, np.int32), places, np.array(weights, np.uint8))


def _due(segments: Sequence[Segment]) -> Sequence[Segment]:
    """The last segments that are to be one; none where that can wait."""
    for span in SPANS:
        start = len(segments)
        while start and segments[start - 1].last - segments[start - 1].first + 1 < span:
            start -= 1
        while start < len(segments) - 1 and segments[-1].last - segments[start].first >= WIDEST:
            start += 1
        some = segments[start:]
        if len(some) > 1 and some[-1].last - some[0].first + 1 >= span:
            return some
    return ()


def _merge(connection: sqlite3.Connection, segments: Sequence[Segment]) -> None:
    """Write segments again as one, without what is in use no longer."""
    first, last = segments[0].first, segments[-1].last
    rows = [row[0] for row in connection.execute("SELECT id FROM vectors WHERE id BETWEEN ? AND ?", (first, last))]
    used = np.zeros(last - first + 1, bool)
    used[np.array(rows, np.int64) - first] = True
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    of_term, places, weights = [], [], []
    for each in segments:
        rows_of = connection.execute("SELECT term, rows FROM postings WHERE segment = ?", (each.first,)).fetchall()
        sizes = [len(packed) // 3 for _, packed in rows_of]
        of_term.append(np.repeat(np.array([numbers[term] for term, _ in rows_of], np.int32), sizes))
        packed_places = b"".join(packed[: 2 * size] for (_, packed), size in zip(rows_of, sizes, strict=True))
        places.append(np.frombuffer(packed_places, "<u2") + np.int32(each.first - first))
        packed_weights = b"".join(packed[2 * size :] for (_, packed), size in zip(rows_of, sizes, strict=True))
        weights.append(np.frombuffer(packed_weights, np.uint8))
        connection.execute("DELETE FROM postings WHERE segment = ?", (each.first,))
        connection.execute('DELETE FROM segments WHERE "first" = ?', (each.first,))
    if rows:
        kept = used[np.concatenate(places)]
        _store(
            connection, Segment(first, last, len(rows), len(rows)), list(numbers),
            np.concatenate(of_term)[kept], np.concatenate(places)[kept], np.concatenate(weights)[kept],
        )  # fmt: skip


def _store(
    connection: sqlite3.Connection, segment: Segment, names: Sequence[str], of_term: Numbers, places: Numbers, weights: Weights
) -> None:
    """Write a segment of postings, given in the order of their places, each with the number of its term's name."""
    order = np.argsort(of_term, kind="stable")
    ends = np.cumsum(np.bincount(of_term, minlength=len(names)))
    packed_places, packed_weights = places[order].astype("<u2").tobytes(), weights[order].tobytes()
    rows = []
    for number in sorted(range(len(names)), key=names.__getitem__):
        start, end = int(ends[number - 1]) if number else 0, int(ends[number])
        if start < end:
            rows.append((segment.first, names[number], packed_places[2 * start : 2 * end] + packed_weights[start:end]))
    connection.executemany("INSERT INTO postings VALUES (?, ?, ?)", rows)
    row = (segment.first, segment.last, segment.count, segment.used, _checksum(segment, rows))
    connection.execute("INSERT INTO segments VALUES (?, ?, ?, ?, ?)", row)


def _checksum(segment: Segment, rows: Iterable[tuple[int, str, bytes]]) -> int:
    """Of a segment and its postings, by term."""
    value = row_checksum(segment.first, segment.last, segment.count)
    for _, term, packed in rows:
        value = crc32(packed if isinstance(packed, bytes) else b"", crc32(f"{term}\0".encode("utf8", "replace"), value))
    return value


def _unpacked(some: Sequence[tuple[int, bytes]]) -> tuple[Rows, Weights]:
    """A term's numbers and weights from its segments: places from their first number on, little-endian in two bytes,
    and then as many weights of a byte."""
    sizes = [len(packed) // 3 for _, packed in some]
    places = np.frombuffer(b"".join([packed[: 2 * size] for (_, packed), size in zip(some, sizes, strict=True)]), "<u2")
    weights = np.frombuffer(b"".join([packed[2 * size :] for (_, packed), size in zip(some, sizes, strict=True)]), np.uint8)
    return places + np.repeat(np.array([first for first, _ in some], np.int64), sizes), weights
