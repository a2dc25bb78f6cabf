"""Marks that no quoted text holds, and text as a title, name or value: on one line."""

import re
import unicodedata

# Control characters say nothing to a reader and break JSON, terminals and web pages; lone
# surrogates cannot be stored. Tabs and line ends stay.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufeff\ud800-\udfff]")
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Marks that turn the direction of what follows: a title or name that holds one can be made to look like another.
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Marks in a row on one letter; Unicode's own bound for what is handed on is 30 (UAX 15, D4). Putting n of them in their
# order takes n * n steps.
MOST_MARKS = 60
# So few characters are in order at once, whatever they are.
SHORT = 5_000


def few_marks(text: str) -> str:
    """The text without the marks that no reader could tell apart."""
    if len(text) < SHORT or text.isascii():
        return text
    import regex  # not above: who only asks needs none of it

    return str(regex.sub(rf"(\p{{M}}{{{MOST_MARKS}}})\p{{M}}+", r"\1", text))


def one_line(text: str) -> str:
    """The text for a title, name or value: one line of NFC, without marks that turn its direction."""
    bare = DIRECTION.sub("", CONTROLS.sub("", LINE_ENDS.sub("\n", text)))
    return " ".join(unicodedata.normalize("NFC", few_marks(bare)).split())
