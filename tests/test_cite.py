"""A quote copied as a citation: nothing but what the document says, in the style that is asked for."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Block, Document, YinjuError
from corpus.readers.text import read as read_text
from ui.cite import STYLES, Cited, apa, bibtex, cited, gbt7714, quotation

PAPER = {"newspaper": "云岭日报", "date": "2023-10-18", "page": "3"}
ISSUE = """青石镇告别老水厂

本报记者 陈远 通讯员 李明

老水厂昨天停止供水，由新建的云岭水厂接替，三万名居民当天用上了新水。镇上的老人说，这一天等了二十年，水终于不再发黄。

渔港今年新增两艘救援船

本报讯(首席记者 周允)渔港管理局昨日宣布，今年新增两艘救援船。第一艘将于六月到港，由本地渔民驾驶，费用由省财政承担。
"""


def quoted(document: Document, words: str) -> Cited:
    start = document.text.index(words)
    found = cited(document, start, start + len(words))
    assert found.words == document.text[start : start + len(words)]
    return found


def article(text: str = "老水厂昨天停止供水。", title: str = "青石镇告别老水厂", **metadata: str) -> Cited:
    document = Document("1998/0412.txt", title, text, (Block("paragraph", 0, len(text)),), metadata)
    return cited(document, 0, len(text))


def authors(byline: str, title: str = "青石镇告别老水厂", **metadata: str) -> tuple[str, ...]:
    text = f"{title}\n\n{byline}\n\n老水厂昨天停止供水。"
    first, second = len(title) + 2, len(title) + len(byline) + 4
    blocks = (Block("heading", 0, first - 2, 1), Block("byline", first, second - 2), Block("paragraph", second, len(text)))
    return cited(Document("a.txt", title, text, blocks, metadata), second, len(text)).authors


def of_two_articles(**metadata: str) -> Document:
    """The issue as its reader gives it, told apart where the second headline stands."""
    document = read_text(ISSUE.encode(), "issue.txt")
    second = document.text.index("渔港今年")
    blocks = tuple(
        replace(each, article=int(each.start >= second), level=1 if each.kind == "heading" else 0) for each in document.blocks
    )
    return replace(document, blocks=blocks, metadata=metadata)


# Where it stands


def test_each_article_of_an_issue_has_its_own_headline_and_byline() -> None:
    document = of_two_articles(**PAPER)
    assert gbt7714(quoted(document, "老水厂昨天停止供水")) == "陈远, 李明. 青石镇告别老水厂[N]. 云岭日报, 2023-10-18(3)."
    assert gbt7714(quoted(document, "今年新增两艘救援船。")) == "周允. 渔港今年新增两艘救援船[N]. 云岭日报, 2023-10-18(3)."


def test_a_byline_of_an_article_goes_before_the_author_of_the_file() -> None:
    assert quoted(of_two_articles(author="云岭日报社"), "今年新增两艘救援船。").authors == ("周允",)
    assert authors("记者 王翔", author="李雷") == ("李雷",)


def test_a_citation_names_the_page_and_both_where_a_quote_is_cut_by_one() -> None:
    text = "本年度共完成三项工程。另有两项在建。"
    document = Document("r.pdf", "市水务局年度报告", text, (Block("paragraph", 0, len(text)),), {"date": "2021"}, pages=((0, 4), (11, 5)))
    assert gbt7714(quoted(document, "本年度共完成三项工程。")) == "市水务局年度报告[R]. 2021: 4."
    assert gbt7714(quoted(document, text)) == "市水务局年度报告[R]. 2021: 4-5."
    assert apa(quoted(document, text)) == "市水务局年度报告 (pp. 4–5). (2021)."
    assert "pages = {4--5}," in bibtex(quoted(document, text))


@pytest.mark.parametrize(("said", "page"), [("第9版", "9"), ("A1", "A1"), ("pp. 12–15", "12-15"), ("12 页", "12"), ("3", "3")])
def test_the_printed_page_of_the_metadata_goes_before_that_of_the_file(said: str, page: str) -> None:
    document = Document("a.pdf", "", "水厂。", (Block("paragraph", 0, 3, page=1),), {"page": said})
    assert cited(document, 0, 3).page == page
    assert cited(replace(document, metadata={}), 0, 3).page == "1"


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2023", "2023"),
        ("2023-10", "2023-10"),
        ("2023年10月", "2023-10"),
        ("2023年1月5日", "2023-01-05"),
        ("20231018", "2023-10-18"),
        ("2023-10-18T08:00:00+08:00", "2023-10-18"),
        ("October 18, 2023", "2023-10-18"),
        ("18 Oct 2023", "2023-10-18"),
        ("Oct. 2023", "2023-10"),
        ("2023-02-31", ""),
        ("去年秋天", ""),
    ],
)
def test_a_date_is_as_exact_as_it_is_given(said: str, date: str) -> None:
    assert article(date=said).date == date


def test_the_path_of_a_file_is_no_publication_and_an_address_is_no_name() -> None:
    found = article(source="/home/li/0412.txt", origin="https://example.org/a?b=1", author="https://example.org/people/7")
    assert (found.publication, found.url, found.authors) == ("", "https://example.org/a?b=1", ())
    assert article(source="/home/li/0412.txt", origin="新华社").publication == "新华社"
    assert article(url="file:///home/li/0412.txt").url == article(url="javascript:alert(1)").url == ""


def test_fields_may_be_named_in_chinese_and_in_any_case() -> None:
    found = article(**{"作者": "王小明", "日期": "1998年4月12日", "报纸": "云岭日报", "版次": "第2版"})
    assert gbt7714(found) == "王小明. 青石镇告别老水厂[N]. 云岭日报, 1998-04-12(2)."
    assert article(Author="王小明", DATE="1998").authors == ("王小明",)


def test_a_document_without_a_title_is_cited_by_its_file() -> None:
    assert article(title="").title == "0412.txt"


# Who wrote it


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("首席记者 周允", ("周允",)),
        ("记者 李明 王芳", ("李明", "王芳")),
        ("(记者 韩毅 见习记者 杨潇)", ("韩毅", "杨潇")),
        ("本报记者 王磊 李华 文/图", ("王磊", "李华")),
        ("文/王磊 图/李明", ("王磊",)),
        ("记者 王磊 李明 摄影报道", ("王磊", "李明")),
        ("记者王磊报道", ("王磊",)),
        ("新城时报首席记者 周允", ("周允",)),
        ("本报驻京记者 王　翔", ("王翔",)),
        ("本报评论员", ("本报评论员",)),
        ("本报评论员 王明", ("王明",)),
        ("康志昕 易星彤 曾玉 图片由合川区委组织部提供", ("康志昕", "易星彤", "曾玉")),
        ("中共重庆市委", ("中共重庆市委",)),
        ("据新华社电", ("新华社",)),
        ("新华社记者 王明", ("王明",)),
        ("【記者王小明／綜合報導】", ("王小明",)),
        ("（社会部・山田太郎）", ("山田太郎",)),
        ("约翰·史密斯", ("约翰·史密斯",)),
        ("来源：新华社", ()),
        ("（摘自《读者》）", ()),
        ("by John Smith", ("John Smith",)),
        ("BY JOHN SMITH", ("John Smith",)),
        ("By John Smith, Jane Doe and Laura Kim", ("John Smith", "Jane Doe", "Laura Kim")),
        ("By Jane Smith, Staff Writer", ("Jane Smith",)),
        ("By John Smith | Staff Reporter", ("John Smith",)),
        ("By Our Staff Reporter", ()),
        ("By The Associated Press", ("The Associated Press",)),
        ("Von Anna Müller und Karl Weber", ("Anna Müller", "Karl Weber")),
        ("Di Anna Rossi", ("Anna Rossi",)),
        ("Di Fox", ("Di Fox",)),
        ("BY JOHN SMITH AND JANE DOE", ("John Smith", "Jane Doe")),
        ("王明 责任编辑：李华", ("王明",)),
        ("Written by Abby Downes", ("Abby Downes",)),
        ("Por María López y Juan Pérez", ("María López", "Juan Pérez")),
    ],
)
def test_a_byline_says_who_wrote(byline: str, names: tuple[str, ...]) -> None:
    assert authors(byline) == names


def test_bylines_that_follow_one_another_are_one_and_a_later_one_is_not_of_it() -> None:
    lines = ["记者 陈远", "通讯员 李明", "老水厂停止供水。", "记者 王翔"]
    text, blocks = "", []
    for line in lines:
        blocks.append(Block("paragraph" if line.endswith("。") else "byline", len(text), len(text) + len(line)))
        text += line + "\n"
    assert quoted(Document("a.txt", "水厂", text, tuple(blocks)), "老水厂停止供水。").authors == ("陈远", "李明")


def test_a_letter_s_head_and_an_address_are_no_byline() -> None:
    assert authors("To: 王明\nCc: 李华") == authors("12 Harbour Street") == ()


@pytest.mark.parametrize("line", ["报" * 79, "本报社" * 26, "网报社站部首席" * 11, "图由" * 39])
def test_a_line_that_looks_like_many_titles_is_read_at_once(line: str) -> None:
    assert len(authors(line)) <= 1
    assert len(article(author=line * 100).authors) <= 1


def test_a_title_stands_on_one_line() -> None:
    assert article(title="青石镇\r\n告别\x00老水厂\u2028").title == "青石镇 告别 老水厂"


@pytest.mark.parametrize("opening", ["记者昨日从市政府获悉", "记者于昨日从市政府获悉"])
def test_a_reporter_in_a_sentence_is_no_author(opening: str) -> None:
    text = f"关于停水的通知\n\n{opening}，今年将新建三座水厂。全市共投入六亿元。\n"
    assert quoted(read_text(text.encode(), "a.txt"), "全市共投入六亿元。").authors == ()
    named = text.replace("记者", "本报讯(记者 王翔)")
    assert quoted(read_text(named.encode(), "a.txt"), "全市共投入六亿元。").authors == ("王翔",)


@pytest.mark.parametrize(
    ("author", "in_apa", "in_gbt"),
    [
        ("周允", "周允", "周允"),
        ("新华社", "新华社", "新华社"),
        ("John Smith", "Smith, J.", "SMITH J"),
        ("Smith, John A.", "Smith, J. A.", "SMITH J A"),
        ("Smith, J., Doe, J. A.", "Smith, J., & Doe, J. A.", "SMITH J, DOE J A"),
        ("Smith JA", "Smith, J. A.", "SMITH J A"),
        ("Smith, John; Doe, Jane", "Smith, J., & Doe, J.", "SMITH J, DOE J"),
        ("John Smith and Jane Doe; WHO", "Smith, J., Doe, J., & WHO", "SMITH J, DOE J, WHO"),
        ("Jean-Pierre Dupont", "Dupont, J.-P.", "DUPONT J P"),
        ("Ludwig van Beethoven", "van Beethoven, L.", "VAN BEETHOVEN L"),
        ("José Ortega y Gasset", "Ortega y Gasset, J.", "ORTEGA Y GASSET J"),
        ("Иван Петров", "Петров, И.", "ПЕТРОВ И"),
        ("Li Hua <li@example.org>", "Hua, L.", "HUA L"),
        ("World Health Organization", "World Health Organization", "World Health Organization"),
        ("Ministry of Culture, Sports and Tourism", "Ministry of Culture, Sports and Tourism", "Ministry of Culture, Sports and Tourism"),
        ("李明、王芳", "李明, & 王芳", "李明, 王芳"),
        ("李明、王芳、赵云", "李明, 王芳, & 赵云", "李明, 王芳, 赵云"),
        ("李明、王芳、赵云、钱进", "李明, 王芳, 赵云, & 钱进", "李明, 王芳, 赵云, 等"),
        ("Ann Lee, Bo Yu, Cy Roe and Di Fox", "Lee, A., Yu, B., Roe, C., & Fox, D.", "LEE A, YU B, ROE C, et al"),
    ],
)
def test_names_in_each_style(author: str, in_apa: str, in_gbt: str) -> None:
    found = article(author=author, date="2023")
    assert apa(found) == f"{in_apa.rstrip('.')}. (2023). 青石镇告别老水厂."
    assert gbt7714(found) == f"{in_gbt}. 青石镇告别老水厂[Z]. 2023."


def test_apa_leaves_out_authors_between_the_nineteenth_and_the_last_of_more_than_twenty() -> None:
    names = [f"王{chr(0x4E00 + number)}" for number in range(21)]
    assert apa(article(author="、".join(names))).startswith(f"{', '.join(names[:19])}, . . . {names[20]}. (n.d.).")
    assert apa(article(author="、".join(names[:20]))).startswith(f"{', '.join(names[:19])}, & {names[19]}. (n.d.).")


# Styles


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (PAPER, "青石镇告别老水厂[N]. 云岭日报, 2023-10-18(3)."),
        ({"publication": "云岭日报", "section": "要闻"}, "青石镇告别老水厂[N]. 云岭日报(要闻)."),
        ({"publication": "长江周末", "date": "2023-10-18"}, "青石镇告别老水厂[N]. 长江周末, 2023-10-18."),
        (PAPER | {"url": "https://example.org/3"}, "青石镇告别老水厂[N/OL]. 云岭日报, 2023-10-18(3). https://example.org/3"),
        ({"publication": "The Wall Street Journal", "date": "2023"}, "青石镇告别老水厂[N]. The Wall Street Journal, 2023."),
        (
            {"publication": "清华大学学报", "date": "2012-05", "volume": "55", "issue": "3", "page": "12-18"},
            "青石镇告别老水厂[J]. 清华大学学报, 2012, 55(3): 12-18.",
        ),
        ({"type": "报告", "publisher": "云岭出版社", "date": "2021"}, "青石镇告别老水厂[R]. 云岭出版社, 2021."),
        ({"url": "https://example.org/3", "date": "2023-10-18"}, "青石镇告别老水厂[EB/OL]. (2023-10-18). https://example.org/3"),
        (
            {"url": "https://example.org/3", "date": "2023-10-18", "site": "云岭网"},
            "青石镇告别老水厂[EB/OL]. 云岭网, 2023(2023-10-18). https://example.org/3",
        ),
        ({"page": "3"}, "青石镇告别老水厂[Z]: 3."),
        ({"page": "3", "type": "newspaper"}, "青石镇告别老水厂[N](3)."),
        ({}, "青石镇告别老水厂[Z]."),
    ],
)
def test_gbt7714_has_a_code_for_each_kind_of_document(metadata: Mapping[str, str], expected: str) -> None:
    assert gbt7714(article(**metadata)) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (
            {"author": "John Smith", "newspaper": "The Daily", "date": "2023-10-18", "page": "A1"},
            "Smith, J. (2023, October 18). Who pays for water? The Daily, A1.",
        ),
        ({"newspaper": "The Daily", "section": "Local"}, "Who pays for water? (n.d.). The Daily, Local."),
        ({"newspaper": "The Daily", "date": "2023-10"}, "Who pays for water? (2023, October). The Daily."),
        ({"author": "Jane Doe", "url": "https://example.org/w"}, "Doe, J. (n.d.). Who pays for water? https://example.org/w"),
        (
            {"author": "Jane Doe", "journal": "Water Review", "date": "2020", "volume": "7", "issue": "2", "page": "12-18"},
            "Doe, J. (2020). Who pays for water? Water Review, 7(2), 12–18.",
        ),
        (
            {"author": "World Bank", "publisher": "World Bank", "date": "2020", "page": "4"},
            "World Bank. (2020). Who pays for water? (p. 4).",
        ),
    ],
)
def test_apa_moves_the_title_to_the_front_where_no_author_is_known(metadata: Mapping[str, str], expected: str) -> None:
    assert apa(article("The city pays.", "Who pays for water?", **metadata)) == expected


def test_bibtex_is_an_article_of_a_periodical_and_misc_otherwise() -> None:
    found = article(author="周允、John Smith", section="要闻", **PAPER)
    key = re.match(r"@article\{(yinju2023-[0-9a-f]{8}),\n", bibtex(found))
    assert key is not None
    assert bibtex(found) == (
        f"@article{{{key[1]},\n  author = {{{{周允}} and Smith, John}},\n  title = {{{{青石镇告别老水厂}}}},\n  journal = {{云岭日报}},\n"
        "  year = {2023},\n  month = oct,\n  day = {18},\n  pages = {3},\n  note = {要闻},\n}"
    )
    assert bibtex(article(origin="新华社")).startswith("@misc{") and "howpublished = {新华社}," in bibtex(article(origin="新华社"))


def test_the_key_is_the_same_for_quotes_of_one_page_and_another_for_another_page_or_source() -> None:
    def key(entry: str) -> str:
        return entry.split(",")[0]

    one = article(author="Karl Müller", date="2020")
    assert key(bibtex(one)) == key(bibtex(replace(one, words="另一句。"))) and key(bibtex(one)).startswith("@misc{muller2020-")
    assert len({key(bibtex(each)) for each in (one, replace(one, title="另一篇"), replace(one, page="5"))}) == 3


def test_what_means_something_to_tex_is_escaped_but_for_an_address() -> None:
    entry = bibtex(article(title=r"50% of {R&D} costs $5_000 #1 ~ ^ \x", url="https://example.org/a_b?c=1&d=%20#e{"))
    assert r"title = {{50\% of \textbraceleft{}R\&D\textbraceright{} costs \$5\_000 \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}x}}" in entry
    assert "url = {https://example.org/a_b?c=1&d=%20#e%7B}," in entry


FACTS = {
    "authors": ("周允",), "date": "2023-10-18", "publication": "云岭日报", "section": "要闻", "page": "3", "volume": "7", "issue": "2",
    "url": "https://example.org/3",
}  # fmt: skip
STRAY = re.compile(r"[,.:(]\s*[,.:)]|\s\s|\(\s*\)|^[\s,.:(]|[,:(]\s*$|\s[,.:)]")


@pytest.mark.parametrize("kind", ["newspaper", "journal", "report", "web", "other"])
@pytest.mark.parametrize("style", ["gbt7714", "apa"])
def test_whatever_is_missing_leaves_no_punctuation_behind(style: str, kind: str) -> None:
    for names in chain.from_iterable(combinations(FACTS, count) for count in range(len(FACTS) + 1)):
        told = STYLES[style](replace(Cited("水厂。", "青石镇告别老水厂"), kind=kind, **{each: FACTS[each] for each in names}))
        # A full stop before a date's brackets, and n.d. for none, are how these styles are written.
        assert not STRAY.search(told.replace("(n.d.)", "(2023)").replace(". (", " (").replace("https://", "")), told
        assert told.endswith("https://example.org/3" if "url" in names else "."), told


# The clipboard


@pytest.mark.parametrize(
    ("words", "spoken", "shown"),
    [
        ("水厂停止供水。", "zh-CN", "“水厂停止供水。”"),
        ("水廠停止供水。", "zh-TW", "「水廠停止供水。」"),
        ("水廠停止供水。", "zh-Hant", "「水廠停止供水。」"),
        ("浄水場は閉じた。", "ja", "「浄水場は閉じた。」"),
        ("The plant closed.", "en-GB", "“The plant closed.”"),
        ("La planta cerró.", "es", "«La planta cerró.»"),
        ("Завод закрыт.", "ru", "«Завод закрыт.»"),
        ("L'usine a fermé.", "fr_FR", "«L'usine a fermé.»"),
        ("Das Werk schloss.", "de", "„Das Werk schloss.“"),
        ("Fabbrica chiusa.", "", "“Fabbrica chiusa.”"),
    ],
)
def test_a_quote_stands_in_the_marks_of_its_language(words: str, spoken: str, shown: str) -> None:
    assert quotation(Cited(words, "T", language=spoken), "gbt7714") == f"{shown}\nT[Z]."
    assert quotation(article(words, "T", language=spoken), "gbt7714").startswith(shown)


def test_a_page_that_calls_itself_english_is_quoted_in_the_marks_of_its_words() -> None:
    words = "Der Fluss ist lang und er mündet nicht in die Nordsee, sondern in das Meer."
    assert article(words, language="en").language == "de"
    document = Document("a.txt", "", f"{words} Ja.", ())
    assert quoted(document, "Ja.").language == "de"


def test_an_unknown_style_and_a_place_that_is_none_are_one_sentence() -> None:
    with pytest.raises(YinjuError, match="no citation style 'mla'; choose one of gbt7714, apa, bibtex"):
        quotation(Cited("水厂。", "水厂"), "mla")
    document = Document("a.txt", "", "水厂。", ())
    for start, end in [(0, 4), (-1, 2), (2, 2), (2, 1)]:
        with pytest.raises(YinjuError, match=rf"characters {start} to {end} are no place in a\.txt, which has 3"):
            cited(document, start, end)


ANY_TEXT = st.text(max_size=30) | st.text("记者 本报、王明·,;and JSmith/（）{}\\\n\x00\u2028.", max_size=30)
KEYS = st.sampled_from(["author", "date", "newspaper", "journal", "publication", "section", "page", "url", "language", "origin", "type", "volume"])


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=60), ANY_TEXT, st.dictionaries(KEYS, ANY_TEXT), st.data())
def test_any_document_is_cited_with_its_words_untouched(text: str, title: str, metadata: dict[str, str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    middle = data.draw(st.integers(0, len(text)))
    blocks = (Block("byline", 0, middle), Block("paragraph", middle, len(text), article=data.draw(st.integers(0, 1))))
    found = cited(Document("a.txt", title, text, blocks, metadata), start, end)
    for style in STYLES:
        shown, citation = quotation(found, style), STYLES[style](found)
        assert shown[1:].startswith(text[start:end]) and shown == f"{shown[0]}{text[start:end]}{shown[1 + end - start]}\n{citation}"
    for style in ("gbt7714", "apa"):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", STYLES[style](found))
    assert found.date == "" or re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", found.date)


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_bibtex_entry_has_an_ascii_key_and_closes_its_braces(title: str, author: str, publication: str) -> None:
    entry = bibtex(article(title=title, author=author, journal=publication, section=author))
    assert re.match(r"@(article|misc)\{[a-z]+-[0-9a-f]{8},\n", entry)
    depth = 0
    for place, each in enumerate(entry):
        depth += (each == "{") - (each == "}")
        assert depth > 0 or place < entry.index("{") or place == len(entry) - 1
    assert depth == 0
