"""A conversation as a file: quotes come out of it word for word."""

import json
from dataclasses import replace
from io import BytesIO
from unicodedata import category
from zipfile import ZipFile

import pytest
from docx import Document as open_docx
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag import Answer, Found, Quote, answer_to_json
from ui.export import FORMATS, as_docx, as_json, as_markdown, file_name, shown, source_line
from ui.talks import Turn

# All that Markdown takes as markup somewhere, text of many scripts, and spaces of many kinds.
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(list("*_`<>[]()#+-=.!|~$&:;\\/\"'^{}@%\n\t \u3000\u00a0\u2028\ufeff\u200d10a中“”（），。،»é\u0301😀￥")),
        st.sampled_from(["- ", "+ ", "1. ", "2) ", "> ", "# ", "\n\n", "***", "---", "===", "```", "~~~", "&amp;", "&#42;", "<b>",
                         "![a](b)", "[a]: /b", "| a | b |\n|--|--|", "    ", "  \n", "\\\n", "https://a.b/c_d_e", "دخلت", "Ёлка"]),
        st.characters(),
    ),
    max_size=14,
).map("".join)  # fmt: skip
CREATED = "2024-01-15T10:15:00.123456+00:00"
TITLES = {"2023重庆民营企业100强发布会", "*Annual_Report* [draft] <b>", "1. План #5 | итоги"}


def quote(text: str, words: str | None = None, name: str = "news/重庆日报.txt", title: str = "民企100强发布会举行", page: int | None = 3) -> Quote:
    at = None if words is None else 1000 + text.index(words)
    end = None if at is None or words is None else at + len(words)
    return Quote("d", name, title, text, 1000, 1000 + len(text), page, ("要闻",), at, end, 9.5)


def turn(*quotes: Quote, question: str = "发布会是哪天举行的？", passages: tuple[Found, ...] = ()) -> Turn:
    return Turn("t1", question, Answer(question, bool(quotes), 0.9, quotes, passages, {"total": 12.0}), CREATED)


def nearest(title: str, name: str) -> Found:
    return Found("d", name, title, "轨道交通4号线全长三十二公里。", 40, 54, None, (), 0.8)


def markdown(*turns: Turn, title: str = "对话") -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(as_markdown(title, turns).decode())


def plain(inline: Token) -> str:
    """What a person reads of a paragraph: nothing in it may be anything but text, line breaks and bold."""
    said = []
    for each in inline.children or []:
        assert each.type in ("text", "hardbreak", "strong_open", "strong_close"), each
        said.append("\n" if each.type == "hardbreak" else each.content)
    return "".join(said)


def bold(inline: Token) -> str:
    children = inline.children or []
    kinds = [each.type for each in children]
    if "strong_open" not in kinds:
        return ""
    first, last = kinds.index("strong_open"), kinds.index("strong_close")
    return plain(Token("inline", "", 0, children=children[first : last + 1]))


def block_quotes(tokens: list[Token]) -> list[Token]:
    """The one paragraph of each block quote."""
    found = []
    for at, each in enumerate(tokens):
        if each.type == "blockquote_open":
            inside = [token.type for token in tokens[at + 1 : at + 5]]
            assert inside == ["paragraph_open", "inline", "paragraph_close", "blockquote_close"], inside
            found.append(tokens[at + 2])
    return found


def paragraphs(*turns: Turn, title: str = "对话", style: str | None = None) -> list[Paragraph]:
    document = open_docx(BytesIO(as_docx(title, turns)))
    return [each for each in document.paragraphs if style in (None, style_of(each))]


def style_of(paragraph: Paragraph) -> str | None:
    return paragraph.style.name if paragraph.style is not None else None


def bold_words(paragraph: Paragraph) -> str:
    return "".join(run.text for run in paragraph.runs if run.bold)


@st.composite
def marked_quotes(draw: st.DrawFn) -> Quote:
    before, words, after = draw(HOSTILE), draw(HOSTILE), draw(HOSTILE)
    made = quote(before + words + after)
    marked = replace(made, answer_start=1000 + len(before), answer_end=1000 + len(before) + len(words))
    return draw(st.sampled_from([made, marked])) if words else made


def words_of(of: Quote) -> str:
    if of.answer_start is None or of.answer_end is None:
        return ""
    return shown(of.text[of.answer_start - of.start : of.answer_end - of.start]).strip()


# Markdown


@settings(max_examples=400, deadline=None)
@given(marked_quotes())
@example(quote("他说“今天”来了", "“今天”"))
@example(quote("a**b**c", "**b**"))
@example(quote("中“文”中文", "文”"))
@example(quote("\n\n 1. 一\n\n\n# 二 \n", "一\n\n\n# 二"))
@example(quote("a\\", "a\\"))
@example(quote("中\u2028*文", "*"))
def test_markdown_reads_as_the_quote_word_for_word(of: Quote) -> None:
    tokens = markdown(turn(of))
    if shown(of.text):
        (inline,) = block_quotes(tokens)
        assert plain(inline) == shown(of.text)
        assert bold(inline) == words_of(of)
    assert sum(each.type == "heading_open" for each in tokens) == 2


@settings(max_examples=300, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_questions_titles_and_names_are_no_markup(question: str, title: str, name: str) -> None:
    of = quote("会议于10月17日举行。", "10月17日", name, title)
    inlines = [plain(each) for each in markdown(turn(of, question=question), title=title) if each.type == "inline"]
    assert inlines[0] == " ".join(shown(title).split())
    assert inlines[1] == " ".join(shown(question).split())
    assert inlines[-2:] == [of.text, f"— {source_line(of)}"]


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_passages_named_in_markdown_are_no_markup(title: str) -> None:
    passages = (nearest(title, "a_b*.txt"), nearest("第二", "c.txt"))
    inlines = [plain(each) for each in markdown(turn(passages=passages)) if each.type == "inline"]
    assert inlines[-2:] == [source_line(each) for each in passages]


@pytest.mark.parametrize(
    "text",
    ["_重_ __庆__", "*重* **庆**", "`重庆`", "<b>重庆</b>", "<https://a.b>", "[重](庆)", "![重](庆)", "&amp; &#42; &copy;", "~~重庆~~", "\\*重",
     "# 重", "- 重", "+ 重", "* 重", "1. 重", "2) 重", "> 重", "***", "---", "重\n---", "重\n===", "```\n重\n```", "    重", "[重]: /庆", "|重|庆|\n|-|-|\n|a|b|"],
)  # fmt: skip
def test_what_markdown_would_take_as_markup_is_text(text):
    (inline,) = block_quotes(markdown(turn(quote(text))))
    assert plain(inline) == text and bold(inline) == ""
    (inline,) = block_quotes(markdown(turn(quote(text, text))))
    assert plain(inline) == text and bold(inline) == text.strip()


def test_dollars_are_no_formulas():
    assert r"\$5 and \$6" in as_markdown("", [turn(quote("between $5 and $6."))]).decode()


def test_markdown_is_easy_to_read_as_it_is():
    text = as_markdown("民企100强", [turn(quote("本报讯(首席记者 周允)10月17日，2023重庆民营企业100强发布会举行。", "10月17日"))]).decode()
    assert text == (
        "# 民企100强\n\n## 发布会是哪天举行的？\n\n2024-01-15 10:15 UTC\n\n"
        "> 本报讯(首席记者 周允)**10月17日**，2023重庆民营企业100强发布会举行。\n\n"
        "— 民企100强发布会举行 · news/重庆日报.txt · 第 3 页 page 3 · 字符 characters 1000–1039\n"
    )


def test_a_quote_of_several_lines_is_one_block_quote():
    text = "关于印发规划的通知\n\n1. 总体要求\n- 坚持绿色发展\n> 附件"
    (inline,) = block_quotes(markdown(turn(quote(text))))
    assert plain(inline) == text


def test_markdown_says_how_a_question_was_understood():
    asked = turn(quote("会议于10月17日举行。"), question="那他呢？")
    taken = replace(asked, answer=replace(asked.answer, understood="李明*的*职务是什么？"))
    assert "接着上文理解 Understood as: 李明*的*职务是什么？" in [plain(each) for each in markdown(taken) if each.type == "inline"]


# Word


@settings(max_examples=25, deadline=None)
@given(marked_quotes(), HOSTILE)
@example(quote("会议\x00于\x0b10月17日\x1f举行\ufffe。", "10月17日\x1f"), "\x00\ud800")
def test_word_reads_as_the_quote_word_for_word(of: Quote, title: str) -> None:
    made = turn(replace(of, title=title), question=title)
    first, question, _, paragraph, source = paragraphs(made, title=title)
    assert paragraph.text == shown(of.text)
    assert bold_words(paragraph) == words_of(of)
    assert first.text == question.text == " ".join(shown(title).split())
    assert source.text == f"— {source_line(made.answer.quotes[0])}"


@pytest.mark.parametrize(
    ("text", "words"),
    [("افتُتح الجسر في 17 أكتوبر 2023 بحضور الوزير.", "17 أكتوبر 2023"), ("הגשר נפתח ב-17 באוקטובר.", "17 באוקטובר")],
)
def test_a_right_to_left_quote_is_marked_so_and_its_answer_is_bold(text, words):
    (paragraph,) = paragraphs(turn(quote(text, words)), style="Quote")
    assert paragraph._p.pPr is not None and paragraph._p.pPr.find(qn("w:bidi")) is not None
    assert all(run.font.rtl for run in paragraph.runs)
    assert "".join(run.text for run in paragraph.runs if run.font.cs_bold) == bold_words(paragraph) == words


@pytest.mark.parametrize("text", ["会议于10月17日举行。", "The bridge (الجسر) opened.", "大橋は2019年に開通した。", "Мост открыт 5 мая."])
def test_a_left_to_right_quote_is_not_marked(text):
    (paragraph,) = paragraphs(turn(quote(text, text[:2])), style="Quote")
    assert paragraph._p.pPr is not None and paragraph._p.pPr.find(qn("w:bidi")) is None
    assert not any(run.font.rtl for run in paragraph.runs)


def test_word_has_a_heading_a_question_and_a_source_under_each_quote():
    first = quote("会议于10月17日举行。", "10月17日")
    second = quote("卢红出席并讲话。", page=None)
    read = [(style_of(each), each.text) for each in paragraphs(turn(first, second), title="民企100强")]
    assert read == [
        ("Title", "民企100强"),
        ("Heading 1", "发布会是哪天举行的？"),
        ("Normal", "2024-01-15 10:15 UTC"),
        ("Quote", "会议于10月17日举行。"),
        ("Normal", "— 民企100强发布会举行 · news/重庆日报.txt · 第 3 页 page 3 · 字符 characters 1000–1012"),
        ("Quote", "卢红出席并讲话。"),
        ("Normal", "— 民企100强发布会举行 · news/重庆日报.txt · 字符 characters 1000–1008"),
    ]


def test_the_elements_of_a_word_paragraph_stand_in_the_order_of_its_schema():
    file = as_docx("الجسر", [turn(quote("افتُتح الجسر.", "الجسر"))])
    body = ZipFile(BytesIO(file)).read("word/document.xml").decode()
    assert '<w:pPr><w:pStyle w:val="Quote"/><w:bidi/></w:pPr>' in body
    assert "<w:rPr><w:b/><w:bCs/><w:rtl/></w:rPr>" in body


# No answer, in both


def test_without_an_answer_the_nearest_passages_are_named_and_none_is_quoted():
    passages = tuple(nearest(f"轨道交通{number}号线", f"{number}.txt") for number in range(5))
    asked = turn(question="4号线的票价是多少？", passages=passages)
    inlines = [plain(each) for each in markdown(asked) if each.type == "inline"]
    read = [each.text for each in paragraphs(asked)]
    for said in (inlines, read):
        assert said[3:] == [
            "文中没有答案 Not in these documents",
            "最接近的段落，它们不是答案 The nearest passages, which are no answer:",
            *(source_line(each) for each in passages[:3]),
        ]
    assert block_quotes(markdown(asked)) == [] and "三十二公里" not in "".join(inlines + read)


def test_where_no_document_fulfils_the_condition_it_says_so():
    assert paragraphs(turn())[-1].text == "没有符合条件的文档 No document fulfils the condition"
    assert plain(markdown(turn())[-2]) == "没有符合条件的文档 No document fulfils the condition"


# JSON


@settings(max_examples=100, deadline=None)
@given(marked_quotes())
def test_json_is_what_ask_prints_with_ids_and_times(of: Quote) -> None:
    made = turn(replace(of, document="\udcff.txt"))
    read = json.loads(as_json("对话", [made, made]))
    assert read == {"title": "对话", "turns": [{"id": "t1", "created": CREATED} | answer_to_json(made.answer)] * 2}


def test_every_format_takes_a_conversation_without_questions():
    assert set(FORMATS) == {"md", "json", "docx"}
    assert all(write("对话", []) for write in FORMATS.values())


# Names


@settings(max_examples=400, deadline=None)
@given(st.one_of(HOSTILE, st.text(max_size=200), st.sampled_from(["CON", "nul.txt", "Com1 ", "lpt³", ". .", "..", "-rf", ""])), st.sampled_from(list(FORMATS)))  # fmt: skip
def test_any_title_gives_a_safe_name(title: str, ending: str) -> None:
    name = file_name(title, ending)
    stem = name.removesuffix(f".{ending}")
    assert name != stem != ""
    assert len(name.encode()) <= 80
    assert not set(name) & set('/\\:*?"<>|\u202e\u2066')
    assert not {category(each) for each in name} & {"Cc", "Cs", "Zl", "Zp"}
    assert stem[0] not in ".- " and stem[-1] not in ". "
    assert stem.split(".")[0].strip().upper() not in {"CON", "NUL", "COM1", "LPT³", "PRN", "AUX"}
    assert file_name(stem, ending) == name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("2023/24年度：总结\n报告?", "2023 24年度：总结 报告.md"),
        ("../../etc/passwd", "etc passwd.md"),
        ("con", "_con.md"),
        ("Console", "Console.md"),
        ("nul.txt", "_nul.txt.md"),
        ("", "conversation.md"),
        ("???", "conversation.md"),
        ("отчёт\u202ecod.exe", "отчёт cod.exe.md"),
        ("大" * 50, "大" * 25 + ".md"),
        ("👨‍👩‍👧‍👦" * 10, "👨‍👩‍👧‍👦" * 3 + ".md"),
    ],
)
def test_names_of_titles(title, name):
    assert file_name(title, "md") == name
