"""A file's text made fit to quote: NFC, `\\n` line ends, no control characters; and where each character stood."""

import re
import unicodedata
from dataclasses import dataclass

import regex

from corpus.document import Run
from corpus.one_line import CONTROLS, LINE_ENDS
from corpus.runs import composed, merged

CHANGED = re.compile(f"{LINE_ENDS.pattern}|{CONTROLS.pattern}+")
# Nothing before an ASCII character composes with it, so a text may be normalised piece by piece.
PIECE = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
CLUSTER = regex.compile(r"\X")


@dataclass(frozen=True)
class Cleaned:
    """`text` is NFC; `runs` lead back into the text it was made from; a page begins at each of `pages`."""

    text: str
    runs: tuple[Run, ...]
    pages: tuple[int, ...]


def clean(text: str) -> Cleaned:
    """The text as it is quoted. Form feeds, which end a page, become line ends and are noted."""
    if not CHANGED.search(text) and unicodedata.is_normalized("NFC", text):
        return Cleaned(text, (Run(0, 0, len(text)),) if text else (), ())
    parts: list[str] = []
    runs: list[Run] = []
    feeds: list[int] = []
    length = position = 0
    for match in [*CHANGED.finditer(text), None]:
        end = match.start() if match else len(text)
        parts.append(text[position:end])
        runs.append(Run(length, position, end - position))
        length += end - position
        if match and LINE_ENDS.match(match.group()):
            if match.group() == "\x0c":
                feeds.append(end)
            parts.append("\n")
            runs.append(Run(length, end, 1))
            length += 1
        position = match.end() if match else end
    plain = "".join(parts)
    normal, normal_runs = _normalised(plain)
    whole = composed(normal_runs, merged(runs))
    return Cleaned(normal, whole, tuple(_places(whole, feeds)))


def _normalised(text: str) -> tuple[str, tuple[Run, ...]]:
    """NFC, and the runs of what stayed as it was; a character that was composed has none."""
    if unicodedata.is_normalized("NFC", text):
        return text, (Run(0, 0, len(text)),)
    parts: list[str] = []
    runs: list[Run] = []
    length = 0
    # A mark that follows ASCII composes with it: such a piece begins at the ASCII letter before.
    for start, end in _pieces(text):
        piece = text[start:end]
        normal = unicodedata.normalize("NFC", piece)
        clusters = [each.span() for each in CLUSTER.finditer(piece)] if normal != piece else []
        changed = [unicodedata.normalize("NFC", piece[first:last]) for first, last in clusters]
        if "".join(changed) == normal and clusters:
            place = length
            for (first, last), new in zip(clusters, changed, strict=True):
                if new == piece[first:last]:
                    runs.append(Run(place, start + first, last - first))
                place += len(new)
        elif normal == piece:
            runs.append(Run(length, start, end - start))
        parts.append(normal)
        length += len(normal)
    return "".join(parts), merged(runs)


def _pieces(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for match in PIECE.finditer(text):
        start, end = match.span()
        if spans and not text[start].isascii() and unicodedata.combining(text[start]):
            first, last = spans[-1]
            spans[-1] = (first, last - 1)
            start = last - 1
        spans.append((start, end))
    return [each for each in spans if each[0] < each[1]]


def _places(runs: tuple[Run, ...], originals: list[int]) -> list[int]:
    """Where in the text the characters stand that stood at these places (each has a run of its own or within one)."""
    by_original = sorted(runs, key=lambda each: each.original)
    found = []
    number = 0
    for place in originals:
        while number + 1 < len(by_original) and by_original[number + 1].original <= place:
            number += 1
        run = by_original[number]
        found.append(run.start + min(place - run.original, run.length) + 1)
    return found
