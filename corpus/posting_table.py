"""The table of postings: which texts hold a term, and how much it weighs there.

A text is what was embedded of a passage, named by its key (`corpus.rows.text_key`): like its vector,
its terms belong to its words and not to a place. Each text has a number that is never given again.

Postings are kept in segments of consecutive numbers, as in a log-structured merge tree (O'Neil et al.
1996): a change adds a small segment, and small ones grow together into larger ones, so that a change
writes little and a search has few places to look at. What was removed stays in its segment until that
is written again; whoever searches leaves out numbers that no passage has.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from corpus.database import Database, marks, parts

Rows = NDArray[np.int64]
Weights = NDArray[np.uint8]
# Segments below such a span that together reach it become one: of three sizes there are at most some dozens.
SPANS = (16384, 1024, 64)
# A place within a segment is two bytes.
WIDEST = 1 << 16
# A segment of which less than this share is still in use is written again.
IN_USE = 0.5


@dataclass(frozen=True)
class Segment:
    """The texts numbered `first` to `last`; `count` of them were in use when it was written."""

    first: int
    last: int
    count: int


class PostingTable:
    """The postings of an open library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose terms are here."""
        found: set[bytes] = set()
        for part in parts(keys):
            rows = self._database.rows(f"SELECT key FROM texts WHERE key IN ({marks(part)})", part)
            found.update(row[0] for row in rows if isinstance(row[0], bytes))
        return found

    def put(self, keys: Sequence[bytes], terms: Sequence[Mapping[str, int]]) -> None:
        """Keep the terms of texts, each with its weight (1 to 255). Texts that are here already stay as they are."""
        known = self.held(keys)
        fresh = {key: each for key, each in zip(keys, terms, strict=True) if key not in known}
        names = list(fresh)
        with self._database.changing() as connection:
            for at in range(0, len(names), SPANS[0]):
                self._add(connection, names[at : at + SPANS[0]], fresh)

    def _add(self, connection: sqlite3.Connection, keys: Sequence[bytes], terms: Mapping[bytes, Mapping[str, int]]) -> None:
        first = last = 0
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        of_term: list[int] = []
        weights: list[int] = []
        sizes: list[int] = []
        for key in keys:
            last = int(connection.execute("INSERT INTO texts (key) VALUES (?)", (key,)).lastrowid or 0)
            first = first or last
            of_term.extend(map(numbers.__getitem__, terms[key]))
            weights.extend(terms[key].values())
            sizes.append(len(terms[key]))
        connection.execute("INSERT INTO segments VALUES (?, ?, ?)", (first, last, len(keys)))
        places = np.repeat(np.arange(len(keys)), sizes)
        _store(connection, first, list(numbers), np.array(of_term, np.int64), places, np.array(weights, np.uint8))
        while due := _due(_segments(connection)):
            _merge(connection, due)

    def drop_unused(self) -> None:
        """Take away the texts of no passage, and the room they take where it is much."""
        with self._database.changing() as connection:
            removed = connection.execute(
                "DELETE FROM texts WHERE NOT EXISTS (SELECT 1 FROM passages WHERE key = texts.key)"
            ).rowcount
            if removed:
                for each in _segments(connection):
                    if len(_in_use(connection, each)) < IN_USE * each.count:
                        _merge(connection, [each])

    def clear(self) -> None:
        """Forget all terms."""
        with self._database.changing() as connection:
            for table in ("postings", "segments", "texts"):
                connection.execute(f"DELETE FROM {table}")

    def of_passages(self) -> tuple[Rows, Rows]:
        """The ids of all passages, sorted, and the number of each one's text; 0 where its terms are not here."""
        rows = self._database.rows(
            "SELECT passages.id, coalesce(texts.id, 0) FROM passages LEFT JOIN texts ON texts.key = passages.key "
            "ORDER BY passages.id"
        )
        table = np.array(rows, np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def lacking(self) -> list[str]:
        """The ids of the documents with passages whose terms are not here."""
        rows = self._database.rows(
            "SELECT DISTINCT document_id FROM passages WHERE NOT EXISTS (SELECT 1 FROM texts WHERE key = passages.key)"
        )
        return [str(row[0]) for row in rows]

    def find(self, terms: Sequence[str]) -> dict[str, tuple[Rows, Weights]]:
        """Of each term that is here: the numbers of the texts that hold it, ascending, and its weights there."""
        found: dict[str, list[tuple[Rows, Weights]]] = {}
        with self._database.reading() as connection:
            for each in _segments(connection):
                for part in parts(terms):
                    query = f"SELECT term, rows FROM postings WHERE segment = ? AND term IN ({marks(part)})"
                    for term, packed in connection.execute(query, (each.first, *part)):
                        rows, weights = _unpacked(packed)
                        found.setdefault(term, []).append((rows + np.int64(each.first), weights))
        return {term: _joined(some) for term, some in found.items()}


def _segments(connection: sqlite3.Connection) -> list[Segment]:
    return [Segment(*row) for row in connection.execute('SELECT "first", "last", "count" FROM segments ORDER BY "first"')]


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
    whole = Segment(segments[0].first, segments[-1].last, 0)
    used = np.zeros(whole.last - whole.first + 1, bool)
    rows = _in_use(connection, whole)
    used[rows - whole.first] = True
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    of_term, places, weights = [], [], []
    for each in segments:
        rows_of = connection.execute("SELECT term, rows FROM postings WHERE segment = ?", (each.first,)).fetchall()
        sizes = [len(packed) // 3 for _, packed in rows_of]
        of_term.append(np.repeat(np.array([numbers[term] for term, _ in rows_of], np.int64), sizes))
        packed_places = b"".join(packed[: 2 * size] for (_, packed), size in zip(rows_of, sizes, strict=True))
        places.append(np.frombuffer(packed_places, "<u2") + np.int64(each.first - whole.first))
        packed_weights = b"".join(packed[2 * size :] for (_, packed), size in zip(rows_of, sizes, strict=True))
        weights.append(np.frombuffer(packed_weights, np.uint8))
        connection.execute("DELETE FROM postings WHERE segment = ?", (each.first,))
        connection.execute('DELETE FROM segments WHERE "first" = ?', (each.first,))
    if len(rows):
        connection.execute("INSERT INTO segments VALUES (?, ?, ?)", (whole.first, whole.last, len(rows)))
        kept = used[np.concatenate(places)]
        _store(
            connection, whole.first, list(numbers),
            np.concatenate(of_term)[kept], np.concatenate(places)[kept], np.concatenate(weights)[kept],
        )  # fmt: skip


def _store(
    connection: sqlite3.Connection, segment: int, names: Sequence[str], of_term: Rows, places: Rows, weights: Weights
) -> None:
    """Write a segment of postings, given in the order of their places, each with the number of its term's name."""
    order = np.argsort(of_term, kind="stable")
    ends = np.cumsum(np.bincount(of_term, minlength=len(names)))
    packed_places, packed_weights = places[order].astype("<u2").tobytes(), weights[order].tobytes()
    rows = []
    for number in sorted(range(len(names)), key=names.__getitem__):
        start, end = int(ends[number - 1]) if number else 0, int(ends[number])
        if start < end:
            rows.append((segment, names[number], packed_places[2 * start : 2 * end] + packed_weights[start:end]))
    connection.executemany("INSERT INTO postings VALUES (?, ?, ?)", rows)


def _in_use(connection: sqlite3.Connection, segment: Segment) -> Rows:
    rows = connection.execute("SELECT id FROM texts WHERE id BETWEEN ? AND ?", (segment.first, segment.last))
    return np.array([row[0] for row in rows], np.int64)


def _joined(some: Sequence[tuple[Rows, Weights]]) -> tuple[Rows, Weights]:
    if len(some) == 1:
        return some[0]
    return np.concatenate([rows for rows, _ in some]), np.concatenate([weights for _, weights in some])


def _unpacked(packed: bytes) -> tuple[NDArray[np.uint16], Weights]:
    """Places within a segment, little-endian 16-bit numbers, and then as many weights of a byte."""
    size = len(packed) // 3
    return np.frombuffer(packed, "<u2", size), np.frombuffer(packed, np.uint8, size, 2 * size)
