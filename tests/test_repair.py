"""Printed pages back to running text, on pages of our own."""

import itertools
from unicodedata import is_normalized

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Document, UnreadableFile, original_at, read_bytes
from corpus.clean import clean
from corpus.one_line import LINE_ENDS

STORY = (
    "　　本报讯（记者 陈远）青石镇的老\n水厂昨天停止供水，由新建的云岭水厂\n接替。镇政府介绍，新水厂每天可供水\n"
    "一万二千吨，比老水厂多出一半。改造\n工程历时十四个月，更换管道三十七公\n"
)  # fmt: skip
REST = "里，共投入资金六千八百万元。\n　　居民从下周一起可以到镇政务大厅\n办理水表更换手续，不收取任何费用。\n"


def read(text: str) -> Document:
    return read_bytes(text.encode(), "page.txt")


def blocks(document: Document, kind: str) -> list[str]:
    return [document.text[each.start : each.end] for each in document.blocks if each.kind == kind]


@pytest.mark.parametrize(
    ("stray", "kind"),
    [
        ("第3版", "furniture"),
        ("- 5 -", "furniture"),
        ("云岭日报 2023年10月18日 星期三", "furniture"),
        ("（下转第4版）", "furniture"),
        ("图为工人在检修水泵。记者 李明 摄", "caption"),
        ("镇水利站站长赵青(左一)讲解新设备", "caption"),
        ("本报记者 王翔", "byline"),
        ("云岭水厂投入使用 青石镇告别老水厂", "heading"),
    ],
)
def test_a_paragraph_cut_by_a_page_break_is_one_and_what_fell_between_stands_beside_it(stray: str, kind: str) -> None:
    document = read(f"{STORY}\n{stray}\n\n{REST}")
    paragraphs = blocks(document, "paragraph")
    assert "更换管道三十七公里，共投入资金六千八百万元。" in paragraphs[0]
    assert "\n" not in paragraphs[0] and len(paragraphs) == 2
    assert blocks(document, kind) == [stray]


def test_a_cut_inside_a_word_or_before_a_measure_word_is_mended() -> None:
    document = read("全县去年共建成高标准农田一万余亩。农田连片，景色宜人，带动旅游服务\n\n业快速增长。乡镇新增民宿147\n\n家、农家乐260家，游客人数再创新高。\n")
    assert blocks(document, "paragraph") == [
        "全县去年共建成高标准农田一万余亩。农田连片，景色宜人，带动旅游服务业快速增长。乡镇新增民宿147家、农家乐260家，游客人数再创新高。"
    ]


def test_end_of_line_hyphens_are_mended_and_a_words_own_hyphen_stays() -> None:
    text = (
        "The harbour board said that the reno-\nvation of the old ferry terminal would\nbe finished in spring. A well-known\n"
        "architect drew the plans, and a well-\nknown builder has carried them out on\ntime, the board added in its report.\n"
    )  # fmt: skip
    (paragraph,) = blocks(read(text), "paragraph")
    assert "the renovation of the old ferry terminal would be finished in spring." in paragraph
    assert "a well-known builder" in paragraph


def test_japanese_columns_are_joined_without_spaces() -> None:
    text = (
        "　港町の図書館は来年四月に新しい建\n物へ移ることになった。蔵書はおよそ\n十二万冊で、これまでの倍の広さにな\n"
        "る。館長は「子どもが本と出会う場所に\nしたい」と話している。開館時間は午\n前九時から午後八時までとなる。\n"
    )
    (paragraph,) = blocks(read(text), "paragraph")
    assert "\n" not in paragraph and " " not in paragraph
    assert "来年四月に新しい建物へ移ることになった。" in paragraph


def test_russian_columns_are_joined_too() -> None:
    text = (
        "Городская библиотека переедет весной\nв новое здание на набережной, сообщил\nдиректор. Фонд насчитывает около ста\n"
        "двадцати тысяч книг, и площадь залов\nвырастет вдвое. Читатели смогут прийти\nв новые залы уже в середине апреля.\n"
    )
    (paragraph,) = blocks(read(text), "paragraph")
    assert "около ста двадцати тысяч книг" in paragraph and "\n" not in paragraph


def test_an_issue_falls_into_its_articles_and_a_lost_headline_is_none() -> None:
    text = (
        "青石镇告别老水厂\n\n本报讯（记者 陈远）青石镇的老水厂昨天停止供水，由新建的云岭水厂接替。新水厂每天可供水一万二千吨。\n\n"
        "居民从下周一起可以办理水表更换手续，水厂开放日定在周六。\n\n"
        "本报讯（记者 周梅）县象棋公开赛昨天闭幕，来自六个乡镇的四十八名棋手参加，冠军由柳河镇的中学生孙一帆获得。\n\n"
        "柑橘节下月开园\n\n本报讯（记者 吴军）第九届柑橘节将于下月初在橘子洲开园，果农准备了十二个品种供游客采摘。\n"
    )
    document = read(text)
    assert document.text == text
    assert [(b.kind, b.article) for b in document.blocks] == [
        ("heading", 0), ("paragraph", 0), ("paragraph", 0), ("paragraph", 1), ("heading", 2), ("paragraph", 2),
    ]  # fmt: skip


CLEAN = [
    "标题\n\n第一段说的是甲。第二句说的是乙。\n\n第二段没有别的话。\n",
    "一行一段的文章，写到这里结束。\n第二段接着说下去，也在这里结束。\n",
    "床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。\n",
    "名称：青石镇水厂\n地址：青石镇建设路12号\n电话：1234567\n负责人：赵青\n",
    "1. 苹果\n2. 香蕉\n3. 橘子\n4. 葡萄\n",
    "年份\t人口\n2021\t3200\n2022\t3310\n2023\t3402\n",
    "12:01 甲：到了吗\n12:02 乙：还没有\n12:05 甲：快一点\n12:09 乙：马上到\n",
    "Dear Ms Lee,\n\nthank you for your letter of 3 May.\n\nYours sincerely,\nJane Smith\n",
    "「もう行きますか。」\n\n「はい、すぐに。」\n\nそう言って彼は立ち上がった。\n",
]


@pytest.mark.parametrize("text", CLEAN)
def test_clean_text_comes_out_exactly_as_it_went_in(text: str) -> None:
    document = read(text)
    assert document.text == text and document.source is None and document.runs == ()


PIECES = ["城市的供水", "昨天恢复。", "\n", "\n\n", "　　", "第3版\n", "图为河岸。记者 李明 摄\n", "The board said ", "reno-\nvation ", "e\u0301", "\r\n", "\f", "147", "，", "”"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=60))
def test_every_character_of_any_page_leads_back_to_the_file(pieces: list[str]) -> None:
    text = "".join(pieces) + "字"
    document = read(text)
    spans = [(each.start, each.end) for each in document.blocks]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    assert all(document.text[start:end].strip() == document.text[start:end] != "" for start, end in spans)
    source = document.source if document.source is not None else document.text
    assert document.source is not None or document.text == text
    for run in document.runs:
        there = source[run.original : run.original + run.length]
        assert document.text[run.start : run.start + run.length] == LINE_ENDS.sub("\n", there)
    places = [original_at(document, each) for each in range(len(document.text) + 1)]
    assert all(0 <= each <= len(source) for each in places)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab é\u0301e\u0300\u1100\u1161\u11a8\uac00の\u3099か\r\n\x0c\x00\ufeff中\u0323\u2028🙂\u0344\u212b"), max_size=30))
def test_cleaning_keeps_the_place_of_every_character(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == clean(text) and clean(cleaned.text).text == cleaned.text
    assert len(cleaned.pages) == text.count("\x0c")
    for run in cleaned.runs:
        there = text[run.original : run.original + run.length]
        assert cleaned.text[run.start : run.start + run.length] == LINE_ENDS.sub("\n", there)


def test_a_line_that_begins_with_a_mark_is_not_joined_into_another_character() -> None:
    text = "　港町の図書館は来年四月に新しい建\n物へ移ることになった。蔵書はおよそ\n十二万冊で、これまでの倍の広さにか\n\u3099る。館長は「子どもが本と出会う場所に\nしたい」と話している。開館時間は午\n前九時から午後八時までとなる。\n"
    document = read(text)
    assert is_normalized("NFC", document.text) and "か \u3099る" in document.text


def test_form_feeds_are_pages() -> None:
    document = read("第一页的话到这里结束。\n\f第二页的话也到这里结束。\n")
    assert [each.page for each in document.blocks] == [1, 2]


def test_byline_and_running_head_say_who_wrote_and_when() -> None:
    text = "云岭日报 2023年10月18日 星期三\n\n青石镇告别老水厂\n\n本报记者 陈远 通讯员 李明\n\n老水厂昨天停止供水，由新建的云岭水厂接替。\n"
    assert dict(read(text).metadata) == {"date": "2023-10-18", "author": "陈远、李明"}
    assert dict(read("Harbour plan\n\nBy Jane Smith, Staff Writer\n\nThe board met on Monday. It agreed.\n").metadata) == {"author": "Jane Smith"}


def test_a_line_of_millions_of_characters_is_data_and_no_text() -> None:
    with pytest.raises(UnreadableFile, match=r"page\.txt has a line of 2,000,001 characters.*break it into lines"):
        read("a" * 2_000_001)
