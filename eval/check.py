"""What is wrong with a question set, before a run is spent on it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from corpus import Document
from eval.fold import folded
from eval.question import Question


@dataclass(frozen=True)
class Finding:
    """Something about a question: `kind` is one of `answer`, `document`, `span`, `twice`, `gold`."""

    id: str
    kind: str
    says: str


def unknown_documents(questions: Iterable[Question], names: Collection[str]) -> list[str]:
    """The documents that questions name as gold and the corpus does not hold, in their order."""
    wanted = dict.fromkeys(name for q in questions for name in (*q.documents, *(span.document for span in q.spans)))
    return [each for each in wanted if each not in names]


def check_questions(questions: Iterable[Question], documents: Iterable[Document]) -> list[Finding]:
    """Gold answers that no document holds, documents that are unknown, places that are outside, questions asked twice.

    The documents are looked through one at a time: however large the corpus is, its answers are all that is held.
    """
    asked = list(questions)
    wanted: dict[str, set[str]] = {}
    for q in asked:
        for name in q.documents or ("",):
            wanted.setdefault(name, set()).update(folded(each) for each in q.answers)
    anywhere = wanted.pop("", set())
    lengths: dict[str, int] = {}
    held: dict[str, set[str]] = {}
    for document in documents:
        text = folded(document.text)
        lengths[document.name] = len(document.text)
        held[document.name] = {each for each in wanted.get(document.name, ()) if each in text}
        held.setdefault("", set()).update(each for each in anywhere if each in text)
    return [finding for q in asked for finding in _of_one(q, held, lengths)] + _twice(asked)


def _of_one(q: Question, held: Mapping[str, set[str]], lengths: Mapping[str, int]) -> list[Finding]:
    found = []
    for name in q.documents:
        if name not in lengths:
            found.append(Finding(q.id, "document", f"the document {name!r} is not in the corpus"))
    known = [name for name in q.documents if name in lengths] or ([""] if not q.documents else [])
    for answer in q.answers if known else ():
        if not any(folded(answer) in held.get(name, ()) for name in known):
            where = "its documents" if q.documents else "any document"
            found.append(Finding(q.id, "answer", f"the gold answer {answer!r} is not in {where}"))
    for span in q.spans:
        if span.document not in lengths:
            found.append(Finding(q.id, "document", f"the document {span.document!r} of a span is not in the corpus"))
        elif span.end > lengths[span.document]:
            found.append(Finding(q.id, "span", f"the span {span.start}–{span.end} ends after {span.document!r}, which has {lengths[span.document]} characters"))
    if not q.answerable and q.answers:
        found.append(Finding(q.id, "gold", "it is not answerable and has gold answers; take away one or the other"))
    return found


def _twice(questions: Iterable[Question]) -> list[Finding]:
    seen: dict[tuple[str, tuple[str, ...]], str] = {}
    found = []
    for q in questions:
        key = (folded(q.question).casefold(), q.history)
        if key in seen:
            found.append(Finding(q.id, "twice", f"the same question as {seen[key]}"))
        seen.setdefault(key, q.id)
    return found
