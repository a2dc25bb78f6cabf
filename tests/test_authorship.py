"""Who wrote an article: asked for by what it is about, answered by its own byline and by no other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Library
from corpus.author_names import author_span
from embeddings import load_encoder
from rag import Assistant, index_paths
from rag.reader.authorship import asks_who_wrote, topic

PAGE = """老水厂停产改建博物馆

青石镇老水厂六月一日停止供水，厂房将改建为水利博物馆，预计明年开放。

镇里说，原有的三台水泵会留在原处供人参观，门票不收费。

本报记者 陆青禾 通讯员 万澜

红薯丰收白沙镇办起市集

白沙镇今年的红薯总产量达到四千吨，镇上在码头办起了为期三天的市集。

市集上有烤红薯、红薯粉和红薯酒，外地客商订走了一半。

顾岩 易小川 图片由白沙镇政府提供

渡轮停航三天检修

连接两岸的渡轮将于下周一起停航三天，船厂要更换两台主机的轴承。

（记者 秦望舒）
"""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("authors")
    (folder / "in").mkdir()
    (folder / "in" / "第三版.txt").write_text(PAGE, encoding="utf8")
    (folder / "in" / "ferry.txt").write_text(
        "Ferry Service Suspended For Three Days\n\nBy Jane Hollis, Staff Writer\n\nThe ferry between the two banks will not run for three days "
        "from Monday, while the yard replaces the bearings of both engines.\n\nPassengers can take a bus over the old bridge instead.\n",
        encoding="utf8",
    )
    encoder = load_encoder()
    with Library.create(folder / "library", encoder.name, encoder.dimension) as library:
        index_paths([folder / "in"], library, encoder)
    return Assistant.open(folder / "library", encoder)


@pytest.mark.parametrize(("question", "names"), [
    ("老水厂停产的报道是谁写的？", "陆青禾 通讯员 万澜"),
    ("关于白沙镇红薯市集的新闻由哪位记者采写？", "顾岩 易小川"),
    ("渡轮停航这条消息的记者是谁？", "秦望舒"),
    ("Who wrote the story about the suspended ferry service?", "Jane Hollis"),
])  # fmt: skip
def test_the_byline_of_the_article_that_is_asked_about_answers(assistant: Assistant, question: str, names: str) -> None:
    answer = assistant.ask(question)
    assert answer.answered
    first = answer.quotes[0]
    assert first.answer_start is not None
    assert first.text[first.answer_start - first.start :][: len(names)] == names


@pytest.mark.parametrize("question", ["奥运会开幕式的报道是谁写的？", "关于地铁票价上调的新闻由哪位记者采写？", "Who wrote the article about the lunar eclipse?"])
def test_the_byline_of_another_article_answers_nothing(assistant: Assistant, question: str) -> None:
    assert not assistant.ask(question).answered


@pytest.mark.parametrize(("question", "about"), [
    ("合川的报道由哪位记者采写？", "合川"),
    ("《渡轮停航》这篇报道是谁写的？", "渡轮停航"),
    ("「佐久島」の記事は誰が書きましたか？", "佐久島"),
    ("Who wrote the story about Hechuan?", "Hechuan"),
    ("¿Quién escribió el artículo sobre la presa?", "presa"),
    ("Wer hat den Artikel über die Fähre geschrieben?", "Fähre"),
    ("Кто написал статью о пароме?", "пароме"),
])  # fmt: skip
def test_what_an_article_is_about(question: str, about: str) -> None:
    assert topic(question) == about


@pytest.mark.parametrize("question", [
    "《红楼梦》的作者是谁？", "谁会见了代表团？", "Who wrote Hamlet?", "哪些媒体报道了地震？", "Which item is the most expensive?", "这篇文章讲了什么？", "誰が船を作りましたか？",
])  # fmt: skip
def test_who_wrote_a_book_or_did_something_is_another_question(question: str) -> None:
    assert not asks_who_wrote(question) and topic(question) == ""


@pytest.mark.parametrize(("byline", "names"), [
    ("(记者 韩毅 见习记者 杨潇)", "韩毅 见习记者 杨潇"),
    ("康志昕 易星彤 曾玉 图片由合川区委组织部提供", "康志昕 易星彤 曾玉"),
    ("本报记者 王翔 图/李明", "王翔"),
    ("文／羅志偉", "羅志偉"),
    ("【記者洪子軒／綜合報導】", "洪子軒"),
    ("By Jane Smith, Staff Writer", "Jane Smith"),
    ("By Peter J. Novak | Staff Reporter", "Peter J. Novak"),
    ("（）", None),
])  # fmt: skip
def test_where_the_names_of_a_byline_stand(byline: str, names: str | None) -> None:
    span = author_span(byline)
    assert (byline[span[0] : span[1]] if span else None) == names


@given(st.text(st.sampled_from("记者本报 王翔,/（）()By文图摄|-;。 \u3000的报道Smith"), max_size=60))
def test_names_stand_inside_whatever_the_line_is(line: str) -> None:
    span = author_span(line)
    assert span is None or (0 <= span[0] < span[1] <= len(line) and line[span[0] : span[1]].strip())


def test_a_quote_of_a_byline_is_the_documents_own_text(assistant: Assistant, tmp_path: Path) -> None:
    quote = assistant.ask("渡轮停航的消息是谁写的？").quotes[0]
    document = assistant.library.document(quote.document)
    assert document is not None and document.text[quote.start : quote.end] == quote.text == "（记者 秦望舒）"
