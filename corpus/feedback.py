"""What people said of answers: thumbs up and down, and corrections, kept in the library.

A span is kept with its words, so that it still says something when the document has changed.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from corpus.errors import YinjuError

if TYPE_CHECKING:
    from corpus.store import Store

Verdict = Literal["up", "down", "corrected"]
VERDICTS = ("up", "down", "corrected")


@dataclass(frozen=True)
class Feedback:
    """A verdict on an answer; `document`, `start`, `end` and `text` are the quote judged, or the right passage.

    `up`: the quote answers. `down`: it does not, or (without a document) the library cannot answer.
    `corrected`: this passage answers. `when` is UTC, ISO 8601.
    """

    question: str
    verdict: Verdict
    document: str | None = None
    start: int | None = None
    end: int | None = None
    text: str = ""
    when: str = ""


def add_feedback(library: "Store", said: Feedback) -> None:
    """Keep a verdict. Raises YinjuError where it is none, or its span is not in the document."""
    if said.verdict not in VERDICTS:
        raise YinjuError(f"{said.verdict!r} is no verdict; give one of {', '.join(VERDICTS)}")
    text = said.text
    if said.document is not None and said.start is not None and said.end is not None:
        document = library.document(said.document)
        if document is None or not 0 <= said.start < said.end <= len(document.text):
            raise YinjuError(f"{said.document!r} has no characters {said.start}–{said.end}; give a span of a document that is here")
        text = document.text[said.start : said.end]
    elif said.verdict != "down":
        raise YinjuError(f"a verdict of {said.verdict!r} needs the document, start and end of what answers")
    when = said.when or datetime.now(UTC).isoformat(timespec="seconds")
    library.add_feedback(replace(said, text=text, when=when))


def put_feedback(connection: sqlite3.Connection, said: Feedback) -> None:
    """Into a folder's database; for `corpus.library`."""
    connection.execute(
        'INSERT INTO feedback (question, verdict, document, "start", "end", text, "when") VALUES (?, ?, ?, ?, ?, ?, ?)',
        (said.question, said.verdict, said.document, said.start, said.end, said.text, said.when),
    )


def kept_feedback(connection: sqlite3.Connection) -> Iterator[Feedback]:
    """Every verdict of a folder's database, oldest first."""
    rows = connection.execute('SELECT question, verdict, document, "start", "end", text, "when" FROM feedback ORDER BY id').fetchall()
    return (Feedback(*row) for row in rows)
