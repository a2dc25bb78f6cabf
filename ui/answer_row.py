"""An answer as a row of bytes, wherever conversations are kept: versioned JSON with a checksum at its end."""

import json
from zlib import crc32

from rag import Answer, Found, Quote
from ui.talks import ConversationError

# Of an answer's row.
ANSWER_VERSION = 2
# Ends a row: the CRC-32 of all before it, for a disk may err, and what is shown as a quote must be one.
CHECKSUM = b', "checksum": '


def answer_to_row(answer: Answer) -> bytes:
    """The whole of an answer as versioned JSON in UTF-8, for `answer_from_row`."""
    value = {
        **vars(answer),
        "version": ANSWER_VERSION,
        "quotes": [vars(each) for each in answer.quotes],
        "passages": [vars(each) for each in answer.passages],
        "timings": dict(answer.timings),
    }
    # A file's name may hold bytes that are no text: they are kept too. `float` is for numpy's numbers.
    row = json.dumps(value, ensure_ascii=False, default=float).encode("utf-8", "surrogatepass")
    return row[:-1] + CHECKSUM + b"%d}" % crc32(row[:-1])


def answer_from_row(row: bytes) -> Answer:
    """The answer that `answer_to_row` was given, equal to it in everything.

    Raises ConversationError where the row is of a newer version, is no answer, or not what was kept. Rows of
    version 1 have no checksum.
    """
    try:
        value = json.loads(row.decode("utf-8", "surrogatepass"))
        version = value.pop("version")
        if version == ANSWER_VERSION and value.pop("checksum") != crc32(row.rpartition(CHECKSUM)[0]):
            raise ValueError("the checksum is another")
        if version in (1, ANSWER_VERSION):
            quotes = tuple(Quote(**each | {"headings": tuple(each["headings"])}) for each in value.pop("quotes"))
            passages = tuple(Found(**each | {"headings": tuple(each["headings"])}) for each in value.pop("passages"))
            return _whole(Answer(**value, quotes=quotes, passages=passages))
        if not isinstance(version, int):
            raise ValueError("no version")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ConversationError("this answer was not kept whole and cannot be shown; ask the question again") from None
    raise ConversationError(
        f"this answer was kept by another version of Yinju (its form is {version}, not {ANSWER_VERSION}); "
        "update Yinju with: pip install --upgrade yinju"
    )


def _whole(answer: Answer) -> Answer:
    """The answer, which can be shown and exported. Raises ValueError where a value is not what its name says."""
    texts = [answer.question, "" if answer.understood is None else answer.understood, *answer.timings]
    numbers = [answer.confidence, *answer.timings.values()]
    places: list[object] = []
    shown: tuple[Quote | Found, ...] = (*answer.quotes, *answer.passages)
    for each in shown:
        texts += [each.document_id, each.document, each.title, each.text, *each.headings]
        numbers.append(each.score)
        places += [each.start, each.end, 0 if each.page is None else each.page]
    for quote in answer.quotes:
        places += [at for at in (quote.answer_start, quote.answer_end) if at is not None]
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(number, float | int) for number in numbers):
        raise ValueError("a text or number is none")
    if not all(isinstance(place, int) for place in places) or not isinstance(answer.answered, bool) or not 0 <= answer.confidence <= 1:
        raise ValueError("a place or confidence is none")
    return answer
