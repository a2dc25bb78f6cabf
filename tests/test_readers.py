"""What each reader keeps of its format: the words, in order, each as what it is, with its properties."""

import re
import unicodedata
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, UnreadableFile, page_at, read_all, read_bytes, split_passages
from corpus.readers.build import clean
from corpus.readers.dates import iso_date
from fuzz.packing import packed, unpacked
from tests import writers

HEADLINE = "市政府公布新的停车收费办法"
WORDS = "市政府三月五日公布了新的停车收费办法，自四月一日起施行。"
ENGLISH = "The council published new parking fees on Tuesday."
ARABIC = "نشرت البلدية رسوم وقوف السيارات الجديدة يوم الثلاثاء."
ROWS = [["区域", "价格"], ["东城", "10元"], ["西城", "8元"]]
TABLE = ["区域: 东城; 价格: 10元", "区域: 西城; 价格: 8元"]


def is_whole(document: Document) -> None:
    """The invariant of every reader: NFC text, blocks in order, none empty, none over another."""
    assert unicodedata.is_normalized("NFC", document.text)
    end = 0
    for block in document.blocks:
        assert end <= block.start < block.end <= len(document.text)
        words = document.text[block.start : block.end]
        assert words == words.strip()
        end = block.end
    assert document.title and "\n" not in document.title
    assert all(isinstance(value, str) for value in document.metadata.values())


def words(document: Document, kind: str = "") -> list[str]:
    is_whole(document)
    return [document.text[each.start : each.end] for each in document.blocks if not kind or each.kind == kind]


def all_of(data: bytes, name: str) -> tuple[list[Document], list[str]]:
    found = list(read_all(data, name))
    return [each for each in found if isinstance(each, Document)], [
        str(each) for each in found if isinstance(each, UnreadableFile)
    ]


MADE = {
    "docx": lambda *p: writers.docx_file("", p),
    "html": lambda *p: writers.html_file("".join(f"<p>{escape(each)}</p>" for each in p)),
    "epub": lambda *p: writers.epub_file(["".join(f"<p>{escape(each)}</p>" for each in p)]),
    "rtf": lambda *p: writers.rtf_file(p),
    "eml": lambda *p: writers.eml_file("信", "\n\n".join(p)),
    "pptx": lambda *p: writers.pptx_file([("页", "\n".join(p))]),
    "txt": lambda *p: "\n\n".join(p).encode(),
    "md": lambda *p: "\n\n".join(p).encode(),
}


@pytest.mark.parametrize("kind", MADE)
def test_paragraphs_in_three_scripts_are_kept_word_for_word(kind: str) -> None:
    document = read_bytes(MADE[kind](WORDS, ENGLISH, ARABIC), f"a.{kind}")
    assert words(document)[-3:] == [WORDS, ENGLISH, ARABIC]


def test_word_headings_tables_and_properties_are_kept() -> None:
    document = read_bytes(writers.docx_file(HEADLINE, [WORDS], ROWS, title="办法"), "a.docx")
    assert words(document, "heading") == [HEADLINE] and document.blocks[0].level == 1
    assert words(document, "table") == TABLE
    assert document.title == "办法" and document.metadata["author"] == "李四"


def test_word_text_in_content_controls_and_insertions_is_kept_and_deleted_text_is_not() -> None:
    import io

    import docx
    from docx.oxml import parse_xml

    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    made = docx.Document()
    made.element.body.insert(0, parse_xml(
        f"<w:sdt {namespace}><w:sdtContent><w:p><w:r><w:t>控件里的话。</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    ))  # fmt: skip
    made.element.body.insert(1, parse_xml(
        f"<w:p {namespace}><w:ins><w:r><w:t>加上的话。</w:t></w:r></w:ins><w:del><w:r><w:delText>删去的话。</w:delText></w:r></w:del></w:p>"
    ))  # fmt: skip
    file = io.BytesIO()
    made.save(file)
    assert words(read_bytes(file.getvalue(), "a.docx")) == ["控件里的话。", "加上的话。"]


def test_a_table_of_contents_is_read_and_is_no_passage() -> None:
    import io

    import docx
    from docx.enum.style import WD_STYLE_TYPE

    made = docx.Document()
    made.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    made.add_paragraph("第一章 总则\t3", style="toc 1")
    made.add_paragraph(WORDS)
    file = io.BytesIO()
    made.save(file)
    document = read_bytes(file.getvalue(), "a.docx")
    assert [each.kind for each in document.blocks] == ["furniture", "paragraph"]
    assert [document.text[each.start : each.end] for each in split_passages(document, len, 100)] == [WORDS]


def test_a_slide_is_a_page() -> None:
    document = read_bytes(writers.pptx_file([("第一页", WORDS), ("第二页", ENGLISH)], "讲者备注。", ROWS), "a.pptx")
    assert words(document) == ["第一页", WORDS, "第二页", ENGLISH, *TABLE, "讲者备注。"]
    assert page_at(document, document.text.index(WORDS)) == 1
    assert page_at(document, document.text.index(ENGLISH)) == 2


def test_rows_are_quoted_with_the_names_of_their_columns() -> None:
    import datetime

    sheets = {
        "收费": ROWS,
        "空": [],
        "人口": [
            ["2023年人口统计"],
            ["城市", "人口", "增长", "统计日"],
            ["甲市", 1200, 0.5, datetime.datetime(2024, 3, 5)],
        ],
    }
    document = read_bytes(writers.xlsx_file(sheets), "a.xlsx")
    assert words(document) == [
        "收费", *TABLE, "人口", "2023年人口统计", "城市: 甲市; 人口: 1200; 增长: 0.5; 统计日: 2024-03-05",
    ]  # fmt: skip
    for codec in ("utf-8", "gb18030", "utf-16"):
        assert words(read_bytes("区域;价格\n东城;10元\n西城;8元\n".encode(codec), "a.csv")) == TABLE
    assert words(read_bytes(b"1,2\n3,4\n", "a.csv")) == ["1; 2", "3; 4"]


@pytest.mark.parametrize(("number_format", "shown"), [
    (31, "2024-03-05"), (58, "2024-03-05"), (14, "2024-03-05"), (22, "2024-03-05 12:00"), (164, "2024-03-05 12:00"), (0, "45356.5"), (10**12, "45356.5"),
])  # fmt: skip
def test_a_day_is_a_day_in_whatever_way_a_workbook_says_so(number_format: int, shown: str) -> None:
    """Also by a format that Excel has built in for Chinese and writes down nowhere, and beside a fill that openpyxl refuses."""
    members = unpacked(writers.xlsx_file({"表": [["日期", "价格"], [45356.5 if " " in shown or "." in shown else 45356, 8]]}))
    members["xl/styles.xml"] = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="yyyy/m/d&quot; 时&quot; h:mm"/>'
        f'</numFmts><fills><fill/></fills><cellXfs><xf numFmtId="0" fontId="7"/><xf numFmtId="{number_format}"/></cellXfs></styleSheet>'
    ).encode()
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b'<c r="A2"', b'<c r="A2" s="1"')
    assert members["xl/worksheets/sheet1.xml"] != sheet
    assert words(read_bytes(packed(members), "a.xlsx")) == ["表", f"日期: {shown}; 价格: 8"]


@pytest.mark.parametrize("note", [
    '<a href="#fn1" role="doc-noteref"><sup>1</sup></a>', '<sup class="reference"><a href="#cite_note-3">[3]</a></sup>', '<sup><a href="notes.xhtml#n2">2</a></sup>',
    '<sup><a href="#a">①</a><a href="#b">②</a></sup>', '<a href="#fnref1">↩︎</a>',
])  # fmt: skip
def test_a_raised_number_that_leads_to_a_note_is_no_digit_of_what_stands_before_it(note: str) -> None:
    for page in (f"<p>更换管道三十七公里{note}，共投入资金六千八百万元。</p>", f"<p>更换管道三十七公里，{note}共投入资金六千八百万元。</p>"):
        assert words(read_bytes(writers.html_file(page), "a.html")) == ["更换管道三十七公里，共投入资金六千八百万元。"]


def test_other_links_and_raised_numbers_stay() -> None:
    page = '<p>面积12平方米是m<sup>2</sup>，见<a href="#2">第2条</a>和<a href="https://x.example/#1"><sup>1</sup></a>，<a href="#top">返回</a>。</p>'
    assert words(read_bytes(writers.html_file(page), "a.html")) == ["面积12平方米是m2，见第2条和1，返回。"]


def test_headings_of_rich_text_are_told_by_their_outline() -> None:
    styles = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2{\*\x}\outlinelevel1 heading 2;}{\s31\b Heading 3;}}"
    body = r"\pard\s1\outlinelevel0\b Fees\b0\par\pard Words of 2024.\par\pard\s2\outlinelevel1 {\fs28 In the east}\par\pard\outlinelevel9 1 more.\par\pard\s31\sb2 By style\par\pard\s0 End of C:\\s31.\par"
    document = read_bytes(rf"{{\rtf1\ansi\ansicpg1252{styles}{body}}}".encode(), "a.rtf")
    assert [(document.text[each.start : each.end], each.kind, each.level) for each in document.blocks] == [
        ("Fees", "heading", 1), ("Words of 2024.", "paragraph", 0), ("In the east", "heading", 2), ("1 more.", "paragraph", 0),
        ("By style", "heading", 3), ("End of C:\\s31.", "paragraph", 0),
    ]  # fmt: skip


def test_what_stands_around_the_rows_of_a_sheet_costs_none_of_them() -> None:
    members = unpacked(writers.xlsx_file({"表": ROWS}))
    sheet = members["xl/worksheets/sheet1.xml"]
    more = b'<dataValidations count="x"><dataValidation kind="1"/></dataValidations><pageSetup orientation="upwards"/><mergeCells count="y"><mergeCell/></mergeCells></worksheet>'
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"</worksheet>", more).replace(b'<row r="3"', b'<row r="99999999999"')
    assert members["xl/worksheets/sheet1.xml"].count(b"99999999999") == 1
    assert words(read_bytes(packed(members), "a.xlsx")) == ["表", *TABLE]


def test_a_table_in_rich_text_is_read_row_by_row_and_a_stroke_in_words_is_a_stroke() -> None:
    rows = "".join(rf"\trowd\cellx1000\cellx2000 {one}\cell {other}\cell\row" for one, other in [("Place", "Price"), ("East \\\\cell", "a|b"), ("West", "8")])
    # Also where each cell's paragraph is ended, as pandoc does.
    rows = rows.replace("West\\cell", "{\\pard\\intbl West\\par}\\cell").replace("8\\cell", "{8\\par}\\cell")
    data = rf"{{\rtf1\ansi\ansicpg1252 Before a|b.\par {rows} After.\par}}".encode()
    document = read_bytes(data, "a.rtf")
    assert words(document) == ["Before a|b.", "Place: East \\cell; Price: a|b", "Place: West; Price: 8", "After."]
    assert [each.kind for each in document.blocks] == ["paragraph", "table", "table", "paragraph"]


def test_quotation_marks_that_quote_no_cell_stand_for_themselves() -> None:
    document = read_bytes('品名,尺寸\n"大"管,"5\n水管,3"\n'.encode(), "a.csv")
    assert words(document) == ['品名: "大"管; 尺寸: "5', '品名: 水管; 尺寸: 3"']


def test_only_the_main_text_of_a_web_page_is_kept() -> None:
    menu = "<nav><ul><li><a href='/'>首页</a></li><li>关于我们</li></ul></nav>"
    main = f"<article><h1>{HEADLINE}</h1><p>{WORDS * 3}</p><ul><li>一类区</li></ul><p>短。</p></article>"
    related = "<aside><p>相关阅读</p></aside><footer>版权所有</footer><script>var 坏 = 1</script><p style='display: none'>暗</p>"
    head = f'<title>{HEADLINE} - 某报</title><meta name="author" content="张三"><meta name="date" content="2024-03-05T08:00">'
    document = read_bytes(writers.html_file(menu + main + related, head), "a.html")
    assert words(document) == [HEADLINE, WORDS * 3, "一类区", "短。"]
    assert [each.kind for each in document.blocks] == ["heading", "paragraph", "list", "paragraph"]
    assert document.title == HEADLINE
    assert document.metadata == {"author": "张三", "date": "2024-03-05"}


def test_a_page_is_read_in_the_encoding_it_declares() -> None:
    page = f"<html><meta charset=gb2312><body><p>{WORDS}</p><p>镕</p></body></html>"
    assert words(read_bytes(page.encode("gbk"), "a.html")) == [WORDS, "镕"]


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    document = read_bytes(writers.epub_file([f"<h1>上</h1><p>{WORDS}</p>", f"<h1>下</h1><p>{ENGLISH}</p>"]), "a.epub")
    assert words(document) == ["上", WORDS, "下", ENGLISH]
    assert document.title == "城市史"
    assert document.metadata == {"author": "王五", "date": "2020-05-01", "language": "zh"}


def test_rich_text_keeps_title_and_author() -> None:
    document = read_bytes(writers.rtf_file([WORDS, "𠮷野家"], "办法"), "a.rtf")
    assert words(document) == [WORDS, "𠮷野家"]
    assert document.title == "办法" and document.metadata["author"] == "赵六"


def test_a_letter_and_what_is_attached_are_documents() -> None:
    data = writers.eml_file("停车收费", WORDS, {"附件.docx": writers.docx_file("", [ENGLISH]), "photo.xyz": b"1"})
    documents, failures = all_of(data, "信.eml")
    assert [each.name for each in documents] == ["信.eml", "信.eml/附件.docx"]
    assert words(documents[0])[0] == "停车收费" and words(documents[0])[-1] == WORDS
    assert documents[0].metadata["date"] == "2024-03-05" and documents[0].metadata["author"].startswith("张三")
    assert failures == ["信.eml/photo.xyz is of no known kind; leave it out, or convert it to PDF or text"]


def test_the_html_of_a_letter_is_read_where_it_has_no_plain_text() -> None:
    letter = b"Subject: a\nContent-Type: text/html; charset=utf-8\n\n<p>" + WORDS.encode() + b"</p><script>x</script>"
    assert words(read_bytes(letter, "a.eml")) == ["a", WORDS]


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tgz"])
def test_an_archive_is_every_document_in_it(kind: str) -> None:
    members = {
        "卷一/a.txt": WORDS.encode(),
        "b.docx": writers.docx_file("", [ENGLISH]),
        "__MACOSX/._b.docx": b"x",
        ".DS_Store": b"x",
    }
    inner = writers.zip_file({"c.html": writers.html_file(f"<p>{ARABIC}</p>")})
    make = writers.zip_file if kind == "zip" else writers.tar_file
    documents, failures = all_of(make({**members, "inner.zip": inner}), f"a.{kind}")
    assert [each.name for each in documents] == [
        f"a.{kind}/卷一/a.txt",
        f"a.{kind}/b.docx",
        f"a.{kind}/inner.zip/c.html",
    ]
    assert [words(each)[-1] for each in documents] == [WORDS, ENGLISH, ARABIC] and not failures


def test_each_line_of_json_lines_is_a_document() -> None:
    rows = [
        {"id": "a7", "title": "停车", "text": WORDS, "date": "2024年3月5日", "tags": ["x"], "pages": 3},
        {"name": "b", "content": ENGLISH},
        {"body": ARABIC},
    ]
    documents, failures = all_of(writers.jsonl_file(rows), "news.jsonl")
    assert [each.name for each in documents] == ["news.jsonl/a7", "news.jsonl/b", "news.jsonl/3"]
    assert [words(each) for each in documents] == [[WORDS], [ENGLISH], [ARABIC]]
    assert documents[0].title == "停车" and documents[0].metadata == {"date": "2024-03-05", "pages": "3"}
    assert not failures


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-03-05T08:00:00Z", "2024-03-05"),
        ("D:20240305080000+08'00'", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("2024/3/5", "2024-03-05"),
        ("Tue, 05 Mar 2024 08:00:00 +0800", "2024-03-05"),
        ("3/5/2024", ""),
        ("20241399", ""),
        ("last week", ""),
        ("", ""),
    ],
)
def test_dates_are_kept_where_they_are_certain(written: str, day: str) -> None:
    assert iso_date(written) == day


ANY = st.text(max_size=60)
XML = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"), max_size=60)


def visible(text: str) -> str:
    return "".join(clean(text).split())


def holds(document: Document, texts: list[str]) -> None:
    is_whole(document)
    assert [each for each in map(visible, texts) if each] == [each for each in map(visible, words(document)) if each]


def try_to_read(data: bytes, name: str, texts: list[str]) -> None:
    if any(visible(each) for each in texts):
        holds(read_bytes(data, name), texts)
    else:
        with pytest.raises(UnreadableFile):
            read_bytes(data, name)


@settings(max_examples=40, deadline=None)
@given(st.lists(XML, max_size=4))
def test_word_files_lose_no_text(texts: list[str]) -> None:
    try_to_read(writers.docx_file("", texts), "a.docx", texts)


@settings(max_examples=100, deadline=None)
@given(st.lists(XML, max_size=4))
def test_web_pages_lose_no_text(texts: list[str]) -> None:
    try_to_read(writers.html_file("".join(f"<p>{escape(each)}</p>" for each in texts)), "a.html", texts)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(ANY, min_size=width, max_size=width), min_size=1)))
def test_tables_lose_no_text(rows: list[list[str]]) -> None:
    # NULs are of no text; the other marks that tables are split at would leave open which splits this one.
    rows = [["x" + re.sub("[\0;\t|]", "", cell) for cell in row] for row in rows]
    document = read_bytes(writers.csv_file(rows), "a.csv")
    is_whole(document)
    text = visible(document.text)
    assert all(visible(cell) in text for row in rows for cell in row)


@settings(max_examples=100, deadline=None)
@given(st.lists(ANY, max_size=4))
def test_json_lines_lose_no_text(texts: list[str]) -> None:
    documents, failures = all_of(writers.jsonl_file([{"text": each} for each in texts]), "a.jsonl")
    for each in documents:
        is_whole(each)
    assert ["".join(each.text.split()) for each in documents] == [visible(each) for each in texts if visible(each)]
    assert len(failures) == sum(not visible(each) for each in texts) + (not texts)
