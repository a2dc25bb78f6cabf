"""Which documents are asked: what is chosen in the page is one condition, and picks exactly what was chosen."""

import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from corpus.errors import QuestionError
from corpus.where import fulfils, parse_where, searchable
from rag import Assistant, index_paths
from tests.cheap import CheapEncoder, cheap_library
from tests.test_browser import Served, answered, ask, browser, opened
from ui.filters import Limits, asked_html, condition_of, language_name, limits_html, limits_of, limits_text

__all__ = ["browser"]
# Quotation marks, brackets, operators and words of the condition's own language, as they stand in values.
VALUES = st.text(alphabet="ab王 \"'\\“”「」()（）=<>!~≤；andort\n", min_size=1, max_size=12).filter(str.strip)
ROWS = {
    "甲.txt": ("要闻", "2023-10-05", "zh"),
    "乙.txt": ("要闻", "2023-11-01", "zh"),
    'c "x" (1).txt': ("Arts & \"Books\" (new) and more", "2023-10", "en"),
    "d.txt": ("国际", "2024-01-31", "es"),
}


def alike(value: str) -> str:
    """Conditions do not tell values apart by case and width."""
    return normalize("NFKC", value).casefold().strip()


@pytest.mark.parametrize("question", ["呢", "q", "那他呢？", "???", "水位"])
def test_a_question_without_a_word_of_the_library_is_asked_of_some_documents(tmp_path: Path, question: str) -> None:
    (tmp_path / "in").mkdir()
    for number in range(40):
        (tmp_path / "in" / f"{number}.txt").write_text(f"第{number}份文件说水位在夜里涨了{number}米。", encoding="utf8")
    with cheap_library(tmp_path / "library") as library:
        index_paths([tmp_path / "in"], library, CheapEncoder())
    with Assistant.open(tmp_path / "library", CheapEncoder()) as assistant:
        answer = assistant.ask(question, where='name = "3.txt" or name = "39.txt"')
        assert {each.document for each in answer.passages} == {"3.txt", "39.txt"}


@settings(max_examples=300, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=6, unique_by=alike), st.data())
def test_whatever_stands_in_values_exactly_the_documents_that_have_them_are_chosen(values: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
    for limits, key in ((Limits(sections=tuple(chosen)), "section"), (Limits(languages=tuple(chosen)), "language")):
        condition = parse_where(condition_of(limits, "en") or "")
        found = [each for each in values if fulfils(searchable("a.txt", "A", {key: each}), condition)]
        assert found == [each for each in values if each in chosen]
    condition = parse_where(condition_of(Limits(documents=tuple(chosen)), "en") or "")
    assert [each for each in values if fulfils(searchable(each, "A", {}), condition)] == [each for each in values if each in chosen]


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_words_find_the_titles_and_the_names_that_hold_them(words: str) -> None:
    condition = parse_where(condition_of(limits_of(None, None, None, None, None, words, None), "en") or "")
    assert fulfils(searchable(f"a/{words}.txt", "A", {}), condition)
    assert fulfils(searchable("a.txt", f"看 {words} 看", {}), condition)
    assert not fulfils(searchable("9.9", "9", {}), condition)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(languages=("zh",)), ["甲.txt", "乙.txt"]),
        (Limits(languages=("zh", "es"), sections=("国际", "要闻"), since="2023-11"), ["乙.txt", "d.txt"]),
        (Limits(since="2023-10", until="2023-10"), ["甲.txt", 'c "x" (1).txt']),
        (Limits(since="2023年10月5日", until="2023"), ["甲.txt", "乙.txt"]),
        (Limits(until="２０２３／１０"), ["甲.txt", 'c "x" (1).txt']),
        (Limits(sections=("Arts & \"Books\" (new) and more",)), ['c "x" (1).txt']),
        (Limits(documents=("d.txt", 'c "x" (1).txt')), ['c "x" (1).txt', "d.txt"]),
        (Limits(words="(1)"), ['c "x" (1).txt']),
        (Limits(languages=("zh",), condition="date > 2023-10 or section = 国际"), ["乙.txt"]),
        (Limits(condition="not language = zh"), ['c "x" (1).txt', "d.txt"]),
    ],
)  # fmt: skip
def test_all_that_is_chosen_must_be_fulfilled(limits: Limits, expected: list[str]) -> None:
    condition = parse_where(condition_of(limits, "en") or "")
    rows = {name: searchable(name, "标题", {"section": s, "date": d, "language": code}) for name, (s, d, code) in ROWS.items()}
    assert [name for name, fields in rows.items() if fulfils(fields, condition)] == expected


def test_nothing_chosen_is_no_condition_and_says_nothing() -> None:
    nothing = limits_of([], None, " ", "", [], "", "\t")
    assert condition_of(nothing, "zh") is None
    assert limits_text(nothing, "zh") == limits_html(nothing, "zh") == asked_html(nothing, "zh") == asked_html(None, "zh") == ""


@pytest.mark.parametrize("text", ["昨天", "2023-13", "2023-02-30", "23", "2023-10-05-01", "0000"])
def test_what_is_no_date_gets_a_sentence_with_it(text: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(text)) as error:
        condition_of(Limits(since=text), "en")
    assert "write 2023, 2023-10 or 2023-10-05" in str(error.value)
    assert "不是日期" in limits_html(Limits(until=text), "zh")


def test_dates_the_wrong_way_round_get_a_sentence() -> None:
    with pytest.raises(QuestionError, match="2024 is after 2023-10; exchange the two dates"):
        condition_of(Limits(since="2024", until="2023-10"), "en")
    with pytest.raises(QuestionError, match="character 12"):
        condition_of(Limits(languages=("zh",), condition="author ~ 王 小"), "en")


def test_what_is_chosen_is_said_in_the_pages_language_and_as_text() -> None:
    limits = Limits(("zh", "es"), ("<b>",), "2023-10", "", ("1", "2", "3", "4"), "", "author ~ 王")
    assert limits_text(limits, "zh") == "语言 中文、西班牙语；栏目 <b>；2023-10 起；文档 1、2、3 等 4 份；author ~ 王"
    assert limits_text(limits, "en").startswith("Language Chinese, Spanish; Section <b>; from 2023-10; Documents 1, 2, 3 and others, 4")
    assert "&lt;b&gt;" in limits_html(limits, "en") and "<b>" not in limits_html(limits, "en") + asked_html(limits, "en")
    assert language_name("zh-Hant", "en") == "Chinese (Traditional)" and language_name("xx?", "en") == "xx?"


def test_a_library_says_what_there_is_to_choose_and_only_what_is_chosen_is_asked(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("第一份：今天下雨。")
    (folder / "b.txt").write_text("第二份：今天天晴。")
    (folder / "c.txt").write_text("第三份：今天刮风。")
    (folder / "metadata.csv").write_text('file,section,date\na.txt,"a ""b"" (c) or 王",2023-10\nb.txt,要闻,2023-11\n')
    encoder = CheapEncoder()
    with cheap_library(tmp_path / "library") as library:
        index_paths([folder], library, encoder)
        sections = library.distinct_values("section", 10)
        assert sections == ['a "b" (c) or 王', "要闻"]
        assert library.distinct_values("section", 1)[0] in sections and library.distinct_values('no "such" key', 10) == []
    with Assistant.open(tmp_path / "library", encoder) as assistant:
        for section, name in zip(sections, ("a.txt", "b.txt"), strict=True):
            answer = assistant.ask("今天下雨吗？", where=condition_of(Limits(sections=(section,)), "zh"))
            assert [each.document for each in answer.passages] == [name]


# In the page


@pytest.fixture(scope="module")
def served(sample_library: Path) -> Iterator[Served]:
    server = Served(sample_library)
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    one = opened(browser, served)
    yield one
    assert not one.broken  # type: ignore[attr-defined]
    one.context.close()


def test_a_reader_chooses_a_language_is_told_of_it_below_the_question_and_clears_it(page: Page) -> None:
    page.locator("#yinju-limits button").first.click()
    page.locator("#yinju-only-languages input").click(timeout=10_000)
    page.get_by_role("option", name="西班牙语").click()
    page.keyboard.press("Escape")
    page.locator("#yinju-limits button").first.click()
    expect(page.locator("#yinju-limited")).to_contain_text("只问：语言 西班牙语", timeout=10_000)
    ask(page, "¿Cuándo empiezan las restricciones de agua?")
    turn = page.locator(".yinju-turn").first
    expect(turn.locator(".yinju-card").first).to_be_visible(timeout=20_000)
    expect(turn).to_contain_text("只问了：语言 西班牙语")
    assert all("es/" in each for each in turn.locator(".yinju-card footer").all_text_contents())
    page.locator('#yinju-limited [data-do="clear"]').click()
    expect(page.locator("#yinju-limited")).to_have_text("", timeout=10_000)
    answered(page)
    expect(page.locator(".yinju-turn").first).not_to_contain_text("只问了")
    expect(page.locator(".yinju-turn").last).to_contain_text("只问了")


def test_documents_are_chosen_by_title_and_a_wrong_condition_keeps_the_question(page: Page) -> None:
    page.locator("#yinju-limits button").first.click()
    page.locator("#yinju-only-documents input").fill("metro")
    page.get_by_role("option", name="zh/metro-line-6.txt").click()
    page.locator("#yinju-where textarea, #yinju-where input").fill("language = en")
    ask(page, "地铁六号线什么时候开通？")
    expect(page.locator(".yinju-turn .yinju-none").first).to_be_visible(timeout=20_000)
    assert page.locator(".yinju-turn").first.locator(".yinju-card").count() == 0
    page.locator("#yinju-where textarea, #yinju-where input").fill("language = (")
    ask(page, "地铁六号线什么时候开通？")
    expect(page.locator("#yinju-talk .yinju-problem")).to_contain_text("cannot be read", timeout=20_000)
    expect(page.locator("textarea").first).to_have_value("地铁六号线什么时候开通？")
