"""Zip files: as they come, or made of members after lines of `--- PATH`."""

from fuzz.packing import packed
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from tests import writers


def check(data: bytes) -> None:
    if not data.startswith(b"PK"):
        data = of_members(lambda first, members: packed({"a.txt": first, **members}))(data)
    read_or_refused(data, "样 a.zip")


def seeds() -> dict[str, bytes]:
    inner = writers.zip_file({"c.txt": "里面的话。".encode()})
    return {
        "raw": writers.zip_file({"卷一/a.txt": "新的办法。".encode(), "b.csv": b"a,b\n1,2"}), "nested": writers.zip_file({"in.zip": inner}),
        "members": "话。\n--- ../b.md\n# 题\n--- C:\\x\\..\\d.jsonl\n{\"text\": \"a\"}\n--- e.eml\nSubject: a\n\nwords\n--- .DS_Store\nx".encode(),
    }  # fmt: skip


TARGET = Target(check, seeds)
