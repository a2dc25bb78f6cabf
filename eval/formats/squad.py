"""SQuAD's JSON, as CMRC 2018, DRCD and JaQuAD have it: the paragraphs become the corpus."""

import json
from pathlib import Path
from typing import Any

from corpus import Block, Document, QuestionError
from corpus.one_line import one_line
from eval.formats.row import askable, storable
from eval.question import Question, QuestionSet, Span


def read(path: Path) -> QuestionSet:
    try:
        return _from_articles(json.loads(path.read_text("utf-8-sig"))["data"], path)
    except UnicodeDecodeError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise QuestionError(f"{path} is not SQuAD-like JSON ({reason}); see the formats in the README") from None


def document_name(title: str, number: int) -> str:
    """A paragraph's name: its article's title made harmless, and which one it is."""
    return f"{title.replace('/', '_').replace('..', '_')}/{number:05}"


def _from_articles(articles: list[dict[str, Any]], path: Path) -> QuestionSet:
    questions: dict[str, Question] = {}
    corpus: dict[str, Document] = {}
    for article in articles:
        for paragraph in article["paragraphs"]:
            text = storable(paragraph["context"])
            if text not in corpus:
                title = one_line(str(article.get("title") or "")) or "paragraph"
                corpus[text] = Document(document_name(title, len(corpus)), title, text, (Block("paragraph", 0, len(text)),))
            for entry in paragraph["qas"]:
                # Two questions of CMRC's trial set are blank; nobody can ask them.
                if not isinstance(entry["question"], str) or not entry["question"].strip():
                    continue
                identity = storable(str(entry.get("id") or len(questions) + 1))
                if identity in questions:
                    identity = f"{identity}#{len(questions) + 1}"
                questions[identity] = _question(identity, entry, corpus[text], f"{path}, the question {identity!r}")
    return QuestionSet(tuple(questions.values()), tuple(corpus.values()))


def _question(identity: str, entry: dict[str, Any], document: Document, where: str) -> Question:
    text = askable(entry["question"], where)
    if entry.get("is_impossible", False):
        return Question(identity, text, answerable=False)
    spans, answers = [], []
    for each in entry.get("answers", []):
        answer = storable(str(each["text"]))
        answers.append(answer)
        start = each.get("answer_start")
        # Some starts are wrong, or count what NFC has since joined: only a place that holds the answer is one.
        if answer and isinstance(start, int) and document.text.startswith(answer, start) and start >= 0:
            spans.append(Span(document.name, start, start + len(answer)))
    return Question(identity, text, tuple(dict.fromkeys(answers)), (document.name,), spans=tuple(dict.fromkeys(spans)))
