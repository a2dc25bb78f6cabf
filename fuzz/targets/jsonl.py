"""JSON Lines of documents."""

from fuzz.promises import reader
from fuzz.target import Target


def seeds() -> dict[str, bytes]:
    return {
        "rows": '{"id": "a7", "title": "停车", "text": "市政府公布。", "date": "2024年3月5日", "pages": 3, "\\ud800": "\\n"}\n{"name": "../b", "content": "x"}\n'.encode(),
        "bad": b'{"text": \n[1]\n{"text": " "}\n{"body": "a", "id": 7e400}\n', "questions": b'{"question": "q"}\n',
        "utf16": '{"text": "话"}\n'.encode("utf-16"),
    }  # fmt: skip


TARGET = Target(reader("jsonl"), seeds, words=(b'"text": "', b'"id": "', b"\\ud800", b"\\u202e", b"\\n", b"NaN", b"1e999"))
