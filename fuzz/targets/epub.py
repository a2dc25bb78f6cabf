"""E-books: a chapter first, then any other member."""

from functools import cache

from fuzz.packing import like, unpacked
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from fuzz.trees import changed
from tests import writers

MAIN, INDEX, CONTAINER = "OEBPS/text/c0.xhtml", "OEBPS/book.opf", "META-INF/container.xml"


@cache
def real() -> bytes:
    return writers.epub_file(["<h1>上</h1><p>第一章的话。</p><ul><li>甲</li></ul>", "<p>第二章。</p>"])


def check(data: bytes) -> None:
    read_or_refused(of_members(like(real(), MAIN))(data), "样 a.epub")


def seeds() -> dict[str, bytes]:
    members = unpacked(real())
    main = members[MAIN]
    return {"main": main, **{each.rsplit("/", 1)[-1]: main + b"\n--- " + each.encode() + b"\n" + members[each] for each in (INDEX, CONTAINER)}}


TARGET = Target(check, seeds, change=changed, words=(b'<itemref idref="c0"/>', b'<item id="c0" href="', b"full-path=", b"<dc:title>", b"%2e%2e/"))
