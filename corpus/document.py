"""The central types: a document, its blocks, and the spans that point into its text.

The invariant everything leans on: a quote is `document.text[start:end]`, exactly. Offsets count
characters (code points) of the NFC text, and are carried from the reader on; they are never
rebuilt by searching.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from corpus.one_line import one_line

BlockKind = Literal["heading", "paragraph", "list", "table", "code", "caption", "byline", "furniture"]


@dataclass(frozen=True)
class Block:
    """A run of a document's text of one kind: `document.text[start:end]`.

    `level` is 1 to 6 for headings and 0 for the rest; `page` counts from 1 where the file has pages.
    `article` counts from 0 the articles that follow one another in the file: nothing of one belongs
    to the next. `furniture` (page numbers, running heads) is kept but never searched.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    article: int = 0


@dataclass(frozen=True)
class Run:
    """`text[start : start + length]` stands in the file's own text at `source[original : original + length]`."""

    start: int
    original: int
    length: int


@dataclass(frozen=True)
class Document:
    """One file as it is read: NFC text, and blocks in reading order that do not overlap.

    `name` is the path relative to the indexed root in POSIX form, and is what people and the
    command line call the document; `id` is derived from it.

    Where reading changed the text (joined lines, moved a caption), `source` is the text as the file
    has it and `runs` say, in the order of `text`, where each stretch of it stood there; characters
    between runs stood nowhere. Where nothing was changed `source` is None. `pages` are (start, page):
    from that character on, the text is of that page.
    """

    name: str
    title: str
    text: str
    blocks: tuple[Block, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    runs: tuple[Run, ...] = ()
    pages: tuple[tuple[int, int], ...] = ()

    @property
    def id(self) -> str:
        return blake2b(self.name.encode("utf8", "surrogatepass"), digest_size=12).hexdigest()


@dataclass(frozen=True)
class Sentence:
    """One sentence: `document.text[start:end]`, without the white space around it."""

    start: int
    end: int


@dataclass(frozen=True)
class Passage:
    """What is embedded and searched: `document.text[start:end]`, under the headings it stands below.

    `id` is a positive 63-bit number made of the document, the place and the words, so that the
    same passage has the same id in every library and every run.
    """

    id: int
    document_id: str
    start: int
    end: int
    headings: tuple[str, ...] = ()


def passage_id(document_id: str, start: int, end: int, text: str) -> int:
    """The id of the passage `text` that stands at `start:end` of a document."""
    key = f"{document_id}\0{start}\0{end}\0{text}".encode("utf8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") >> 1


def page_at(document: Document, position: int) -> int | None:
    """The page that holds the character at `position`, where the document has pages."""
    if document.pages:
        number = bisect_right(document.pages, position, key=lambda each: each[0])
        return document.pages[number - 1][1] if number else None
    page = None
    for block in document.blocks:
        if block.start > position:
            break
        page = block.page
    return page


def block_at(document: Document, position: int) -> Block | None:
    """The last block that begins at `position` or before it."""
    number = bisect_right(document.blocks, position, key=lambda each: each.start)
    return document.blocks[number - 1] if number else None


def article_at(document: Document, position: int) -> int:
    """The number of the article that stands at `position`; what is before the first is of the first."""
    block = block_at(document, position) or next(iter(document.blocks), None)
    return block.article if block is not None else 0


def title_at(document: Document, position: int) -> str:
    """The title of what stands at `position`: of the article, in a file of several.

    An article without a headline has the file's name: the headline of another would mislead.
    """
    if not document.blocks or document.blocks[-1].article == document.blocks[0].article:
        return document.title
    article = article_at(document, position)
    for block in document.blocks:
        if block.article == article and block.kind == "heading" and block.level == 1:
            return one_line(document.text[block.start : block.end]) or document.name.rsplit("/", 1)[-1]
    return document.name.rsplit("/", 1)[-1]


def original_at(document: Document, position: int) -> int:
    """Where the character at `position` stood in the file's own text (`document.source`).

    A character that stood nowhere (a line break put in) gives the place right after the one before it.
    """
    if document.source is None:
        return position
    number = bisect_right(document.runs, position, key=lambda each: each.start) - 1
    if number < 0:
        return 0
    run = document.runs[number]
    return run.original + min(position - run.start, run.length)


def originals(document: Document, start: int, end: int) -> list[tuple[int, int]]:
    """Where the text `start:end` stood in the file's own text: several places where it was cut there."""
    if document.source is None:
        return [(start, end)]
    found = []
    for run in document.runs:
        first, last = max(start, run.start), min(end, run.start + run.length)
        if first < last:
            found.append((run.original + first - run.start, run.original + last - run.start))
    return found
