"""The source beside the chat: the stretch that is shown, and what is marked in it."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Block, Document
from ui.source import STRETCH, looked_for, source_html, view_of, widened
from ui.wording import LANGUAGES, preferred, said

PARAGRAPH = "青石镇第{}届灯会于正月十二开幕，共展出灯组八十六个。"


def document_of(paragraphs: list[str]) -> Document:
    blocks, at = [], 0
    for each in paragraphs:
        blocks.append(Block("paragraph", at, at + len(each)))
        at += len(each) + 1
    return Document("灯会.txt", "灯会", "\n".join(paragraphs), tuple(blocks))


def marked(html: str, kind: str) -> str:
    return "".join(unescape(each) for each in re.findall(rf'<mark class="yinju-{kind}">(.*?)</mark>', html, re.DOTALL))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40), min_size=1, max_size=8), st.data())
def test_the_marked_words_are_the_quote_exactly(paragraphs, data):
    document = document_of(paragraphs)
    start = data.draw(st.integers(0, len(document.text) - 1))
    end = data.draw(st.integers(start + 1, len(document.text)))
    html = source_html(document, view_of(document, start, end), "zh")
    inside = "".join(document.text[max(start, each.start) : min(end, each.end)] for each in document.blocks if each.start < end and each.end > start)
    assert marked(html, "here") == inside


def test_of_a_large_document_only_a_stretch_is_shown_and_it_grows():
    document = document_of([PARAGRAPH.format(number) for number in range(100_000)])
    view = view_of(document, 1_000_000, 1_000_020)
    html = source_html(document, view, "zh")
    assert len(html) < 10 * STRETCH and 'data-do="earlier"' in html and 'data-do="later"' in html
    for _ in range(3):
        view = widened(document, view, True)
    assert view.first == 1_000_000 - 4 * STRETCH and view.last == 1_000_020 + STRETCH
    begun = view_of(document, 0, 5)
    assert widened(document, begun, True) == begun and 'data-do="earlier"' not in source_html(document, begun, "zh")


def test_words_are_found_in_any_case_one_place_after_another_and_around_again():
    document = document_of(["The Mill burnt.", "A mill was built.", "No more MILLS."])
    view = view_of(document, 0, 3)
    places = []
    for _ in range(4):
        view = looked_for(document, view, "mill")
        places.append(document.text[slice(*view.found)])
    assert places == ["Mill", "mill", "MILL", "Mill"]
    assert marked(source_html(document, view, "en"), "found") == "Mill"
    assert "1 of 3" in source_html(document, view, "en")


def test_what_is_found_far_away_is_shown():
    document = document_of([*[PARAGRAPH.format(number) for number in range(10_000)], "口令是芝麻开门。"])
    view = looked_for(document, view_of(document, 0, 5), "芝麻")
    assert marked(source_html(document, view, "zh"), "found") == "芝麻"


@pytest.mark.parametrize("words", ["", "  ", "(", "[a-", "没有", "\\", "<b>"])
def test_any_words_can_be_looked_for(words):
    document = document_of(["青石镇灯会 (第七届)。"])
    view = looked_for(document, view_of(document, 0, 3), words)
    assert source_html(document, view, "zh")


def test_markup_in_a_document_is_shown_as_text():
    document = document_of(["<script>alert(1)</script><img src=x onerror=alert(1)> & [a](javascript:alert(1))"])
    html = source_html(document, view_of(document, 3, 20), "zh")
    assert "<script" not in html and "<img" not in html and "&lt;script&gt;" in html.replace('<mark class="yinju-here">', "").replace("</mark>", "")


def test_articles_are_parted():
    document = Document("a", "a", "甲\n乙", (Block("paragraph", 0, 1, article=0), Block("paragraph", 2, 3, article=1)))
    assert source_html(document, view_of(document, 0, 1), "zh").count("<hr>") == 1


@pytest.mark.parametrize(("header", "language"), [
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("zh-TW,zh;q=0.9", "zh-Hant"), ("zh-HK", "zh-Hant"), ("en-US,en;q=0.9", "en"), ("fr-FR,fr;q=0.9,en;q=0.5", "en"),
    ("de", "en"), ("en;q=0.3,zh;q=0.7", "zh"), ("", "zh"), (None, "zh"), ("zh-Hant-HK", "zh-Hant"), ("en;q=x,zh", "zh"), (",,;q=,", "en"),
])  # fmt: skip
def test_the_page_speaks_what_the_browser_asks_for(header, language):
    assert preferred(header) == language


def test_every_word_of_the_page_is_there_in_every_language():
    from ui import app, chat, conversation_panel, evaluation_panel, library_panel, render, source

    for module in (app, chat, conversation_panel, evaluation_panel, library_panel, render, source):
        for key, (chinese, english) in module.WORDS.items():
            assert set(re.findall(r"{(\w+)", chinese)) == set(re.findall(r"{(\w+)", english)), key
            assert all(said(module.WORDS, key, language) for language in LANGUAGES)
    assert said(chat.WORDS, "box", "zh-Hant") == "問題"
