"""`metadata.csv`, and what it says put to a document."""

from pathlib import Path

from corpus.metadata import by_file, described, labels_hash, read_labels
from corpus.readers import READERS
from fuzz.promises import refused, whole
from fuzz.target import Target


def check(data: bytes) -> None:
    rows = refused(lambda: read_labels(data, "夹/metadata.csv"), "夹/metadata.csv")
    document = READERS[".txt"]("话。".encode(), "a.txt")
    if not isinstance(rows, dict):
        return
    for labels in rows.values():
        whole(described(document, Path("夹/a.txt"), labels))
    for found in by_file(rows).values():
        labels_hash(found)


def seeds() -> dict[str, bytes]:
    return {
        "rows": 'file,title,date,author,section\n1998/0412.txt,春耕,1998-04-12,"王, 小明",国内\n./b.txt,,,,\n'.encode(),
        "wrong": b"file,a,a\nx,1\n", "lines": b'file,"a\nb",title\na.txt,"c\nd","e\nf"\n', "utf16": "file,title\na,题\n".encode("utf-16"),
    }  # fmt: skip


TARGET = Target(check, seeds)
