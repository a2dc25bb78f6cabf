"""Plain text: paragraphs between blank lines, or one a line where a file has no blank lines."""

import re
import unicodedata

from corpus.decode import NotText, decode
from corpus.document import Block, Document
from corpus.errors import UnreadableFile
from corpus.sentences import CLOSERS, OTHER_STOPS, WIDE_STOPS, trimmed

# Control characters say nothing to a reader and break JSON, terminals and web pages; lone
# surrogates cannot be stored. Tabs and line ends stay.
CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufeff\ud800-\udfff]")
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
LIST_ITEM = re.compile(r"\s*(?:[-*•·●■◆▪‣]\s|\d{1,3}[.、)）]|[（(]\d{1,3}[)）]|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百\d]+[章节條条])")
INDENT = re.compile(r"[ \t]{2,}|\u3000")
ENDS = tuple(WIDE_STOPS + OTHER_STOPS + ".!?…:：" + CLOSERS)

# A heading is one line, no longer than this many columns (a Chinese character takes two), that
# does not end as a sentence does.
HEADING_COLUMNS = 100


def read(data: bytes, name: str) -> Document:
    """A text file as a document; its title is its first heading, or else the file's name.

    Raises UnreadableFile where the bytes are not text.
    """
    text = running_text(data, name)
    blocks = _blocks(text)
    title = next((text[b.start : b.end] for b in blocks if b.kind == "heading"), None)
    return Document(name, title or name.rsplit("/", 1)[-1].rsplit(".", 1)[0], text, tuple(blocks))


def running_text(data: bytes, name: str) -> str:
    """The bytes of a text file as NFC text with `\\n` line ends and no control characters."""
    try:
        decoded = decode(data).text
    except NotText as reason:
        raise UnreadableFile(f"{name} is not text: {reason}; convert it to a text file, or leave it out") from None
    text = unicodedata.normalize("NFC", CONTROLS.sub("", LINE_ENDS.sub("\n", decoded)))
    if not text.strip():
        raise UnreadableFile(f"{name} is empty; add text to it, or leave it out")
    return text


def columns(text: str) -> int:
    """The width of a text in terminal columns: two for East Asian wide characters."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    for start, end in _paragraphs(text):
        span = trimmed(text, start, end)
        if span is None:
            continue
        if _is_heading(text[span.start : span.end]):
            level = 2 if any(block.kind == "heading" for block in blocks) else 1
            blocks.append(Block("heading", span.start, span.end, level))
        else:
            blocks.append(Block("paragraph", span.start, span.end))
    return blocks


def _is_heading(paragraph: str) -> bool:
    return (
        "\n" not in paragraph
        and columns(paragraph) <= HEADING_COLUMNS
        and not paragraph.endswith((*ENDS, "，", ",", "、", "；", ";"))
        and not LIST_ITEM.match(paragraph.removeprefix("#"))
        and any(each.isalpha() for each in paragraph)
    )


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Spans of paragraphs: between blank lines, and between lines that are not just wrapped."""
    spans = []
    start = 0
    for match in [*BLANK_LINES.finditer(text), None]:
        end = match.start() if match else len(text)
        spans += _lines_joined(text, start, end)
        start = match.end() if match else end
    return spans


def _lines_joined(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The paragraphs of a run of lines: a line goes on in the next where it was cut by its width."""
    lines = []
    position = start
    for line in text[start:end].split("\n"):
        lines.append((position, position + len(line)))
        position += len(line) + 1
    widths = [columns(text[first:last].rstrip()) for first, last in lines]
    full = max(widths, default=0)
    spans: list[tuple[int, int]] = []
    for number, (first, last) in enumerate(lines):
        wrapped = number > 0 and _goes_on(text, lines[number - 1], (first, last), widths[number - 1], full)
        if wrapped:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _goes_on(text: str, line: tuple[int, int], following: tuple[int, int], width: int, full: int) -> bool:
    before, after = text[line[0] : line[1]].rstrip(), text[following[0] : following[1]]
    if not before or not after.strip():
        return False
    if INDENT.match(after) or LIST_ITEM.match(after):
        return False
    # A wrapped line is about as wide as the widest; a paragraph's last line ends with a stop.
    if width < full * 3 // 4:
        return after.lstrip()[:1].islower() and not before.endswith(ENDS)
    return not before.endswith(ENDS) or (width <= 100 and width >= full - 12 and _is_narrow(before))


def _is_narrow(line: str) -> bool:
    """Whether a line is in a script of narrow letters, where text wraps at any word."""
    return columns(line) < len(line) * 1.2
