"""The table of passages: where each stands in its document, and the key of its text."""

import json
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from corpus.database import Database, marks, parts
from corpus.document import Passage
from corpus.rows import DAMAGED, passage_of
from corpus.vector_table import Ids


class PassageTable:
    """The passages of an open library. They come and go with their documents (`corpus.document_table`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        return int(str(self._database.rows("SELECT count(*) FROM passages")[0][0]))

    def passages(self, ids: Sequence[int]) -> list[Passage]:
        """The passages of these ids, in their order; ids that are no longer here, or damaged, are left out."""
        found: dict[int, Passage] = {}
        for part in parts(ids):
            query = f'SELECT id, document_id, "start", "end", headings FROM passages WHERE id IN ({marks(part)})'
            for row in self._database.rows(query, part):
                with suppress(*DAMAGED):  # of a damaged row; `yinju check` names it
                    passage = passage_of(row)
                    found[passage.id] = passage
        return [found[each] for each in ids if each in found]

    def ids(self) -> Ids:
        """The ids of all passages, sorted."""
        rows = self._database.rows("SELECT id FROM passages ORDER BY id")
        return np.array([row[0] for row in rows if isinstance(row[0], int)], np.int64)

    def of(self, document_ids: Sequence[str]) -> tuple[Ids, Ids]:
        """The number of the text and the id of every passage of these documents, sorted."""
        query = (
            "SELECT vectors.id, passages.id FROM passages JOIN vectors USING (key) "
            "WHERE document_id IN (SELECT value FROM json_each(?)) ORDER BY vectors.id, passages.id"
        )
        rows = self._database.rows(query, (json.dumps(document_ids),))
        table = np.array([row for row in rows if isinstance(row[1], int)], np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()

    def documents_with(self, number: int) -> list[str]:
        """The names of the documents that have the text of that number, sorted."""
        query = (
            "SELECT DISTINCT name FROM passages JOIN documents ON document_id = documents.id "
            "WHERE key = (SELECT key FROM vectors WHERE id = ?) ORDER BY name"
        )
        return [str(row[0]) for row in self._database.rows(query, (number,))]

    def one_with(self, key: bytes) -> Passage | None:
        """Some passage with the text of that key."""
        query = 'SELECT id, document_id, "start", "end", headings FROM passages WHERE key = ? ORDER BY id LIMIT 1'
        rows = self._database.rows(query, (key,))
        return passage_of(rows[0]) if rows else None

    def with_keys(self, document_id: str) -> list[tuple[Passage, bytes]]:
        """The passages of a document in order, each with the key of its vector."""
        query = (
            'SELECT id, document_id, "start", "end", headings, key FROM passages WHERE document_id = ? ORDER BY "start"'
        )
        rows = self._database.rows(query, (document_id,))
        return [(passage_of(row[:-1]), row[-1]) for row in rows if isinstance(row[-1], bytes)]

    def cut_before(self, content: str) -> list[tuple[Passage, bytes]]:
        """The passages and keys of a document with that `document_hash`; none where there is no such document."""
        rows = self._database.rows("SELECT id FROM documents WHERE hash = ? LIMIT 1", (content,))
        return self.with_keys(str(rows[0][0])) if rows else []
