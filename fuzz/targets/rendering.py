"""A document's words in the page: found, quoted, looked for, cited and exported; inert, and the quote is the document's own span."""

from dataclasses import replace

from corpus import UnreadableFile, read_bytes, split_sentences
from corpus.document import Document
from fuzz.inert import harmless, same_shape
from fuzz.target import Target
from rag import Answer, Found, Quote
from ui.cite import STYLES, cited, quotation
from ui.export import FORMATS, file_name
from ui.render import turn_html
from ui.source import looked_for, source_html, view_of
from ui.talks import Turn

WHEN = "2024-01-15T10:15:00.123456+00:00"


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if not text.strip() or "\0" in text:
        return
    try:
        document = read_bytes(b"\xef\xbb\xbf" + text.encode(), "a<b>.txt")
    except UnreadableFile:
        return
    plain = Document("a[b].txt", harmless(document.title), harmless(document.text), document.blocks, {}, document.source and harmless(document.source), document.runs)
    spans = split_sentences(document)
    chosen = spans[len(data) % len(spans)]
    start, end = chosen.start, chosen.end
    middle = (start + end) // 2
    for language in ("zh", "en"):
        same_shape(*(turn_html(1, each.text[:60], answer(each, start, end, middle), language, None, "id") for each in (document, plain)))
        same_shape(*(source_html(each, view_of(each, start, end), language) for each in (document, plain)))
        wanted = document.text[start : start + 5]
        found = looked_for(document, view_of(document, start, end), wanted)
        if wanted.strip():
            assert found.found is not None and document.text[slice(*found.found)].casefold() == wanted.strip().casefold()
        source_html(document, found, language)
    turn = Turn("t", text[:100], answer(document, start, end, middle), WHEN)
    for ending, made in FORMATS.items():
        if ending != "docx" or len(data) % 8 == 0:  # which takes long
            assert made(text[:40], [turn])
    assert file_name(text, "md").endswith(".md")
    known = replace(document, metadata=dict(zip(("author", "date", "section", "source", "publication", "page"), text.split("\n"), strict=False)))
    for style in STYLES:
        quotation(cited(known, start, end), style).encode()


def answer(document: Document, start: int, end: int, middle: int) -> Answer:
    words = document.text[start:end]
    quote = Quote("d", document.name, document.title, words, start, end, 1, (document.title,), middle, end, 0.5)
    found = Found("d", document.name, document.title, words, start, end, None, (words[:30],), 0.5)
    return Answer(document.text[:50], True, 0.7, (quote,), (found,), {"total": 1.0}, document.text[-50:])


def seeds() -> dict[str, bytes]:
    return {
        "html": "<script>alert(1)</script><img src=x onerror='x'>[链接](javascript:x) ![a](http://b/c.png) {{7*7}} &lt;b&gt; \" ' ` \u202e\u2066题。".encode(),
        "plain": "标题\n\n青石镇灯会共有灯组八十七个。</blockquote></article><style>*{}</style><!-- -->\n".encode(),
    }


TARGET = Target(check, seeds, longest=4_000, words=(b"<script>", b"</mark>", b"<!--", b"]]>", b"&#x", "\u202e".encode(), b"\x0c", b"](javascript:"))
