"""Numbers that Word counts itself are read where they stand on the page."""

import io

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st

from corpus import read_bytes
from corpus.readers.numbering import written
from tests.test_readers import words

SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
Level = tuple[str, str] | tuple[str, str, str]


def numbered(lists: list[list[Level]], paragraphs: list[tuple[int | str | None, int, str]], more: str = "", styles: tuple[str, ...] = ()) -> bytes:
    """A Word file: each list has levels of (kind, form[, style]); each paragraph the number of its list or its style, its level, its words."""
    made = docx.Document()
    root = made.part.numbering_part.element
    for child in list(root):
        root.remove(child)
    for number, levels in enumerate(lists, 1):
        inside = "".join(
            f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
            + "".join(f'<w:pStyle w:val="{each}"/>' for each in style) + f'<w:lvlText w:val="{form}"/></w:lvl>'
            for at, (kind, form, *style) in enumerate(levels)
        )  # fmt: skip
        root.append(parse_xml(f'<w:abstractNum {SPACE} w:abstractNumId="{number}">{inside}</w:abstractNum>'))
    for number in range(1, len(lists) + 1):
        root.append(parse_xml(f'<w:num {SPACE} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'))
    if more:
        root.append(parse_xml(more))
    for each in styles:
        made.styles.element.append(parse_xml(each))
    for of_list, level, text in paragraphs:
        paragraph = made.add_paragraph(text)
        properties = paragraph._p.get_or_add_pPr()
        if isinstance(of_list, str):
            properties.append(parse_xml(f'<w:pStyle {SPACE} w:val="{of_list}"/>'))
        elif of_list is not None:
            properties.append(parse_xml(f'<w:numPr {SPACE}><w:ilvl w:val="{level}"/><w:numId w:val="{of_list}"/></w:numPr>'))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def test_articles_of_a_regulation_have_their_numbers_through_all_chapters() -> None:
    chapters, articles = [("chineseCountingThousand", "第%1章")], [("chineseCountingThousand", "第%1条"), ("chineseCounting", "（%2）"), ("decimal", "%3.")]
    paragraphs = [
        (1, 0, "总则"), (2, 0, "本办法适用于全市。"), (2, 1, "停车场；"), (2, 1, "道路泊位。"), (2, 2, "含夜间泊位。"), (1, 0, "收费"), (2, 0, "一类区每小时十元。"),
        (2, 1, "白天；"), (None, 0, "解释权归市政府。"), *((2, 0, f"条文{number}。") for number in range(3, 12)),
    ]  # fmt: skip
    assert words(read_bytes(numbered([chapters, articles], paragraphs), "a.docx"))[:-8] == [
        "第一章 总则", "第一条 本办法适用于全市。", "（一）停车场；", "（二）道路泊位。", "1. 含夜间泊位。", "第二章 收费", "第二条 一类区每小时十元。", "（一）白天；",
        "解释权归市政府。", "第三条 条文3。",
    ]  # fmt: skip
    assert words(read_bytes(numbered([chapters, articles], paragraphs), "a.docx"))[-1] == "第十一条 条文11。"


def test_numbers_of_several_levels_are_said_together() -> None:
    levels = [("decimal", "%1"), ("decimal", "%1.%2"), ("lowerLetter", "%1.%2 %3)"), ("upperRoman", "%4.")]
    paragraphs = [(1, 0, "a"), (1, 1, "b"), (1, 1, "c"), (1, 2, "d"), (1, 2, "e"), (1, 0, "f"), (1, 1, "g"), (1, 3, "h")]
    assert words(read_bytes(numbered([levels], paragraphs), "a.docx")) == ["1 a", "1.1 b", "1.2 c", "1.2 a) d", "1.2 b) e", "2 f", "2.1 g", "I. h"]


def test_a_list_begins_again_where_the_file_says_so() -> None:
    again = f'<w:num {SPACE} w:numId="7"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    paragraphs = [(1, 0, "a"), (1, 0, "b"), (7, 0, "c"), (7, 0, "d"), (0, 0, "e"), (9, 0, "f")]
    assert words(read_bytes(numbered([[("decimal", "%1.")]], paragraphs, again), "a.docx")) == ["1. a", "2. b", "5. c", "6. d", "e", "f"]


def test_headings_are_numbered_by_their_styles() -> None:
    styles = (
        f'<w:style {SPACE} w:type="paragraph" w:styleId="Chapter"><w:name w:val="heading 8"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>',
        f'<w:style {SPACE} w:type="paragraph" w:styleId="Part"><w:name w:val="heading 9"/><w:basedOn w:val="Chapter"/></w:style>',
    )
    levels: list[Level] = [("decimal", "%1.", "Chapter"), ("decimal", "%1.%2", "Part")]
    document = read_bytes(numbered([levels], [("Chapter", 0, "总则"), ("Part", 0, "目的"), ("Part", 0, "范围"), ("Chapter", 0, "收费")], styles=styles), "a.docx")
    assert words(document) == ["1. 总则", "1.1 目的", "1.2 范围", "2. 收费"] and {each.kind for each in document.blocks} == {"heading"}


def test_marks_are_no_numbers() -> None:
    document = read_bytes(numbered([[("bullet", "•")], [("none", "")]], [(1, 0, "a"), (2, 0, "b")]), "a.docx")
    assert words(document) == ["a", "b"] and {each.kind for each in document.blocks} == {"list"}


@pytest.mark.parametrize(("number", "shown"), [
    (1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五"), (100, "一百"), (101, "一百零一"), (110, "一百一十"), (111, "一百一十一"), (1000, "一千"),
    (1001, "一千零一"), (1010, "一千零一十"), (2024, "二千零二十四"), (10_000, "10000"),
])  # fmt: skip
def test_chinese_numbers(number: int, shown: str) -> None:
    assert written(number, "chineseCountingThousand") == shown


@pytest.mark.parametrize(("number", "kind", "shown"), [
    (28, "lowerLetter", "bb"), (1994, "upperRoman", "MCMXCIV"), (4000, "lowerRoman", "4000"), (3, "decimalZero", "03"), (12, "decimalEnclosedCircle", "⑫"),
    (21, "decimalEnclosedCircle", "21"), (105, "chineseCounting", "一〇五"), (3, "ideographTraditional", "丙"), (12, "decimalFullWidth", "１２"), (5, "ordinal", "5"), (0, "upperLetter", "0"),
])  # fmt: skip
def test_other_ways_of_writing(number: int, kind: str, shown: str) -> None:
    assert written(number, kind) == shown


KINDS = st.sampled_from(["decimal", "chineseCountingThousand", "upperRoman", "lowerLetter", "bullet", "none", "cardinalText", "decimalEnclosedCircle"])
LEVELS = st.lists(st.tuples(KINDS, st.text(st.sampled_from("%123459第条. "), max_size=8)), min_size=1, max_size=9)


@given(st.lists(LEVELS, min_size=1, max_size=2), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12), st.sampled_from(["甲", "乙丙"])), min_size=1, max_size=8))
def test_any_list_keeps_every_paragraphs_words(lists: list[list[Level]], paragraphs: list[tuple[int, int, str]]) -> None:
    found = words(read_bytes(numbered(lists, list(paragraphs)), "a.docx"))
    assert len(found) == len(paragraphs) and all(each.endswith(text) for each, (_, _, text) in zip(found, paragraphs, strict=True))
