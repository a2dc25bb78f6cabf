"""Word documents: `word/document.xml` first, then any other member."""

from functools import cache

from fuzz.packing import like, unpacked
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from fuzz.trees import changed
from tests import writers

MAIN = "word/document.xml"


@cache
def real() -> bytes:
    return writers.docx_file("题", ["市政府三月五日公布了新的办法。"], [["区域", "价格"], ["东城", "10元"]], "办法")


def check(data: bytes) -> None:
    read_or_refused(of_members(like(real(), MAIN))(data), "样 a.docx")


def seeds() -> dict[str, bytes]:
    members = unpacked(real())
    main, core, types = members[MAIN], members["docProps/core.xml"], members["[Content_Types].xml"]
    styles = b'<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style w:type="paragraph" w:styleId="Heading1">' \
             b'<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>'  # fmt: skip
    return {
        "main": main, "core": main + b"\n--- docProps/core.xml\n" + core, "types": main + b"\n--- [Content_Types].xml\n" + types,
        "styles": main + b"\n--- word/styles.xml\n" + styles, "rels": main + b"\n--- word/_rels/document.xml.rels\n" + members["word/_rels/document.xml.rels"],
    }  # fmt: skip


TARGET = Target(check, seeds, change=changed, words=(b"<w:p>", b"<w:t>", b"<w:tbl>", b"<w:tc>", b"<w:tr>", b"<w:txbxContent>", b"w:outlineLvl", b"w:val"))
