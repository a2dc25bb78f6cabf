"""Markdown: the words as they stand, with headings, lists, tables and code told apart.

The document's text is the file's own, marks and all, so that every quote is found in the file;
blocks point past the marks of headings. Structure is read by markdown-it (CommonMark and tables).
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.document import Block, BlockKind, Document
from corpus.errors import UnreadableFile
from corpus.one_line import one_line
from corpus.readers.build import stem, tidy
from corpus.readers.text import running_text
from corpus.sentences import trimmed

FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?\n)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.S)
KINDS: dict[str, BlockKind] = {
    "paragraph_open": "paragraph",
    "tr_open": "table",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
}


def read(data: bytes, name: str) -> Document:
    """A Markdown file as a document; its title is in its front matter, its first heading or its name.

    Raises UnreadableFile where the bytes are not text.
    """
    text = running_text(data, name)
    metadata, body = _front_matter(text)
    starts = [body]
    starts += [body + match.end() for match in re.finditer("\n", text[body:])]
    starts.append(len(text) + 1)
    blocks = _blocks(text, MarkdownIt("commonmark").enable("table").parse(text[body:]), starts)
    if not blocks:
        raise UnreadableFile(f"{name} has marks but no text; add text to it, or leave it out")
    heading = next((text[b.start : b.end] for b in blocks if b.kind == "heading"), None)
    title = one_line(metadata.pop("title", "")) or one_line(heading or "") or stem(name)
    return Document(name, title, text, tuple(blocks), tidy(metadata))


def _front_matter(text: str) -> tuple[dict[str, str], int]:
    """`key: value` lines between two `---` at the top, and where the body begins."""
    match = FRONT_MATTER.match(text)
    if match is None:
        return {}, 0
    pairs = (line.split(":", 1) for line in match[1].splitlines() if ":" in line and not line[0].isspace())
    return {key.strip().lower(): value.strip().strip("\"'") for key, value in pairs if value.strip()}, match.end()


def _blocks(text: str, tokens: list[Token], starts: list[int]) -> list[Block]:
    blocks: list[Block] = []
    in_list = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            in_list += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            in_list -= 1
        if token.map is None:
            continue
        start, end = starts[token.map[0]], min(starts[min(token.map[1], len(starts) - 1)], len(text))
        if blocks:
            start = max(start, blocks[-1].end)
        if token.type == "heading_open":
            block = _heading(text, start, end, int(token.tag[1]))
        elif token.type in KINDS:
            kind = "list" if in_list and token.type == "paragraph_open" else KINDS[token.type]
            span = trimmed(text, start, end)
            block = Block(kind, span.start, span.end) if span else None
        else:
            block = None
        if block is not None:
            blocks.append(block)
    return blocks


def _heading(text: str, start: int, end: int, level: int) -> Block | None:
    opening = re.match(r"\s{0,3}(?:>\s*)*(?:#{1,6}(?=\s|\Z))?", text[start:end])
    closing = re.search(r"(?:[ \t]+#+)?[ \t]*\n?(?:[ \t]*(?:=+|-+)[ \t]*)?\n*\Z", text[start:end])
    assert opening is not None and closing is not None  # both patterns match the empty string
    span = trimmed(text, start + opening.end(), start + max(closing.start(), opening.end()))
    return Block("heading", span.start, span.end, level) if span else None
