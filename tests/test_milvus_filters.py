"""A condition that Milvus judges is fulfilled by just the documents that fulfil it in a folder."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus import Document
from corpus.document import Block
from corpus.milvus.collections import passages_of
from corpus.milvus.fields import expression
from corpus.milvus.library import MilvusLibrary
from corpus.where import All, Any, Comparison, Condition, Not, fulfils, parse_where, searchable, where_text
from rag import index_documents
from tests.cheap import CheapEncoder
from tests.milvus_server import MilvusServer

# Values that are dates to one field and numbers or texts to another; some documents lack some fields.
VALUES = ["2024-01", "2024-01-15", "2024", "20240115", "2024年1月15日 08:30", "昨天", "7", "7.0", "-3.5", "10", "国际", "國際", "Ａbc", "abc ", "50%", "a_b",
          "\"'", "\\", "王芳 李四", "ǅ", "é", "🏯", "true", "null", "fields", "", "]"]  # fmt: skip
FIELDS = ["date", "日期", "section", "number", "byline", "a\"b", "Ａ"]
DOCUMENTS = [
    Document(
        f"{number}.txt", VALUES[number], f"第{number}号。", (Block("paragraph", 0, 4),),
        {FIELDS[(number + at) % len(FIELDS)]: VALUES[(number * 5 + at * 7) % len(VALUES)] for at in range(number % 5)},
    )
    for number in range(len(VALUES))
]  # fmt: skip


@pytest.fixture(scope="module")
def library(milvus: MilvusServer) -> Iterator[MilvusLibrary]:
    with MilvusLibrary.create(milvus.address("filters"), CheapEncoder.name, CheapEncoder.dimension) as opened:
        index_documents(DOCUMENTS, opened, CheapEncoder())
        yield opened


def judged(library: MilvusLibrary, condition: Condition) -> set[str] | None:
    """The documents that fulfil the condition, as Milvus sees it; None where it is not asked."""
    said = expression(condition)
    if said is None:
        return None
    rows = library.connection.query(passages_of(library.connection.address), said, ("document_id",))
    return {row["document_id"] for row in rows}


def wanted(condition: Condition) -> set[str]:
    return {each.id for each in DOCUMENTS if fulfils(searchable(each.name, each.title, each.metadata), condition)}


@pytest.mark.parametrize("text", [
    "date >= 2024-01 and date < 2025", "date = 2024-01", "日期 <= 2024", "number > 6", "number = 7", "section = 国际", "section != 国际",
    "not section ~ 国", "author ~ 王", "title ~ abc", "name = 3.txt", "section > 国", "not (date = 2024 or number < 0)", "a = abc", "date = 昨天",
])  # fmt: skip
def test_conditions_as_people_write_them(library: MilvusLibrary, text: str) -> None:
    condition = parse_where(text)
    assert judged(library, condition) == wanted(condition)


comparisons = st.builds(
    Comparison, st.sampled_from([*FIELDS, "author", "title", "name"]), st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~"]), st.sampled_from(VALUES)
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(conditions)
def test_any_condition_is_judged_as_in_a_folder(library: MilvusLibrary, condition: Condition) -> None:
    found = judged(library, condition)
    if found is None:  # then it is judged here, by the same function
        assert any(sign in where_text(condition) for sign in "%_\\")
    else:
        assert found == wanted(condition)
