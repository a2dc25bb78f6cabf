"""Who wrote it: the names in an article's byline, at the beginning of its text, or in what is said of the file."""

from collections.abc import Mapping

from corpus import Document
from corpus.author_names import EASTERN, OPENING, PARTICLES, author_names, signs
from corpus.dateline import DATELINE_CHARACTERS, dateline
from corpus.document import article_at
from corpus.stray import SURNAMES


def authors(document: Document, start: int, fields: Mapping[str, str], said: str, spoken: str) -> tuple[str, ...]:
    """The names of who wrote what stands at `start`, as they are printed; () where no one is named.

    `said` is what the metadata's `fields` say of an author, and `spoken` the language there, in BCP 47.

    In a file of several articles what is said of the file gives way to the article's own byline.
    So does an author that the reader took from the text: 记者昨日获悉 has a word for a reporter and names none.
    """
    named, signed = author_names(said, spoken), _signed(document, start, spoken)
    if document.blocks and document.blocks[0].article != document.blocks[-1].article:
        return signed or named
    if fields.get("author") and dateline(document.text, document.blocks).get("author") == fields["author"]:
        return signed or tuple(filter(_looks_like_a_name, named))
    return named or signed


def _signed(document: Document, start: int, spoken: str) -> tuple[str, ...]:
    """The names in the byline of the article that holds `start`, or at the beginning of its text."""
    article = article_at(document, start)
    blocks = [each for each in document.blocks if each.article == article]
    found: tuple[str, ...] = ()
    for block in blocks:
        text = document.text[block.start : block.end].strip()
        signed = block.kind == "byline" and signs(text)
        if found and not signed:
            break
        if signed:
            found = tuple(dict.fromkeys((*found, *author_names(text, spoken))))
    opening = next((document.text[each.start : each.start + DATELINE_CHARACTERS] for each in blocks if each.kind == "paragraph"), "")
    if not found and (match := OPENING.match(opening)):
        found = tuple(filter(_looks_like_a_name, author_names(match[1], spoken)))
    return found


def _looks_like_a_name(text: str) -> bool:
    if EASTERN.search(text):
        return text[0] in SURNAMES and len(text) <= 3
    return all(each[0].isupper() or each in PARTICLES for each in text.split())
