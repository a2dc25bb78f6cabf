"""Rows of tables: the one that a question names, and the value in the column that it asks for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Document, Library, read_bytes, split_sentences
from embeddings import load_encoder
from rag import Assistant, index_documents
from rag.reader.table_row import AskedRow, cells, named, row_at
from tests import writers

STATIONS = [["泵站", "能力（吨/日）", "投用", "负责人"], ["北泵站", "30000", "2024-05-01", "赵岚"], ["南泵站", "25000", "2024-06-10", "钱朔"], ["东河泵站", "18000", "2023-11-20", "孙霁"]]
HARVEST = [["镇", "2022年（吨）", "2023年（吨）", "品种"], ["青石镇", "5310", "4980", "水稻"], ["白沙镇", "3415", "3520", "玉米"], ["双河镇", "2380", "2405", "红薯"]]
SHIPS = [["Ship", "Built", "Cars", "Route"], ["Aurora", "1998", "120", "Harbour to Skerry"], ["Meridian", "2011", "85", "Harbour to Fell"]]


def table(rows: list[list[str]], name: str = "表.csv") -> Document:
    return read_bytes("\n".join(",".join(row) for row in rows).encode(), name)


def asked(question: str, document: Document) -> tuple[list[str], list[str]]:
    """The rows that are no other than the one asked for, and what is marked in them, the reader having marked the first value."""
    sentences = [each for each in split_sentences(document) if (row := row_at(document, each.start)) is not None and cells(document, row)]
    rows = AskedRow(question, [(document, sentences)])
    of = [each for each in sentences if not rows.is_another(document, each)]
    marked = [rows.value(document, each, cells(document, row_at(document, each.start))[0].value) for each in of]  # type: ignore[arg-type]
    return [document.text[each.start : each.end] for each in of], [document.text[each.start : each.end] for each in marked]


@pytest.mark.parametrize(("question", "rows", "row", "value"), [
    ("南泵站的负责人叫什么？", STATIONS, "泵站: 南泵站; 能力（吨/日）: 25000; 投用: 2024-06-10; 负责人: 钱朔", "钱朔"),
    ("東河泵站何時投用？", STATIONS, "泵站: 东河泵站; 能力（吨/日）: 18000; 投用: 2023-11-20; 负责人: 孙霁", "2023-11-20"),
    ("白沙镇2023年的粮食产量是多少？", HARVEST, "镇: 白沙镇; 2022年（吨）: 3415; 2023年（吨）: 3520; 品种: 玉米", "3520"),
    ("How many cars can the meridian carry?", SHIPS, "Ship: Meridian; Built: 2011; Cars: 85; Route: Harbour to Fell", "85"),
])  # fmt: skip
def test_the_row_and_the_column_that_a_question_names(question: str, rows: list[list[str]], row: str, value: str) -> None:
    assert asked(question, table(rows)) == ([row], [value])


def test_rows_of_markdown_have_the_names_above_them() -> None:
    for text in ("| 区域 | 价格 | 备注 |\n|---|---|---|\n| 东城 | 10元 | 夜间免费 |\n| 西城 | 8元 | 无 |\n", "区域 | 价格 | 备注\n--- | --- | ---\n东城 | 10元 | 夜间免费\n西城 | 8元 | 无\n"):
        document = read_bytes(f"# 收费\n\n{text}\n| 船 | 价格 |\n|---|---|\n| A\\|B | 3元 |\n".encode(), "a.md")
        rows, marked = asked("西城的价格是多少？", document)
        # The other table's row is of another table.
        assert [each.strip("| ") for each in rows] == ["西城 | 8元 | 无", "A\\|B | 3元"] and marked == ["8元", "A\\|B"]
        names, value = cells(document, document.blocks[-1])
        assert [document.text[each.start : each.end] for each in (names.name, names.value, value.name, value.value)] == ["船", "A\\|B", "价格", "3元"]


def test_rows_of_another_table_of_the_document_stay_as_they_are() -> None:
    document = read_bytes(writers.xlsx_file({"泵站": STATIONS, "年度": [["年度", "费用"], ["2023年", "12万元"], ["2024年", "15万元"]]}), "a.xlsx")
    rows, _ = asked("南泵站2024年的维修费用是多少？", document)
    assert rows == ["泵站: 南泵站; 能力（吨/日）: 25000; 投用: 2024-06-10; 负责人: 钱朔", "年度: 2024年; 费用: 15万元"]
    rows, _ = asked("南泵站的维修费用是多少？", document)
    assert len(rows) == 3


def test_a_question_that_names_no_row_leaves_all_as_they_are() -> None:
    for question in ("有几座泵站？", "谁负责？", "Who is it?"):
        found, marked = asked(question, table(STATIONS))
        assert len(found) == 3 and marked == ["北泵站", "南泵站", "东河泵站"]


def test_a_year_and_a_place_are_one_row_where_each_stands_in_many() -> None:
    rows = [["镇", "年度", "产量"], *([town, year, f"{number}吨"] for number, (town, year) in enumerate((t, y) for t in ("青石镇", "白沙镇") for y in ("2021", "2022", "2023")))]
    assert asked("白沙镇2022年的产量是多少？", table(rows)) == (["镇: 白沙镇; 年度: 2022; 产量: 4吨"], ["4吨"])


def test_a_word_within_another_and_a_number_by_chance_are_not_named() -> None:
    assert named("Which aurorae were seen at 12?", ["Aurora", "12"]) == len("Aurora")
    assert named("Where is the auditorium?", ["Audi", "or"]) == 0
    assert named("坐35路要多少钱？", ["35路", "5路", "2元"]) == len("35路")
    assert named("二类区夜间多少钱？", ["二类区（含东城）", "一类区"]) == len("二类区")
    assert named("Сколько людей работает на заводе Речной?", ["Речной", "Горный"]) == len("Речной")


def test_running_text_is_no_row() -> None:
    document = read_bytes("南泵站: 二〇二四年投用; 北泵站: 二〇二三年投用。\n".encode(), "a.txt")
    (sentence,) = split_sentences(document)
    rows = AskedRow("南泵站何时投用？", [(document, [sentence])])
    assert not rows.is_another(document, sentence) and not rows.is_the_one(document, sentence) and rows.value(document, sentence, sentence) == sentence


VALUES = st.text(st.sampled_from("甲乙 a1:;（)\"，"), max_size=6)


@given(st.lists(st.lists(VALUES, min_size=2, max_size=4), min_size=1, max_size=4), st.text(st.sampled_from("甲乙a1?？ "), max_size=8), st.integers(0, 30), st.integers(1, 9))
def test_whatever_is_marked_is_inside_its_sentence(rows: list[list[str]], question: str, at: int, long: int) -> None:
    try:
        document = read_bytes(writers.xlsx_file({"表": rows}), "a.xlsx")
    except Exception:
        return  # nothing is in it
    sentences = split_sentences(document)
    of = AskedRow(question, [(document, sentences)])
    for each in sentences:
        start = min(each.start + at, each.end - 1)
        answer = type(each)(start, min(start + long, each.end))
        found = of.value(document, each, answer)
        assert each.start <= found.start < found.end <= each.end
        of.is_another(document, each), of.is_the_one(document, each)


def test_a_real_question_is_answered_from_its_row(tmp_path: Path) -> None:
    encoder = load_encoder("bundled")
    with Library.create(tmp_path / "library", encoder.name, encoder.dimension) as library:
        index_documents([table(STATIONS, "泵站.csv"), table(HARVEST, "产量.csv"), table(SHIPS, "ships.csv")], library, encoder)
    with Assistant.open(tmp_path / "library") as assistant:
        for question, row, value in (("南泵站的负责人叫什么？", "南泵站", "钱朔"), ("白沙镇2023年的粮食产量是多少吨？", "白沙镇", "3520"), ("When was the Meridian built?", "Meridian", "2011")):
            answer = assistant.ask(question)
            first = answer.quotes[0]
            assert answer.confidence > 0.5
            assert row in first.text and first.answer_start is not None and first.answer_end is not None
            assert first.text[first.answer_start - first.start : first.answer_end - first.start] == value
