"""A library of format 4, from one of today: its tables put back as commit 2ffb319 had them.

One more vector has neither a passage nor terms, as a killed process may leave it.
"""

import sqlite3
from pathlib import Path


def make(folder: Path) -> None:
    """Turn the library in `folder` into one of format 4."""
    connection = sqlite3.connect(folder / "library.sqlite", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.executescript("""
        DROP TRIGGER vector_added; DROP TRIGGER vector_removed; DROP TRIGGER passage_removed;
        DROP TABLE gone; DROP TABLE loose;
        CREATE TABLE texts (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE);
        INSERT INTO texts SELECT id, key FROM vectors;
        UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'vectors') WHERE name = 'texts';
        CREATE TABLE vectors_4 (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL);
        INSERT INTO vectors_4 (key, vector) SELECT key, vector FROM vectors ORDER BY key;
        DROP TABLE vectors;
        ALTER TABLE vectors_4 RENAME TO vectors;
        ALTER TABLE segments DROP COLUMN used;
        ALTER TABLE segments DROP COLUMN checksum;
        ALTER TABLE documents DROP COLUMN checksum;
        DELETE FROM meta WHERE key = 'vectors';
        INSERT INTO meta VALUES ('faiss', '{"file": "vectors-1.faiss", "generation": 1, "checksum": 0}');
        UPDATE meta SET value = '4' WHERE key = 'format';
    """)
    key = b"left by a killed"
    connection.execute("INSERT INTO vectors (key, vector) SELECT ?, vector FROM vectors LIMIT 1", (key,))
    connection.close()
    for each in folder.glob("*.faiss"):
        each.rename(folder / "vectors-1.faiss")
