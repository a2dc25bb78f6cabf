"""A BEIR folder (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels/*.tsv.

Only judged questions are asked, of the test split where there is one.
"""

from collections.abc import Iterator
from pathlib import Path

from corpus import Block, Document, QuestionError
from eval.formats.judged import Judgements, judged, judgements
from eval.formats.row import askable, numbered, parsed, storable
from eval.question import Question, QuestionSet

QUERY = '{"_id": "q1", "text": "Who won?"}'
ENTRY = '{"_id": "d1", "title": "The match", "text": "The visitors won."}'


def is_one(folder: Path) -> bool:
    return (folder / "queries.jsonl").is_file()


def read(folder: Path) -> QuestionSet:
    found = _judgements(folder)
    questions: dict[str, Question] = {}
    for where, identity, text, _ in _entries(folder / "queries.jsonl", QUERY):
        if found is not None and identity not in found:
            continue
        if identity in questions:
            raise QuestionError(f"{where}: the id {identity!r} stands twice; give each question its own")
        questions[identity] = judged(identity, askable(text, where), found or {})
    return QuestionSet(tuple(questions.values()), tuple(_documents(folder / "corpus.jsonl")))


def _judgements(folder: Path) -> Judgements | None:
    files = sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        return None
    file = next((each for each in files if each.stem == "test"), files[0])
    rows = [(number, line.rstrip("\r").split("\t")) for number, line in numbered(file.read_text("utf-8-sig"))]
    if rows and rows[0][1][-1:] == ["score"]:  # the names of the columns
        del rows[0]
    return judgements(rows, str(file), "q1<TAB>d1<TAB>1")


def _documents(path: Path) -> Iterator[Document]:
    if not path.is_file():
        return
    for _, name, text, title in _entries(path, ENTRY):
        head = f"{title}\n\n" if title.strip() else ""
        heading = (Block("heading", 0, len(title), 1),) if head else ()
        body = (Block("paragraph", len(head), len(head) + len(text)),)
        yield Document(name, title or name, head + text, heading + body)


def _entries(path: Path, example: str) -> Iterator[tuple[str, str, str, str]]:
    """(where, id, text, title) of each line."""
    for number, row in parsed(numbered(path.read_text("utf-8-sig")), str(path), example):
        where = f"{path}, line {number}"
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or "_id" not in row:
            raise QuestionError(f"{where}: `_id` or `text` is missing; a right line is: {example}")
        text, title = (storable(str(row.get(key) or "")) for key in ("text", "title"))
        if text.strip():
            yield where, storable(str(row["_id"])), text, title
