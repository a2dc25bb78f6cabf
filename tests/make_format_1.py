"""A library of format 1, as the code of commit a86744e made it: its tables filled by hand.

    python -m tests.make_format_1 FOLDER
"""

import json
import sqlite3
import sys
from pathlib import Path

import numpy as np

from corpus.document import Document, passage_id
from tests.cheap import CheapEncoder

TEXT = "年报\n\n市长会见了代表团。\n\n水位在夜里涨了两米。"
BLOCKS = [("heading", 0, 2, 1), ("paragraph", 4, 13, 0), ("paragraph", 15, 25, 0)]
SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
    blocks TEXT NOT NULL, metadata TEXT NOT NULL, sentences BLOB NOT NULL,
    source TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX documents_by_source ON documents (source);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    "start" INTEGER NOT NULL, "end" INTEGER NOT NULL, headings TEXT NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX passages_by_document ON passages (document_id, "start");
"""


def make(folder: Path, file: Path) -> None:
    """A library of one document, which is at `file`."""
    folder.mkdir(parents=True)
    file.write_text(TEXT)
    name = file.name
    identity = Document(name, "", "", ()).id
    encoder = CheapEncoder()
    connection = sqlite3.connect(folder / "library.sqlite")
    connection.executescript("PRAGMA journal_mode = WAL;" + SCHEMA)
    meta = {"format": "1", "model": encoder.name, "dimension": str(encoder.dimension), "generation": "1"}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    blocks = [{"kind": k, "start": s, "end": e, "level": level, "page": None} for k, s, e, level in BLOCKS]
    spans = np.array([(0, 2), (4, 13), (15, 25)], "<u4").tobytes()
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, '年报', ?, ?, ?, ?, ?, 'old')",
        (identity, name, TEXT, json.dumps(blocks), json.dumps({"author": "王"}), spans, str(file.absolute())),
    )
    for start, end in [(0, 13), (15, 25)]:
        words = TEXT[start:end]
        vector = encoder.encode_passages([words])[0].astype("<f2").tobytes()
        row = (passage_id(identity, start, end, words), identity, start, end, json.dumps(["年报"]), vector)
        connection.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[1]).with_suffix(".txt"))
