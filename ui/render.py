"""Answers and documents as HTML. Everything that comes from a document or a person is escaped."""

import json
from html import escape

from corpus import Document, originals, title_at
from rag import Answer, Found, Quote

# Characters shown on either side of a quote in the file as it is.
AROUND = 300


def answer_html(answer: Answer) -> str:
    """The quotes of an answer as cards, or plainly that there is none and the nearest passages."""
    if answer.answered:
        cards = "".join(_card(each, _marked(each)) for each in answer.quotes)
        return f'<div class="yinju-answer">{cards}</div>'
    cards = "".join(_card(each, escape(each.text)) for each in answer.passages[:3])
    return (
        '<div class="yinju-none"><p class="yinju-plain">这些文档里没有答案 · Not in these documents</p>'
        f'<p class="yinju-hint">最接近的段落如下，它们不是答案。The nearest passages, which are no answer:</p>{cards}</div>'
    )


def problem_html(sentence: str) -> str:
    """One sentence that says what is wrong."""
    return f'<div class="yinju-problem">{escape(sentence)}</div>'


def question_html(question: str, understood: str | None = None) -> str:
    """The question, and how it was taken where it leans on earlier ones."""
    taken = f'<p class="yinju-hint">接着上文理解 Understood as: {escape(understood)}</p>' if understood else ""
    return f'<div class="yinju-question">{escape(question)}</div>{taken}'


def source_html(document: Document, start: int, end: int) -> str:
    """The whole document with `start:end` highlighted, articles parted, and the place as the file has it."""
    parts = []
    article = 0
    for block in document.blocks:
        if block.article != article:
            article = block.article
            parts.append("<hr>")
        tag = f"h{min(block.level + 2, 5)}" if block.kind == "heading" else "p"
        inside = _highlighted(document.text, block.start, block.end, start, end)
        parts.append(f'<{tag} class="yinju-{block.kind}" dir="auto">{inside}</{tag}>')
    return (
        f'<div class="yinju-source"><h2 dir="auto">{escape(title_at(document, start))}</h2>'
        f'<p class="yinju-place">{escape(document.name)} · {_place(start, end)}</p>'
        f'{_as_it_was(document, start, end)}{"".join(parts)}</div>'
    )


def _as_it_was(document: Document, start: int, end: int) -> str:
    """The place in the file as it is, where reading has mended it."""
    if document.source is None:
        return ""
    spans = sorted(originals(document, start, end)) or [(0, 0)]
    before, after = max(0, spans[0][0] - AROUND), min(len(document.source), spans[-1][1] + AROUND)
    parts = []
    position = before
    for first, last in spans:
        parts += [escape(document.source[position:first]), f"<mark>{escape(document.source[first:last])}</mark>"]
        position = last
    excerpt = "".join(parts) + escape(document.source[position:after])
    return (
        "<details><summary>文件里的原样 · As it stands in the file</summary>"
        f'<pre class="yinju-original" dir="auto">{excerpt}</pre></details>'
    )


def _highlighted(text: str, start: int, end: int, first: int, last: int) -> str:
    if last <= start or first >= end:
        return escape(text[start:end])
    first, last = max(first, start), min(last, end)
    quote = f'<mark class="yinju-here">{escape(text[first:last])}</mark>'
    return escape(text[start:first]) + quote + escape(text[last:end])


def _marked(quote: Quote) -> str:
    if quote.answer_start is None or quote.answer_end is None:
        return escape(quote.text)
    start, end = quote.answer_start - quote.start, quote.answer_end - quote.start
    return f"{escape(quote.text[:start])}<mark>{escape(quote.text[start:end])}</mark>{escape(quote.text[end:])}"


def _card(found: Quote | Found, inside: str) -> str:
    place = json.dumps([found.document, found.start, found.end], ensure_ascii=False)
    page = f" · 第 {found.page} 页" if found.page else ""
    headings = " › ".join(each for each in found.headings if each != found.title)
    above = f'<div class="yinju-path">{escape(headings)}</div>' if headings else ""
    return (
        f'<article class="yinju-card">{above}<blockquote>{inside}</blockquote>'
        f'<footer><b>{escape(found.title)}</b> · {escape(found.document)}{page} · {_place(found.start, found.end)} '
        f'<button class="yinju-open" data-place="{escape(place, quote=True)}">打开原文 · Open</button></footer></article>'
    )


def _place(start: int, end: int) -> str:
    return f"第 {start + 1:,}–{end:,} 字"
