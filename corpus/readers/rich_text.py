"""Rich Text (.rtf): headings by their outline, the words of each paragraph, tables; title and author from its information group."""

import re
from collections.abc import Iterator
from itertools import groupby

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.readers.build import Part, build
from corpus.readers.dates import iso_date
from corpus.readers.foreign import opening
from corpus.readers.table import table_parts

INFORMATION = re.compile(r"\{\\(title|author|subject|keywords)(?![a-z]) ?((?:[^{}\\]|\\[^{}]|\\[{}]|\{[^{}]*\})*)\}")
CREATED = re.compile(r"\{\\creatim\\yr(\d+)\\mo(\d+)\\dy(\d+)")
CODE_PAGE = re.compile(r"\\ansicpg(\d+)")
INFORMATION_WITHIN = 100_000
# The end of a cell, which striprtf would make a stroke; instead a control that no text has.
CELL = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:nest)?cell(?![a-z]) ?")
MARK, END = r"\\'1f", "\x1f"
# The level of a heading, before its words.
OUTLINE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:outlinelevel([0-8])|s(\d{1,4}))(?!\d) ?")
NUMBER, NAMED = re.compile(r"\d{1,4}(?!\d)"), re.compile(r"[\s}][Hh]eading ([1-9])\Z")
STYLES_WITHIN, LONGEST_NAMED = 400_000, 20
HEADING, BEGIN = r"\'1e", "\x1e"
HEADED = re.compile(f"{BEGIN}\\d?")


def read(data: bytes, name: str) -> Document:
    """A Rich Text file. Raises UnreadableFile where it is none, or is cut short."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableFile(f"{name} is not a Rich Text file; open and save it again as RTF, or leave it out")
    if not data.rstrip(b"\0 \r\n\t").endswith(b"}"):
        raise UnreadableFile(f"{name} is cut short; get the whole file, or leave it out")
    with opening(name, "Rich Text file"):
        from striprtf.striprtf import rtf_to_text

        # RTF is ASCII, and its few raw bytes are in the code page; Latin-1 carries every byte through.
        source = data.decode("latin-1")
        match = CODE_PAGE.search(source)
        page = f"cp{match[1]}" if match and match[1] not in ("0", "65001") else "cp1252"
        declared = match[0] if match else ""
        marked = _headed(CELL.sub(rf"\g<1>{MARK}", source))
        text = _whole(rtf_to_text(marked, page, errors="replace"), page)
        metadata = {
            key: _whole(rtf_to_text("{\\rtf1" + declared + " " + value + "}", page, errors="replace"), page)
            for key, value in INFORMATION.findall(source[:INFORMATION_WITHIN])
        }
        made = CREATED.search(source[:INFORMATION_WITHIN])
        metadata["date"] = iso_date("-".join(made.groups())) if made else ""
        return build(name, _parts(text), metadata.pop("title", ""), metadata)


def _headed(source: str) -> str:
    """The source with the levels of its headings among their words: a paragraph's own, or those of its style, named `heading 1`."""
    levels: dict[str, str] = {}
    for style in source[:STYLES_WITHIN].split("{\\s")[1:]:
        number, named = NUMBER.match(style), NAMED.search(style.partition(";}")[0][-LONGEST_NAMED:])
        if number and named:
            levels[number[0]] = named[1]

    def level(found: re.Match[str]) -> str:
        said = found[1] or (str(int(levels[found[2]]) - 1) if found[2] in levels else "")
        return f"{found[0]}{HEADING}{said}" if said else found[0]

    return OUTLINE.sub(level, source)


def _parts(text: str) -> Iterator[Part]:
    """The paragraphs, and the rows of tables."""
    # A paragraph that ends where its cell ends, ends once.
    for is_row, lines in groupby(text.replace(f"\n{END}", END).split("\n"), key=lambda line: END in line):
        if is_row:
            yield from table_parts(line.removesuffix(END).split(END) for line in lines)
        else:
            yield from map(_paragraph, lines)


def _paragraph(line: str) -> Part:
    before, mark, after = line.rpartition(BEGIN)
    if mark and after[:1].isdigit():
        return Part("heading", " ".join((HEADED.sub("", before) + after[1:]).split()), min(int(after[0]) + 1, 6))
    return Part("paragraph", line)


def _whole(text: str, page: str) -> str:
    """The text with its surrogate pairs joined, and its bytes that stood unescaped read in the code page."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub("[\x80-\xff]{2,}", lambda run: _decoded(run[0], page), text)


def _decoded(run: str, page: str) -> str:
    try:
        return run.encode("latin-1").decode(page)
    except UnicodeError:
        return run
