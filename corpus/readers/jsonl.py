"""JSON Lines (.jsonl): one document a line.

    {"id": "a7", "title": "停车收费", "text": "市政府三月五日……", "date": "2024-03-05"}

The words are under "text", "content" or "body"; "id" or "name" names the row, or else its line does.
Other strings and numbers are kept as metadata.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from corpus.decode import NotText, decode
from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.one_line import CONTROLS, one_line
from corpus.readers import text as plain
from corpus.readers.build import clean, tidy
from corpus.readers.dates import iso_date
from corpus.readers.names import safe_name, unlike

WORDS = ("text", "content", "body")
NAMES = ("id", "name")
SIGNS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(data: bytes, name: str) -> Iterator[Document | UnreadableFile]:
    """A document for each line, or the reason why it is none.

    Raises UnreadableFile where the file is empty, or is a set of questions.
    """
    taken: set[str] = set()
    first = True
    for number, line in enumerate(_lines(data, name), 1):
        if not line.strip():
            continue
        row = _row(line, name, number)
        if first and isinstance(row, dict) and "question" in row and not any(key in row for key in WORDS):
            raise UnreadableFile(f"{name} is a set of questions; ask them of a library with: yinju eval {name}")
        first = False
        yield row if isinstance(row, UnreadableFile) else _document(row, name, number, taken)
    if first:
        raise UnreadableFile(f"{name} is empty; add text to it, or leave it out")


def _lines(data: bytes, name: str) -> Iterator[str]:
    if data.startswith(SIGNS_OF_UTF16):
        yield from io.StringIO(decode(data).text)
        return
    for number, line in enumerate(io.BytesIO(data), 1):
        try:
            yield line.decode("utf-8-sig")
        except UnicodeDecodeError:
            try:
                yield decode(line).text
            except NotText as reason:
                raise UnreadableFile(
                    f"{name} is not text at line {number}: {reason}; save it as UTF-8, or leave it out"
                ) from None


def _row(line: str, name: str, number: int) -> dict[str, Any] | UnreadableFile:
    """The fields of a line that has words, or what is wrong with it."""
    where = f"line {number} of {name}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as reason:
        said = reason.msg if isinstance(reason, json.JSONDecodeError) else "nested too deep or a number too long"
        return UnreadableFile(f"{where} is not JSON ({said}); correct that line, or remove it")
    if not isinstance(row, dict):
        return UnreadableFile(f'{where} is not a JSON object; write it as {{"text": "…"}}, or remove it')
    if "question" in row and not any(key in row for key in WORDS):
        return row
    if not any(isinstance(row.get(key), str) and clean(row[key]) for key in WORDS):
        return UnreadableFile(f'{where} has no text; give it a "text" with words, or remove it')
    return row


def _document(row: dict[str, Any], name: str, number: int, taken: set[str]) -> Document | UnreadableFile:
    key = next((key for key in WORDS if isinstance(row.get(key), str) and clean(row[key])), None)
    if key is None:
        return UnreadableFile(f'line {number} of {name} has no text; give it a "text" with words, or remove it')
    named = next((str(row[each]) for each in NAMES if isinstance(row.get(each), str | int)), "")
    row_name = unlike(taken, f"{name}/{safe_name(named) or number}")
    try:
        # A byte-order mark, so that no sequence of words is taken for another encoding.
        document = plain.read(CONTROLS.sub("", row[key]).encode("utf-8-sig"), row_name)
    except UnreadableFile as reason:
        return reason
    title = row.get("title")
    others = {
        str(each): str(value)
        for each, value in row.items()
        if each not in (key, "title", *NAMES[:1])
        and isinstance(value, str | int | float)
        and not isinstance(value, bool)
    }
    if iso_date(others.get("date")):
        others["date"] = iso_date(others["date"])
    title = one_line(title) if isinstance(title, str) else ""
    return replace(document, title=title or document.title, metadata={**document.metadata, **tidy(others)})
