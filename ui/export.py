"""A conversation as a file to keep or send: Markdown, JSON or Word.

Quotes stay word for word. Control characters, which no reader sees and which XML forbids, are left
out of Markdown and Word; a document's text has none once it is in a library.
"""

import json
import re
from collections.abc import Callable, Sequence
from io import BytesIO
from unicodedata import bidirectional, category, normalize

import regex
from docx import Document as new_document
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement

from rag import Answer, Found, Quote, answer_to_json
from ui.talks import Turn

NONE = "文中没有答案 Not in these documents"
NO_DOCUMENT = "没有符合条件的文档 No document fulfils the condition"
NEAREST = "最接近的段落，它们不是答案 The nearest passages, which are no answer:"
UNDERSTOOD = "接着上文理解 Understood as: "
# As many as the page shows.
NEAREST_NAMED = 3

# What Markdown, or one of its common dialects, takes as markup wherever it stands …
MARKUP = frozenset("\\`*_[]<>&|~$#")
# … and what it takes as markup where a line begins: lists, rules, underlines of headings.
LINE_START = re.compile(r"^(?:[-+=:]|\d{1,9}[.)](?=\s|$))", re.MULTILINE)
EDGE_SPACE = re.compile(r"^(?:[^\S\n]|\ufeff)+|(?:[^\S\n]|\ufeff)+$", re.MULTILINE)

# Unicode keeps these for a program's own use; neither format can hold them all.
NONCHARACTER = regex.compile(r"\p{Noncharacter_Code_Point}")

# Names are cut to this many bytes of UTF-8, which every file system takes.
NAME_BYTES = 80
UNNAMED = "conversation"
# Not in a Windows file's name.
RESERVED = frozenset('/\\:*?"<>|')
DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
# Invisible marks that turn the direction of what follows: they can hide a name's true ending.
TURNS_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
CLUSTER = regex.compile(r"\X")


def as_markdown(title: str, turns: Sequence[Turn]) -> bytes:
    """CommonMark: a heading a question, a block quote a quote with the answering words in bold."""
    parts = [f"# {_heading(title)}"]
    for turn in turns:
        parts += [f"## {_heading(turn.question)}", _escaped(_time(turn))]
        if turn.answer.understood:
            parts.append(_escaped(UNDERSTOOD + _line(turn.answer.understood)))
        for quote in turn.answer.quotes:
            parts += [_block_quote(quote), f"— {_escaped(source_line(quote))}"]
        if not turn.answer.answered:
            parts.append(f"**{_escaped(NONE)}**")
            heading, named = _nearest(turn.answer)
            parts += [_escaped(heading), *(["\n".join(f"- {_escaped(each)}" for each in named)] if named else [])]
    return ("\n\n".join(parts) + "\n").encode()


def as_json(title: str, turns: Sequence[Turn]) -> bytes:
    """`{"title", "turns": [...]}`: each turn is as `ask --json` prints it, with its `id` and when it was `created`."""
    value = {
        "title": title,
        "turns": [{"id": each.id, "created": each.created, **answer_to_json(each.answer)} for each in turns],
    }
    # What is no character, in the name of a file, is written as JSON's own escape.
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def as_docx(title: str, turns: Sequence[Turn]) -> bytes:
    """A Word document: a heading a question, a paragraph a quote with the answering words in bold."""
    document = new_document()
    document.core_properties.title = _line(title)[:255]
    document.core_properties.author = "Yinju 引据"
    # Chinese and Arabic have no italics.
    document.styles["Quote"].font.italic = False
    _write(document, "Title", (_line(title), False))
    for turn in turns:
        _write(document, "Heading 1", (_line(turn.question), False))
        _write(document, "Normal", (_time(turn), False))
        if turn.answer.understood:
            _write(document, "Normal", (UNDERSTOOD + _line(turn.answer.understood), False))
        for quote in turn.answer.quotes:
            _write(document, "Quote", *_parts(quote))
            _write(document, "Normal", (f"— {source_line(quote)}", False))
        if not turn.answer.answered:
            _write(document, "Normal", (NONE, True))
            heading, named = _nearest(turn.answer)
            _write(document, "Normal", (heading, False))
            for each in named:
                _write(document, "List Bullet", (each, False))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


# A new format is one function and one row; the key is the file's ending.
FORMATS: dict[str, Callable[[str, Sequence[Turn]], bytes]] = {"md": as_markdown, "json": as_json, "docx": as_docx}


def file_name(title: str, ending: str) -> str:
    """A name for a title's file that every system takes: `ending` after at most 80 bytes in all, never empty."""
    kept = "".join(" " if _not_in_names(each) else each for each in normalize("NFC", title))
    # A point first hides a file, a dash first is taken as an option; Windows drops points and spaces at the end.
    stem = " ".join(kept.split()).lstrip(". -")
    if DEVICE.match(stem):
        stem = f"_{stem}"
    room = NAME_BYTES - len(f".{ending}".encode())
    end = size = 0
    for cluster in CLUSTER.finditer(stem):
        size += len(cluster.group().encode())
        if size > room:
            break
        end = cluster.end()
    return f"{stem[:end].rstrip('. ') or UNNAMED}.{ending}"


def source_line(found: Quote | Found) -> str:
    """Where a quote or a passage stands: title, document, page and characters, as `document.text[start:end]`."""
    page = [f"第 {found.page} 页 page {found.page}"] if found.page else []
    named = [each for each in (_line(found.title), _line(found.document)) if each]
    return " · ".join([*named, *page, f"字符 characters {found.start}–{found.end}"])


def shown(text: str) -> str:
    """Text as Markdown and Word can hold it: without control characters (line ends and tabs stay) and what is no character."""
    return "".join(each for each in text if each in "\t\n" or not _is_forbidden(each))


def _nearest(answer: Answer) -> tuple[str, list[str]]:
    named = [source_line(each) for each in answer.passages[:NEAREST_NAMED]]
    return (NEAREST if named else NO_DOCUMENT), named


def _time(turn: Turn) -> str:
    return f"{turn.created[:16].replace('T', ' ')} UTC"


def _is_forbidden(character: str) -> bool:
    return category(character) in ("Cc", "Cs") or NONCHARACTER.match(character) is not None


def _line(text: str) -> str:
    return " ".join(shown(text).split())


def _parts(quote: Quote) -> tuple[tuple[str, bool], ...]:
    """The quote's text in order, each part with whether it answers; white space at a border does not."""
    start, end = 0, 0
    if quote.answer_start is not None and quote.answer_end is not None:
        start, end = quote.answer_start - quote.start, quote.answer_end - quote.start
    marked = quote.text[start:end]
    inside = shown(marked)
    before = inside[: len(inside) - len(inside.lstrip())]
    after = inside[len(inside.rstrip()) :] if inside.strip() else ""
    parts = ((shown(quote.text[:start]) + before, False), (inside.strip(), True), (after + shown(quote.text[end:]), False))
    return tuple(each for each in parts if each[0])


# Markdown


def _heading(text: str) -> str:
    return _escaped(_line(text))


def _escaped(text: str) -> str:
    return "".join(_tokens(text))


def _block_quote(quote: Quote) -> str:
    parts = _parts(quote)
    text = "".join(words for words, _ in parts)
    tokens = _tokens(text)
    at = 0
    for words, bold in parts:
        first, last = at, at + len(words) - 1
        at += len(words)
        if bold:
            # Stars beside a punctuation mark open and close only where one stands on their other side
            # too (CommonMark 6.2): a character written as its number begins and ends with one.
            if first and not text[first].isalnum() and text[first - 1] not in " \n":
                tokens[first - 1] = _number(text[first - 1])
            if at < len(text) and not text[last].isalnum() and text[at] not in " \n":
                tokens[at] = _number(text[at])
            tokens[first] = f"**{tokens[first]}"
            tokens[last] += "**"
    return "> " + "".join(tokens).replace("\n", "\n> ")


def _tokens(text: str) -> list[str]:
    """Each character as Markdown that is read as that character, wherever in a paragraph it stands."""
    tokens = [f"\\{each}" if each in MARKUP else each for each in text]
    for match in LINE_START.finditer(text):
        tokens[match.end() - 1] = f"\\{text[match.end() - 1]}"
    # Spaces around a line would be dropped, or make it code.
    for match in EDGE_SPACE.finditer(text):
        tokens[match.start() : match.end()] = map(_number, match.group())
    begin, end = len(text) - len(text.lstrip("\n")), len(text.rstrip("\n"))
    for at, each in enumerate(text):
        if each == "\n":
            # A hard break keeps a blank line inside the quote; at either end there is none.
            tokens[at] = "\\\n" if begin <= at < end else _number(each)
    return tokens


def _number(character: str) -> str:
    return f"&#{ord(character)};"


# Word


def _write(document: WordDocument, style: str, *parts: tuple[str, bool]) -> None:
    paragraph = document.add_paragraph(style=style)
    text = "".join(words for words, _ in parts)
    from_right = _from_right(text)
    if from_right:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    for words, bold in parts:
        run = paragraph.add_run(words)
        if bold:
            # Scripts that run from the right are set bold by a property of their own.
            run.font.bold = run.font.cs_bold = True
        if from_right:
            run.font.rtl = True


def _from_right(text: str) -> bool:
    """Whether the first character that has a direction runs from right to left."""
    return next((bidirectional(each) != "L" for each in text if bidirectional(each) in ("L", "R", "AL")), False)


def _not_in_names(character: str) -> bool:
    return character in RESERVED or character in TURNS_DIRECTION or _is_forbidden(character) or category(character) in ("Zl", "Zp")
