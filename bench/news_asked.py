"""Our questions about the shared news stories of 2023 (news_asked.jsonl), as a question set.

Stories of the measuring fifth are the corpus, each a document of its own.
"""

from pathlib import Path

from corpus import Block, Document
from eval import Question, QuestionSet
from eval.question import Span
from rag.reader.data import Asked, read_about, read_stories

STORIES = 500
ASKED = Path(__file__).with_suffix(".jsonl")


def news_questions(stories: list[Path], language: str) -> QuestionSet:
    """Those asked in one language, a part of them with no answer in the story that they are about."""
    every = read_stories(stories, "measure")
    about = {each.paragraph for each in read_about([ASKED], every)}
    paragraphs = sorted(every, key=lambda each: each not in about)[:STORIES]
    documents = {each: Document(f"{number:05}", "", each.text, (Block("paragraph", 0, len(each.text)),)) for number, each in enumerate(paragraphs)}
    asked = [each for each in read_about([ASKED], paragraphs) if each.language == language]
    questions = (_question(str(number), each, documents[each.paragraph]) for number, each in enumerate(asked))
    return QuestionSet(tuple(questions), tuple(documents.values()))


def _question(identity: str, asked: Asked, document: Document) -> Question:
    if not asked.answers:
        return Question(identity, asked.question, answerable=False, lang=asked.language)
    words = tuple(document.text[start:end] for start, end in asked.answers)
    spans = tuple(Span(document.name, start, end) for start, end in asked.answers)
    return Question(identity, asked.question, words, (document.name,), lang=asked.language, spans=spans)
