"""The database's tables, and the way from each format to the next.

`MIGRATIONS[n]` takes a library of format n to format n + 1; a new library takes them all. They run
in one transaction, so that a library is of one format or the next and never between.
"""

import json
import os
import sqlite3
from collections.abc import Callable

from corpus.rows import text_key

FORMAT_KEY = "format"


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database of any older format, or an empty one, to FORMAT, in one transaction."""
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Asked again inside: another process may have been faster, or newer.
            found = format_of(connection) or 0
            for migration in MIGRATIONS[found:]:
                migration(connection)
            if found < FORMAT:
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (FORMAT_KEY, str(FORMAT)))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def format_of(connection: sqlite3.Connection) -> int | None:
    """The format of a database; None where it says none. Raises sqlite3.DatabaseError where it is none."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return None
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (FORMAT_KEY,)).fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdigit() else None


def _documents_and_passages(connection: sqlite3.Connection) -> None:
    """Format 1: a file is a document, and each passage keeps its vector."""
    _run(
        connection,
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE documents (
            id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
            blocks TEXT NOT NULL, metadata TEXT NOT NULL, sentences BLOB NOT NULL,
            source TEXT NOT NULL, hash TEXT NOT NULL
        )""",
        "CREATE INDEX documents_by_source ON documents (source)",
        """CREATE TABLE passages (
            id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, headings TEXT NOT NULL, vector BLOB NOT NULL
        )""",
        'CREATE INDEX passages_by_document ON passages (document_id, "start")',
    )


def _files_and_vectors(connection: sqlite3.Connection) -> None:
    """Format 2: a file gives many documents; a vector belongs to its words, wherever they stand.

    Files are left unfinished, so that the next indexing reads them again with this version's
    readers; what has the same words is not embedded again.
    """
    _run(
        connection,
        "ALTER TABLE documents RENAME TO documents_1",
        "ALTER TABLE passages RENAME TO passages_1",
        # `path` is bytes, for a path need not be text. `hash` to `labels` say what was read:
        # of a file that is not `finished` they say nothing.
        """CREATE TABLE files (
            id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, name TEXT NOT NULL, finished INTEGER NOT NULL,
            hash TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
            read_ns INTEGER NOT NULL, labels TEXT NOT NULL
        )""",
        "CREATE INDEX files_by_name ON files (name)",
        # What is long stands last, so that listing documents does not read it.
        """CREATE TABLE documents (
            id TEXT PRIMARY KEY, file_id INTEGER REFERENCES files (id) ON DELETE CASCADE, name TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL, metadata TEXT NOT NULL, hash TEXT NOT NULL, characters INTEGER NOT NULL,
            text TEXT NOT NULL, blocks TEXT NOT NULL, sentences BLOB NOT NULL, source BLOB, runs BLOB, pages TEXT
        )""",
        "CREATE INDEX documents_by_file ON documents (file_id)",
        "CREATE INDEX documents_by_hash ON documents (hash)",
        "CREATE TABLE vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL)",
        """CREATE TABLE passages (
            id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
            "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, headings TEXT NOT NULL,
            key BLOB NOT NULL REFERENCES vectors (key)
        )""",
        'CREATE INDEX passages_of_document ON passages (document_id, "start")',
        "CREATE INDEX passages_by_key ON passages (key)",
    )
    for (identity,) in connection.execute("SELECT id FROM documents_1").fetchall():
        name, title, text, blocks, metadata, sentences, source = connection.execute(
            "SELECT name, title, text, blocks, metadata, sentences, source FROM documents_1 WHERE id = ?", (identity,)
        ).fetchone()
        file_id = _file_of_format_1(connection, name, source) if source else None
        rows = [(b["kind"], b["start"], b["end"], b["level"], b["page"], 0) for b in json.loads(blocks)]
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?, NULL, NULL, NULL)",
            (identity, file_id, name, title, metadata, len(text), text, json.dumps(rows), sentences),
        )
        for passage, start, end, headings, vector in connection.execute(
            'SELECT id, "start", "end", headings, vector FROM passages_1 WHERE document_id = ?', (identity,)
        ).fetchall():
            key = text_key(text[start:end])  # in format 1 a passage was embedded without its headings
            connection.execute("INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)", (key, vector))
            connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", (passage, identity, start, end, headings, key))
    _run(connection, "DROP TABLE passages_1", "DROP TABLE documents_1")


def _file_of_format_1(connection: sqlite3.Connection, name: str, source: str) -> int | None:
    row = (os.fsencode(os.path.abspath(source)), name)
    connection.execute("INSERT OR IGNORE INTO files VALUES (NULL, ?, ?, 0, '', 0, 0, 0, 0, '')", row)
    return int(connection.execute("SELECT id FROM files WHERE path = ?", row[:1]).fetchone()[0])


def _feedback(connection: sqlite3.Connection) -> None:
    """Format 3: what people said of answers. It names documents, and outlives them."""
    _run(
        connection,
        """CREATE TABLE feedback (
            id INTEGER PRIMARY KEY, question TEXT NOT NULL, verdict TEXT NOT NULL, document TEXT,
            "start" INTEGER, "end" INTEGER, text TEXT NOT NULL, "when" TEXT NOT NULL
        )""",
    )


def _postings(connection: sqlite3.Connection) -> None:
    """Format 4: the terms of every text (`corpus.posting_table`). They are cut by whoever opens the library next."""
    _run(
        connection,
        # A number is never given again: postings of a removed text may still name it.
        "CREATE TABLE texts (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE)",
        'CREATE TABLE segments ("first" INTEGER PRIMARY KEY, "last" INTEGER NOT NULL, "count" INTEGER NOT NULL)',
        """CREATE TABLE postings (
            segment INTEGER NOT NULL, term TEXT NOT NULL, rows BLOB NOT NULL, PRIMARY KEY (segment, term)
        ) WITHOUT ROWID""",
    )


def _numbered(connection: sqlite3.Connection) -> None:
    """Format 5: a vector's id is its text's number, that of its postings; what is added and removed is told in order.

    The index file of format 4, which counts by passages, is not named any longer and is written anew.
    """
    _run(
        connection,
        """CREATE TABLE vectors_5 (
            id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL
        )""",
        # Texts whose terms are not cut yet come after all that postings name.
        "INSERT INTO sqlite_sequence SELECT 'vectors_5', seq FROM sqlite_sequence WHERE name = 'texts'",
        "INSERT INTO vectors_5 SELECT texts.id, key, vector FROM texts JOIN vectors USING (key) ORDER BY texts.id",
        "INSERT INTO vectors_5 (key, vector) SELECT key, vector FROM vectors "
        "WHERE key NOT IN (SELECT key FROM texts) ORDER BY id",
        "DROP TABLE vectors",
        "DROP TABLE texts",
        "ALTER TABLE vectors_5 RENAME TO vectors",
        "ALTER TABLE segments ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
        'UPDATE segments SET used = (SELECT count(*) FROM vectors WHERE id BETWEEN "first" AND "last")',
        # Every number ever given is that of a vector, or stands here: a dozen bytes for each text removed.
        "CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL)",
        """INSERT INTO gone (number)
            WITH RECURSIVE given (number, last) AS (
                SELECT 1, seq FROM sqlite_sequence WHERE name = 'vectors'
                UNION ALL SELECT number + 1, last FROM given WHERE number < last
            )
            SELECT number FROM given WHERE number <= last EXCEPT SELECT id FROM vectors""",
        # Texts that perhaps no passage has: newly embedded, or of a removed passage.
        "CREATE TABLE loose (number INTEGER PRIMARY KEY)",
        "INSERT INTO loose SELECT id FROM vectors WHERE key NOT IN (SELECT key FROM passages)",
        "CREATE TRIGGER vector_added AFTER INSERT ON vectors BEGIN INSERT OR IGNORE INTO loose VALUES (new.id); END",
        "CREATE TRIGGER vector_removed AFTER DELETE ON vectors BEGIN INSERT INTO gone (number) VALUES (old.id); END",
        """CREATE TRIGGER passage_removed AFTER DELETE ON passages BEGIN
            INSERT OR IGNORE INTO loose SELECT id FROM vectors WHERE key = old.key;
        END""",
        "DELETE FROM meta WHERE key = 'faiss'",
    )


def _checksums(connection: sqlite3.Connection) -> None:
    """Format 6: documents, vectors and postings have checksums, for a disk may err. What was there before has none."""
    _run(
        connection,
        # CRC-32, of a document all of its row, of a segment all of its postings (`corpus.rows.row_checksum`).
        *(f"ALTER TABLE {table} ADD COLUMN checksum INTEGER" for table in ("documents", "vectors", "segments")),
    )


def _run(connection: sqlite3.Connection, *statements: str) -> None:
    for each in statements:
        connection.execute(each)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _documents_and_passages, _files_and_vectors, _feedback, _postings, _numbered, _checksums,
)  # fmt: skip
FORMAT = len(MIGRATIONS)
