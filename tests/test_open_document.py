"""OpenDocument files as LibreOffice 7.4 wrote them (tests/printed/office.*), and as they may be made."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Document, UnreadableFile, page_at, read_all, read_bytes
from fuzz.packing import packed
from tests import writers
from tests.test_readers import words

PRINTED = Path(__file__).parent / "printed"
BEGIN = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">'
)


def office(ending: str) -> bytes:
    return (PRINTED / f"office.{ending}").read_bytes()


def text_of(body: str, styles: str = "", **members: bytes) -> bytes:
    content = f"{BEGIN}<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    return packed({"content.xml": content.encode(), **members})


def test_a_text_keeps_headings_lists_tables_and_notes() -> None:
    document = read_bytes(office("odt"), "a.odt")
    assert [(each.kind, each.level) for each in document.blocks][:4] == [("heading", 1), ("paragraph", 0), ("heading", 2), ("list", 0)]
    assert words(document, "list") == ["一期：二〇二三年三月开工", "二期：二〇二四年五月竣工", "北泵站先行投用", "先清淤", "再换管"]
    assert words(document, "table")[1:] == ["泵站: 南泵站; 能力（吨/日）: 25,000; 投用: 2024-06-10", "泵站: 南泵站; 能力（吨/日）: 15,000; 投用: 2024-07-12"]
    assert words(document)[-5:-3] == ["脚注在此。The new plant serves 52,000 house\u00adholds in eleven villages.", "资料来源：镇政府年报。"]
    assert document.title == "青石镇水厂改造" and document.metadata == {"author": "李明"}


def test_cells_of_a_sheet_are_said_as_they_are_shown() -> None:
    document = read_bytes(office("ods"), "a.ods")
    assert words(document) == [
        "产量", "青石镇各村产量（吨）", "村: 东村; 粮食 2022年: 1,200.50; 粮食 2023年: 25%; 备注: 旱", "村: 东村; 粮食 2022年: 90; 粮食 2023年: 95",
        "村: 西村; 粮食 2022年: 80; 粮食 2023年: 85; 备注: 丰",
    ]  # fmt: skip


def test_a_slide_is_a_page() -> None:
    document = read_bytes(office("odp"), "a.odp")
    assert words(document) == ["停车新办法", "一类区每小时十元", "二类区八元", "费用", "夜间不收费", "区域: 东城; 价格: 10元", "讲稿备注。"]
    assert page_at(document, document.text.index("二类区")) == 1 and page_at(document, document.text.index("夜间")) == 2


def test_comments_deletions_and_tables_of_contents_are_left_out_and_boxes_come_after_their_paragraph() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:p>删去的话。</text:p></text:changed-region></text:tracked-changes>"
        "<text:table-of-content><text:index-body><text:p>第一章 3</text:p></text:index-body></text:table-of-content>"
        '<text:p text:style-name="P1">总<text:span>则</text:span></text:p><text:p>前<office:annotation><text:p>批注</text:p></office:annotation>后<!-- x -->，'
        '空<text:s text:c="3"/>白<draw:frame><draw:text-box><text:p>框里的话。</text:p></draw:text-box></draw:frame>。</text:p><text:section><text:p>末段。</text:p></text:section>'
    )
    styles = '<style:style style:name="P1" style:parent-style-name="P0"/><style:style style:name="P0" style:parent-style-name="Heading_20_2"/>'
    document = read_bytes(text_of(body, styles), "a.odt")
    assert words(document) == ["总则", "前后，空   白。", "框里的话。", "末段。"] and document.blocks[0].level == 2


@pytest.mark.parametrize(("data", "says"), [
    (text_of("<text:p>x</text:p>", **{"META-INF/manifest.xml": b"<manifest:encryption-data/>"}), "protected by a password"),
    (packed({"a.xml": b"<x/>"}), "a.odt"), (text_of(""), "no text"), (b"PK\x03\x04", "a.odt"), (packed({"content.xml": b"<"}), "damaged"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        read_bytes(data, "a.odt")


def test_what_is_repeated_without_end_is_read_in_its_length() -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>甲</text:p></table:table-cell><table:table-cell table:number-columns-repeated="99999"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    nested, blanks = "<text:span>" * 1_500 + "深" + "</text:span>" * 1_500, '<text:s text:c="99999999"/>' * 50
    began = time.process_time()
    document = read_bytes(text_of(f"<table:table>{row * 20}</table:table><text:p>{nested}</text:p><text:p>{blanks}末</text:p>"), "a.odt")
    assert len(document.text) < 1_000_000 and "深" in document.text and time.process_time() - began < 10


PIECES = st.recursive(
    st.text(st.sampled_from("甲乙 a。"), max_size=5) | st.sampled_from(["<text:tab/>", '<text:s text:c="x"/>', "<text:line-break/>", "<!-- c -->"]),
    lambda inside: st.tuples(st.sampled_from(["text:p", "text:h", "text:span", "text:list", "text:list-item", "text:note", "table:table", "table:table-row", "table:table-cell",
                                              "table:covered-table-cell", "draw:frame", "draw:text-box", "office:annotation", "x"]), st.lists(inside, max_size=4))
    .map(lambda made: f"<{made[0]}>{''.join(made[1])}</{made[0]}>"),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(PIECES, max_size=6))
def test_any_elements_are_a_document_or_a_sentence(pieces: list[str]) -> None:
    try:
        document = read_bytes(text_of("".join(pieces)), "a.odt")
    except UnreadableFile as reason:
        assert "a.odt" in str(reason)
        return
    assert document.text.strip()


def test_it_is_read_from_an_archive_as_well() -> None:
    (document,) = read_all(writers.zip_file({"in/a.ODT": office("odt")}), "all.zip")
    assert isinstance(document, Document) and document.name == "all.zip/in/a.ODT" and words(document)[0] == "青石镇水厂改造"
