from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import QuestionError
from corpus.where import All, Any, Comparison, Condition, Not, fulfils, parse_where, searchable, where_text
from rag import Assistant, index_paths
from tests.cheap import CheapEncoder, cheap_library

TEXT = st.text(min_size=0, max_size=12)
COMPARISONS = st.builds(Comparison, TEXT, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~"]), TEXT)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS)
def test_a_condition_written_out_reads_as_the_same(condition: Condition) -> None:
    assert parse_where(where_text(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a王=<>!~()\"' 年2024-andort“”（", max_size=30))
def test_any_text_is_a_condition_or_one_sentence(text: str) -> None:
    try:
        condition = parse_where(text)
    except QuestionError as error:
        assert "\n" not in str(error) or "\n" in text
    else:
        assert parse_where(where_text(condition)) == condition
        fulfils({"a": "王"}, condition)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('date >= 2024-01 and section = "国际" and not author ~ 王', True),
        ("date = 2024-01", True),
        ("date = 2024", True),
        ("date = 2024-01-15", True),
        ("date = 2024年1月", True),
        ("date < 2024-01", False),
        ("date <= 2024-01", True),
        ("date > 2024-01", False),
        ("date > 2023", True),
        ("date != 2024-02", True),
        ("DATE = 2024-01", True),
        ("Author = 李雷", True),
        ("author ~ 雷", True),
        ("page < 10", True),
        ("page >= 9", True),
        ("section = 国内 or section = 国际", True),
        ("not (section = 国际 or section = 国内)", False),
        ("section = 国内 or section = 国际 and author ~ 王", False),
        ("missing = x", False),
        ("missing != x", True),
        ("not missing ~ x", True),
        ("title ~ wind", True),
        ("section ＝ “国际”", True),
        ("author = '李雷' and（page＜10）", True),
    ],
)
def test_what_conditions_say(condition: str, expected: bool) -> None:
    metadata = {"Date": "2024年1月15日", "section": "国际", "byline": "李雷", "page": "9"}
    assert fulfils(searchable("a.txt", "Wind Farm", metadata), parse_where(condition)) is expected


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("author ~ 王 小", "character 12"),
        ("date >", "the end where a value was expected"),
        ("(a = b", "closing bracket"),
        ('a = "b', "is not closed"),
        ("a b", "one of <= >= != = < > ~"),
        ("a = b and", "the end where a field's name was expected"),
        ("", "the end where a field's name"),
        ("(" * 100 + "a = b", "inside one another"),
        ("a" * 20_000, "20,000 characters"),
    ],
)
def test_what_is_no_condition_names_the_place(condition: str, says: str) -> None:
    with pytest.raises(QuestionError, match="condition") as error:
        parse_where(condition)
    assert says in str(error.value)


def test_only_documents_that_fulfil_the_condition_are_asked_and_exactly_the_nearest_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = ["file,section,date"]
    for number in range(60):
        (folder / f"{number}.txt").write_text(f"第{number}号：今天{'下雨' * (number % 7)}，明天{'天晴' * (number % 5)}。")
        rows.append(f"{number}.txt,{'国际' if number % 3 else '国内'},2024-01-{number % 28 + 1:02}")
    (folder / "metadata.csv").write_text("\n".join(rows))
    encoder = CheapEncoder()
    with cheap_library(tmp_path / "library") as library:
        index_paths([folder], library, encoder)
    with Assistant.open(tmp_path / "library", encoder) as assistant:
        vector = encoder.encode_queries(["今天下雨吗？"])[0]
        everything = assistant.candidates("今天下雨吗？", vector, 100)
        labels = {each.name: each.metadata for each in assistant.library.list_documents()}
        wanted = [each for each in everything if labels[each.document.name]["section"] == "国内"]
        found = assistant.candidates("今天下雨吗？", vector, 7, "section = 国内")
        assert [each.score for each in found] == pytest.approx([each.score for each in wanted[:7]])
        assert all(labels[each.document.name]["section"] == "国内" for each in found)
        shown = assistant.ask("今天下雨吗？", 7, "section = 国内").passages
        assert {labels[each.document]["section"] for each in shown} == {"国内"} and len(shown) == 7
        assert len(assistant.ask("今天下雨吗？", 100, "section = 国内 and date = 2024-01-04").passages) == 1
        none = assistant.ask("今天下雨吗？", 5, "section = 体育")
        assert not none.answered and none.passages == () and none.confidence == 0
        with pytest.raises(QuestionError, match=r"known fields are date, .*section"):
            assistant.ask("今天下雨吗？", 5, "writer = 王")
        assert np.isclose(found[0].score, max(each.score for each in wanted))
