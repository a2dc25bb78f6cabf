"""Whatever a document or a question holds is shown as what it is: it makes no element, no attribute, no link of the page."""

from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from corpus import Block, Document, read_bytes
from fuzz.inert import harmless, same_shape, shape
from rag import Answer, Found, Quote
from tests import writers
from ui.render import problem_html, turn_html, waiting_html
from ui.source import looked_for, source_html, view_of

PIECES = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>x</a>", "![x](http://example.org/x.png)", "[x](javascript:alert(1))",
    "</blockquote></article>", "<!--", "-->", "<![CDATA[", "]]>", "<?xml ?>", "</mark>", "<style>*{display:none}</style>", "<svg onload=alert(1)>", "&lt;b&gt;", "&#60;b&#62;",
    '" onclick="alert(1)', "' onclick='alert(1)", "`", "\u202e", "\u2066", "\u2028", "\x0c", "{{7*7}}", "<base href=//example.org>", "<iframe srcdoc='x'>", "＜script＞", "<", ">", "&", "青石镇。",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6), min_size=1, max_size=8).map("".join)


def answers(document: Document, said: str) -> list[Answer]:
    """One that quotes the whole document, the middle of it marked, and one that does not."""
    # A heading that says what the title says would be shown once.
    end, heading = len(document.text), f"{said} ‖ {document.title}"
    quote = Quote("d", document.name, document.title, document.text, 0, end, 1, (heading,), end // 3, max(end // 2, end // 3 + 1), 0.5)
    found = Found("d", document.name, document.title, document.text, 0, end, None, (heading,), 0.5)
    return [Answer(said, True, 0.7, (quote,), (found,), {"total": 1.0}, said), Answer(said, False, 0.1, (), (found,), {})]


def document_of(text: str, name: str) -> Document:
    return Document(name, text[:40], text, (Block("heading", 0, len(text) // 2, 1), Block("table", len(text) // 2, len(text))), source=text)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE, st.sampled_from(["zh", "en"]))
def test_words_of_documents_and_questions_make_nothing_of_the_page(text: str, said: str, language: str) -> None:
    there, plain = document_of(text, f"{said}.pdf"), document_of(harmless(text), "x.pdf")
    for one, other in zip(answers(there, said), answers(plain, harmless(said)), strict=True):
        same_shape(turn_html(1, one.question, one, language, None, "id"), turn_html(1, other.question, other, language, None, "id"))
    same_shape(waiting_html(said, "searching", language), waiting_html(harmless(said), "searching", language))
    same_shape(problem_html(said), problem_html(harmless(said)))
    page = source_html(there, looked_for(there, view_of(there, 0, len(text)), said), language)
    shape(page)
    shown = "".join(each.text_content() for each in html.fragment_fromstring(page, create_parent="main").find_class("yinju-source"))
    assert all(line in unescape(shown) for line in text.splitlines() if line.isalnum())


@pytest.mark.parametrize("ending", ["txt", "md", "html", "docx", "csv", "eml"])
def test_a_document_full_of_markup_is_read_and_shown_as_words(ending: str) -> None:
    words = " ".join(PIECES).replace("\x0c", " ")
    data = {
        "html": writers.html_file(f"<p>ok {words}</p><p>more</p>"), "docx": writers.docx_file("", [words]), "csv": writers.csv_file([["a", "b"], [words, "x"]]),
        "eml": writers.eml_file("x", "words", html=words),
    }.get(ending, words.encode())  # fmt: skip
    document = read_bytes(data, f"a.{ending}")
    shape(source_html(document, view_of(document, 0, len(document.text)), "en"))
    for each in answers(document, document.title):
        shape(turn_html(1, each.question, each, "en", None, "id"))
