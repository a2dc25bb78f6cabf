"""The documents of a library as a reader looks through them: found by words of their titles and names, a page at a time.

Words are compared without case and width, which SQLite cannot do: titles and names stand so folded in a temporary table of the
connection, brought up to date when documents have changed. To fold them at each search takes seconds for 100,000 documents,
not a twentieth of one.
"""

import sqlite3
from dataclasses import dataclass
from unicodedata import normalize

# By name, which has an index: neither texts nor metadata are read.
ALL = """SELECT name, title, (SELECT count(*) FROM passages WHERE document_id = documents.id), characters
    FROM documents ORDER BY name LIMIT ? OFFSET ?"""
# `stored` changes whenever a document is put anew, with other passages or other text.
TABLES = (
    """CREATE TEMP TABLE IF NOT EXISTS labels (
        name TEXT PRIMARY KEY, title TEXT NOT NULL, passages INTEGER NOT NULL, characters INTEGER NOT NULL,
        stored TEXT NOT NULL, label TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TEMP TABLE IF NOT EXISTS labels_of (generation TEXT NOT NULL)",
)
DROP_GONE = "DELETE FROM labels WHERE name NOT IN (SELECT name FROM documents)"
TAKE_NEW = """INSERT OR REPLACE INTO labels
    SELECT now.name, now.title, (SELECT count(*) FROM passages WHERE document_id = now.id), now.characters,
        now.rowid || now.hash, folded(now.title || char(10) || now.name)
    FROM documents AS now LEFT JOIN labels ON labels.name = now.name
    WHERE labels.name IS NULL OR labels.title <> now.title OR labels.stored <> now.rowid || now.hash"""


@dataclass(frozen=True)
class Entry:
    """A document as a reader's list shows it."""

    name: str
    title: str
    passages: int
    characters: int


@dataclass(frozen=True)
class Found:
    """One page of what was found, by name; `documents` and `passages` count all that was found."""

    entries: tuple[Entry, ...]
    documents: int
    passages: int


def find(connection: sqlite3.Connection, generation: str, words: str, limit: int, offset: int) -> Found:
    """The documents whose title or name holds every one of the words; without words, all documents. For `corpus.library`."""
    sought = folded(words).split()
    page = max(limit, 0), max(offset, 0)
    if not sought:
        rows = connection.execute(ALL, page).fetchall()
        ((documents, passages),) = connection.execute("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)").fetchall()
        return Found(tuple(Entry(*row) for row in rows), documents, passages)
    _bring_up(connection, generation)
    holds = " AND ".join("instr(label, ?)" for _ in sought)
    found = connection.execute(f"SELECT count(*), coalesce(sum(passages), 0) FROM labels WHERE {holds}", sought).fetchone()
    rows = connection.execute(
        f"SELECT name, title, passages, characters FROM labels WHERE {holds} ORDER BY name LIMIT ? OFFSET ?", (*sought, *page)
    ).fetchall()
    return Found(tuple(Entry(*row) for row in rows), *found)


def folded(text: str) -> str:
    """Text as it is looked for: case and width make no difference, nor does the dot of the Turkish i."""
    if text.isascii():
        return text.lower()
    # Halves of characters cannot be given to SQLite, which holds none.
    text = normalize("NFKC", text.encode("utf8", "replace").decode()).casefold()
    return normalize("NFKC", text).replace("i\u0307", "i").replace("ı", "i")


def _bring_up(connection: sqlite3.Connection, generation: str) -> None:
    """The temporary table of labels, as the documents are now: only what has changed is folded."""
    for each in TABLES:
        connection.execute(each)
    if connection.execute("SELECT 1 FROM labels_of WHERE generation = ?", (generation,)).fetchone():
        return
    connection.create_function("folded", 1, folded, deterministic=True)
    connection.execute(DROP_GONE)
    connection.execute(TAKE_NEW)
    connection.execute("DELETE FROM labels_of")
    connection.execute("INSERT INTO labels_of VALUES (?)", (generation,))
