"""A TREC folder: a topics file (`<top>` records, or an id, a tab and a text a line) and a qrels file.

Names of documents with white space are percent-encoded there, as a run's `run.trec` has them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from corpus import QuestionError
from eval.formats.judged import judged, judgements
from eval.formats.row import askable, numbered, storable
from eval.question import QuestionSet

TOPIC = re.compile(r"<(/?)top>", re.I)
NUMBER = re.compile(r"<num>\s*+(?:Number:)?\s*+([^\s<]+)", re.I)
TITLE = re.compile(r"<title>\s*+(?:Topic:)?\s*+([^<]+)", re.I)


def is_one(folder: Path) -> bool:
    return bool(_files(folder, "topics")) and bool(_files(folder, "qrels"))


def read(folder: Path) -> QuestionSet:
    qrels = _files(folder, "qrels")[0]
    rows = []
    for number, line in numbered(qrels.read_text("utf-8-sig")):
        parts = line.split()
        rows.append((number, [parts[0], unquote(parts[2]), parts[3]] if len(parts) == 4 else parts))
    found = judgements(rows, str(qrels), "301 0 match.txt 1")
    topics = _topics(_files(folder, "topics")[0])
    return QuestionSet(tuple(judged(identity, text, found) for identity, text in topics.items()))


def _files(folder: Path, kind: str) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_file() and kind in each.name.lower())


def _topics(path: Path) -> dict[str, str]:
    text = storable(path.read_text("utf-8-sig"))
    found: dict[str, str] = {}
    for place, identity, title in _records(text, path) if any(True for _ in _topics_in(text)) else _lines(text, path):
        if identity in found:
            raise QuestionError(f"{path}, {place}: the id {identity!r} stands twice; give each topic its own")
        found[identity] = askable(title, f"{path}, {place}")
    return found


def _records(text: str, path: Path) -> list[tuple[str, str, str]]:
    records = []
    for place, topic in enumerate(_topics_in(text), 1):
        number, title = NUMBER.search(topic), TITLE.search(topic)
        if number is None or title is None or not title[1].strip():
            raise QuestionError(f"{path}, topic {place}: `<num>` or `<title>` is missing; add it")
        records.append((f"topic {place}", number[1], " ".join(title[1].split())))
    return records


def _topics_in(text: str) -> Iterator[str]:
    """What stands between each `<top>` and the `</top>` after it."""
    start = None
    for match in TOPIC.finditer(text):
        if not match[1]:
            start = match.end() if start is None else start
        elif start is not None:
            yield text[start : match.start()]
            start = None


def _lines(text: str, path: Path) -> list[tuple[str, str, str]]:
    records = []
    for number, line in numbered(text):
        identity, _, title = line.partition("\t")
        if not title.strip():
            raise QuestionError(f"{path}, line {number}: not an id, a tab and a question; a right line is: 301<TAB>Who won?")
        records.append((f"line {number}", identity.strip(), title.strip()))
    return records
