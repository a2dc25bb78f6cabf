"""Question sets of every kind, behind one door: the ending of a file, or what a folder holds, says which."""

from collections.abc import Callable
from pathlib import Path

from corpus import QuestionError
from eval.formats import beir, jsonl, squad, tables, trec
from eval.question import Question, QuestionSet, Span

__all__ = ["Question", "QuestionSet", "Span", "read_questions"]

# A set of 100,000 questions is about 30 MB; what is far larger is no set of questions.
MAX_BYTES = 256 << 20

FORMATS: dict[str, Callable[[Path], QuestionSet]] = {
    ".jsonl": jsonl.read, ".ndjson": jsonl.read, ".csv": tables.read_csv, ".tsv": tables.read_csv, ".xlsx": tables.read_xlsx,
    ".json": squad.read,
}  # fmt: skip
FOLDERS: tuple[tuple[Callable[[Path], bool], Callable[[Path], QuestionSet]], ...] = (
    (beir.is_one, beir.read),
    (trec.is_one, trec.read),
)


def read_questions(path: Path) -> QuestionSet:
    """The question set in a file or a BEIR or TREC folder.

    Raises QuestionError, with the number of the line at fault, where it cannot be read.
    """
    if not path.exists():
        raise QuestionError(f"{path} is not there; give the path of a question set")
    reader = _reader(path)
    _require_small(path)
    try:
        found = reader(path)
    except (OSError, UnicodeDecodeError) as reason:
        raise QuestionError(f"{path} cannot be read as UTF-8 ({reason}); save it as UTF-8") from None
    if not found.questions:
        raise QuestionError(f"{path} holds no questions; add at least one")
    return found


def _reader(path: Path) -> Callable[[Path], QuestionSet]:
    if path.is_dir():
        for is_one, reader in FOLDERS:
            if is_one(path):
                return reader
        raise QuestionError(
            f"{path} is no folder of questions; a BEIR one holds queries.jsonl, a TREC one a topics and a qrels file"
        )
    if path.suffix.lower() not in FORMATS:
        raise QuestionError(f"{path} is of no known kind; question sets end in {', '.join(FORMATS)}")
    return FORMATS[path.suffix.lower()]


def _require_small(path: Path) -> None:
    """Raises QuestionError before anything is read where it would fill the memory."""
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    for each in files:
        if each.stat().st_size > MAX_BYTES:
            raise QuestionError(
                f"{each} has {each.stat().st_size >> 20:,} MB, more than the {MAX_BYTES >> 20} MB that are read at once; "
                "split it into smaller sets"
            )
