"""What readers asked and were answered, wherever it is kept: `ui.conversations` keeps it in a file beside the library's folder,
`ui.conversations_remote` in the Milvus of the library, for every process that serves it."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from unicodedata import category, normalize

import regex

from corpus.errors import YinjuError
from rag import Answer

# Characters of a title that is made of a question, and of one that a reader gives.
TITLE, LONGEST_TITLE = 60, 200
UNTITLED = "无题 Untitled"
# Spaces and opening brackets, which say nothing at a title's end.
NOT_LAST = " “‘「『《〈（【([{"
WORD_BORDER = regex.compile(r"(?w)\b")
CLUSTER = regex.compile(r"\X")


class ConversationError(YinjuError):
    """A conversation or an answer is not there, or cannot be kept."""


@dataclass(frozen=True)
class Conversation:
    """A conversation as it is listed; `created` and `changed` (last asked in) are UTC, ISO 8601."""

    id: str
    owner: str
    title: str
    created: str
    changed: str


@dataclass(frozen=True)
class Turn:
    """A question and its answer, as they were; `created` is UTC, ISO 8601."""

    id: str
    question: str
    answer: Answer
    created: str


class Talks(Protocol):
    """The conversations of a library's readers; `ui.conversations.Conversations` says what each of these does."""

    @property
    def kept(self) -> bool: ...

    @property
    def reason(self) -> str | None: ...

    def close(self) -> None: ...

    def begin(self, owner: str = "") -> str: ...

    def add(self, conversation: str, answer: Answer) -> str: ...

    def conversation(self, conversation: str) -> Conversation: ...

    def turns(self, conversation: str) -> tuple[Turn, ...]: ...

    def turn(self, identity: str) -> tuple[Turn, Conversation]: ...

    def rename(self, conversation: str, title: str) -> None: ...

    def delete(self, conversation: str) -> None: ...

    # Last in the class: from here on `list` would be this method in the class's own annotations.
    def list(self, owner: str = "", query: str = "", first: int = 0, count: int = 50) -> tuple[Conversation, ...]: ...


def new_identity() -> str:
    """Of a conversation or an answer: it cannot be guessed, and may stand in an address."""
    return secrets.token_urlsafe(16)


def given_title(title: str) -> str:
    """A title as a reader gives it, in one line. Raises ConversationError where it is empty."""
    line = _line(title)
    if not line:
        raise ConversationError("the title is empty; write a few words that name the conversation")
    return _cut(line, LONGEST_TITLE)


def title_of(question: str) -> str:
    """A question as a title: one line of at most 60 characters, cut between words."""
    return _cut(_line(question), TITLE) or UNTITLED


def _cut(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    whole = [each.start() for each in CLUSTER.finditer(line) if each.start() < longest]
    # Scripts without spaces have a border at nearly every character; a word without end is cut all the same.
    borders = {each.start() for each in WORD_BORDER.finditer(line, longest // 2, longest)}
    kept = line[: max(borders.intersection(whole) or whole)].rstrip(NOT_LAST)
    return (kept or line[: longest - 1]) + "…"


def _line(text: str) -> str:
    return " ".join("".join(" " if category(each) == "Cc" else each for each in storable(text)).split())


def words_of(answer: Answer) -> str:
    """An answer's question and quotes as they are searched."""
    return "\n".join(folded(each) for each in (answer.question, *(quote.text for quote in answer.quotes)))


def folded(text: str) -> str:
    """Text as it is searched: without differences of case, width and white space."""
    return " ".join(normalize("NFKC", normalize("NFKC", storable(text)).casefold()).split())


def storable(text: str) -> str:
    """Neither SQLite nor Milvus holds lone surrogates; what is asked or named has them only by a mistake."""
    return text.encode("utf-8", "replace").decode("utf-8")


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def no_conversation() -> ConversationError:
    return ConversationError("there is no such conversation; it was deleted, or the link is not whole: begin a new one")


def no_answer() -> ConversationError:
    return ConversationError("there is no answer at this address; it was deleted, or the link is not whole")
