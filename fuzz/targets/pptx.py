"""Presentations: the first slide first, then any other member."""

import io
from functools import cache

import pptx

from fuzz.packing import like, unpacked
from fuzz.promises import of_members, read_or_refused
from fuzz.target import Target
from fuzz.trees import changed
from tests import writers

MAIN = "ppt/slides/slide1.xml"


@cache
def real() -> bytes:
    made = pptx.Presentation(io.BytesIO(writers.pptx_file([("题", "一\n二")], "备注", [["区域", "价格"], ["东城", "10元"]])))
    # The layouts of slides that it has not are most of what would be read of it.
    for each in [each for each in made.slide_layouts if not each.used_by_slides]:
        made.slide_layouts.remove(each)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def check(data: bytes) -> None:
    read_or_refused(of_members(like(real(), MAIN))(data), "样 a.pptx")


def seeds() -> dict[str, bytes]:
    members = unpacked(real())
    main = members[MAIN]
    others = ("ppt/presentation.xml", "docProps/core.xml", "ppt/_rels/presentation.xml.rels", "ppt/slides/_rels/slide1.xml.rels")
    return {"main": main, **{each.rsplit("/", 1)[-1]: main + b"\n--- " + each.encode() + b"\n" + members[each] for each in others}}


TARGET = Target(check, seeds, change=changed, words=(b"<p:sp>", b"<a:t>", b"<a:tbl>", b"<p:grpSp>", b"gridSpan", b"lvl="))
