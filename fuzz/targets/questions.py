"""Question sets: the first line says the kind, as `jsonl`; for a folder its files follow after lines of `--- PATH`."""

import tempfile
from functools import cache
from pathlib import Path

from corpus.errors import QuestionError
from eval.question import QuestionSet
from eval.questions import FORMATS, read_questions
from fuzz.packing import like, unpacked
from fuzz.promises import of_members, one_sentence
from fuzz.target import Target
from tests import writers

MAIN = "xl/worksheets/sheet1.xml"


@cache
def book() -> bytes:
    return writers.xlsx_file({"题": [["id", "question", "answers"], [1, "谁？", "我|你"]]})


def check(data: bytes) -> None:
    kind, _, content = data.partition(b"\n")
    ending = "." + kind.decode("ascii", "ignore").strip()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"题{ending if ending in FORMATS else ''}"
        if ending == ".xlsx":
            path.write_bytes(of_members(like(book(), MAIN))(content))
        elif ending in FORMATS:
            path.write_bytes(content)
        else:
            _unfold(path, content)
        try:
            holds(read_questions(path))
        except QuestionError as reason:
            one_sentence(reason, str(path))


def _unfold(path: Path, content: bytes) -> None:
    def kept(first: bytes, members: dict[str, bytes]) -> bytes:
        for name, words in {"queries.jsonl": first, **members}.items():
            parts = [each for each in name.split("/") if each not in ("", ".", "..")][:2]
            if parts and len(name.encode()) < 200 and name.isprintable():
                place = path.joinpath(*parts)
                if not place.is_dir() and (place.parent == path or not place.parent.is_file()):
                    place.parent.mkdir(exist_ok=True)
                    place.write_bytes(words)
        return b""

    path.mkdir()
    of_members(kept)(content)


def holds(found: QuestionSet) -> None:
    """Each question can be asked and each document kept; a place is within its document."""
    assert found.questions and len({each.id for each in found.questions}) == len(found.questions)
    texts = {each.name: each.text for each in found.corpus}
    for document in found.corpus:
        document.text.encode()
        document.name.encode()
        document.title.encode()
        assert all(0 <= each.start < each.end <= len(document.text) for each in document.blocks) and document.blocks
    for each in found.questions:
        assert each.question.strip() and each.id
        assert not each.grades or len(each.grades) == len(each.documents)
        assert all(0 <= span.start < span.end for span in each.spans)
        if found.corpus:
            assert all(span.end <= len(texts.get(span.document, "x" * span.end)) for span in each.spans)
    found.digest()


def seeds() -> dict[str, bytes]:
    row = '{"id": "1", "question": "谁？", "answers": ["我"], "documents": ["a.txt"], "grades": [2], "spans": [{"document": "a.txt", "start": 0, "end": 2}]}'
    squad = '{"data": [{"title": "甲/..", "paragraphs": [{"context": "我在。", "qas": [{"id": 1, "question": "谁？", "answers": [{"text": "我", "answer_start": 0}]}]}]}]}'
    beir = '{"_id": "q1", "text": "Who?"}\n--- corpus.jsonl\n{"_id": "d1", "title": "T", "text": "The \\ud800"}\n--- qrels/test.tsv\nquery-id\tcorpus-id\tscore\nq1\td1\t1\n'
    trec = '--- topics.txt\n<top><num> Number: 301 <title> Who? </top>\n--- qrels.txt\n301 0 a%20b.txt 1\n'
    sheet = unpacked(book())
    return {
        "jsonl": f"jsonl\n{row}".encode(), "squad": f"json\n{squad}".encode(), "beir": f"folder\n{beir}".encode(), "trec": f"folder\n\n{trec}".encode(),
        "csv": 'csv\nid,question,answers,answerable\n1,谁？,"我|你",是\n'.encode(), "tsv": b"tsv\nquestion\tlang\nq\ten\n",
        "xlsx": b"xlsx\n" + sheet[MAIN] + b"\n--- xl/workbook.xml\n" + sheet["xl/workbook.xml"],
    }  # fmt: skip


TARGET = Target(check, seeds, words=(b"<top>", b"</top>", b"<num>", b"<title>", b"\n--- ", b'"question": ', b"\\ud800"))
