"""Parts of a file to a Document whose spans are sums of lengths, never found by search.

    build("minutes.docx", [Part("heading", "会议纪要", level=1), Part("paragraph", "三月五日……")])

Every reader of a structured format ends here, so that in all of them text is cleaned the same way,
is NFC, and each block is exactly the text of its part.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from corpus.document import Block, BlockKind, Document
from corpus.errors import UnreadableFile
from corpus.one_line import CONTROLS, LINE_ENDS, few_marks, one_line
from corpus.readers.lines import Line

# The longest that is ever made of one file: twenty encyclopaedias. Tables repeat the names of their columns in each row, and
# sheets their strings, so that a small file can be made to be without end.
LONGEST_TEXT = 128_000_000
BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Part:
    """The words of one block. `overleaf` is text that goes on on later pages: (text, page).

    `lines` say which stretch of `text` and `overleaf`, end to end, is which printed line: (start, end, line).
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    overleaf: tuple[tuple[str, int], ...] = ()
    # A further row of the table above: it stands on the next line, not below a blank one.
    joined: bool = False
    # Which row of its table it is made of.
    row: int | None = None
    lines: tuple[tuple[int, int, Line], ...] = ()


def build(name: str, parts: Iterable[Part], title: str = "", metadata: Mapping[str, str] | None = None) -> Document:
    """The document that these parts make, blank lines between them.

    Without a title it takes its first heading, or its file's name. Raises UnreadableFile where no
    part has any text.
    """
    text: list[str] = []
    blocks: list[Block] = []
    pages: list[tuple[int, int]] = []
    length = 0
    heading = ""
    for part in bounded(parts, name):
        words, borders = words_of(part)
        if not words:
            continue
        if blocks:
            gap = "\n" if part.joined and blocks[-1].kind == part.kind else "\n\n"
            text.append(gap)
            length += len(gap)
        for offset, page in borders:
            if not pages or pages[-1][1] != page:
                pages.append((length + offset if pages else 0, page))
        blocks.append(Block(part.kind, length, length + len(words), part.level, borders[0][1] if borders else None))
        text.append(words)
        length += len(words)
        if part.kind == "heading" and not heading:
            heading = words
    if not blocks:
        raise UnreadableFile(f"{name} has no text; add text to it, or leave it out")
    title = one_line(title) or one_line(heading) or stem(name)
    return Document(name, title, "".join(text), tuple(blocks), tidy(metadata or {}), pages=tuple(pages))


def bounded(parts: Iterable[Part], name: str) -> Iterator[Part]:
    """The parts. Raises UnreadableFile where they are more than is made of one file."""
    length = 0
    for part in parts:
        length += len(part.text)
        if length > LONGEST_TEXT:
            raise UnreadableFile(f"{name} is read as more than {LONGEST_TEXT:,} characters; split it into smaller files")
        yield part


def clean(text: str) -> str:
    """NFC, `\\n` line ends, no control characters or lone surrogates, no blank lines or white space around."""
    text = unicodedata.normalize("NFC", few_marks(CONTROLS.sub("", LINE_ENDS.sub("\n", text))))
    return BLANK_LINES.sub("\n", text).strip()


def stem(name: str) -> str:
    """The name of a file without folders and ending."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0] or name


def tidy(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata as it is kept: cleaned names and values, each on one line, empty ones left out."""
    values = {one_line(key): one_line(value) for key, value in metadata.items()}
    return {key: value for key, value in values.items() if key and value}


def words_of(part: Part) -> tuple[str, list[tuple[int, int]]]:
    """The cleaned text of a part, and (offset, page) for each page it stands on."""
    words = clean(part.text)
    borders = [] if part.page is None else [(0, part.page)]
    for further, page in part.overleaf:
        before = len(words)
        # What follows may begin with a mark that combines with what is here.
        words = unicodedata.normalize("NFC", few_marks(words + CONTROLS.sub("", LINE_ENDS.sub(" ", further)))).rstrip()
        borders.append((min(before, len(words)), page))
    return words, borders
