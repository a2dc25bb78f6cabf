"""Answers as HTML. Everything that comes from a document or a person is escaped."""

import json
from html import escape

from rag import Answer, Found, Quote
from ui.cite import STYLES
from ui.wording import said

WORDS = {
    "none": ("这些文档里没有答案", "Not in these documents"),
    "nearest": ("最接近的段落如下，它们不是答案。可以换个说法再问，或先添加相关文件。",
                "The nearest passages, which are no answer. Try other words, or add documents that may hold it."),
    "understood": ("接着上文理解为：{question}", "Understood, after what came before, as: {question}"),
    "alone": ("不接上文，单独问", "Ask it alone"),
    "open": ("打开原文", "Open"),
    "copy": ("复制", "Copy"),
    "cite": ("引用", "Cite"),
    "link": ("复制链接", "Copy link"),
    "copied": ("已复制", "Copied"),
    "page": ("第 {page} 页", "page {page}"),
    "place": ("第 {start:,}–{end:,} 字", "characters {start:,}–{end:,}"),
    "sure": ("把握很大", "very likely answers"),
    "likely": ("大概是", "probably answers"),
    "perhaps": ("不太有把握", "may answer"),
    "confidence": ("能回答的概率：{percent}%", "probability that it answers: {percent} %"),
    "up": ("有用", "It answers"),
    "down": ("没答对", "It does not"),
    "thanks": ("已记下，谢谢", "Noted, thank you"),
    "waiting": ("排队中，前面还有 {count} 个问题…", "Waiting: {count} before yours…"),
    "searching": ("正在找相关段落…", "Searching…"),
    "reading": ("正在读 {count} 个段落…", "Reading {count} passages…"),
    "stopped": ("已停止", "Stopped"),
    "took": ("{seconds:.1f} 秒", "{seconds:.1f} s"),
}  # fmt: skip
STYLE_NAMES = {"gbt7714": "GB/T 7714", "apa": "APA", "bibtex": "BibTeX"}
# From these confidences on an answer is called likely, or sure.
LIKELY, SURE = 0.5, 0.8


def turn_html(number: int, question: str, answer: Answer, language: str, judged: str | None = None, identity: str = "", of: str = "") -> str:
    """A question with its answer; `number` names it to the page's script, `judged` is what the reader said of it, `identity`
    stands in the link to it, `of` says in HTML which documents were asked."""
    return (
        f'<section class="yinju-turn" data-turn="{number}"><h2 class="yinju-question" dir="auto">{escape(question)}</h2>'
        f"{of}{_understood(answer, language)}{answer_html(answer, language)}{_judging(answer, language, judged, identity)}</section>"
    )


def waiting_html(question: str, stage: str, language: str, count: int = 0) -> str:
    """A question whose answer is on its way."""
    told = said(WORDS, stage, language, count=count) if count else said(WORDS, stage, language)
    return (
        f'<section class="yinju-turn"><h2 class="yinju-question" dir="auto">{escape(question)}</h2>'
        f'<p class="yinju-hint yinju-waiting" role="status">{told}</p></section>'
    )


def answer_html(answer: Answer, language: str) -> str:
    """The quotes of an answer as cards, or plainly that there is none and the nearest passages."""
    if answer.answered:
        cards = "".join(_card(number, each, _marked(each), language) for number, each in enumerate(answer.quotes))
        return f'<div class="yinju-answer">{_sureness(answer, language)}{cards}</div>'
    cards = "".join(_card(number, each, escape(each.text), language) for number, each in enumerate(answer.passages[:3]))
    return (
        f'<div class="yinju-none"><p class="yinju-plain">{said(WORDS, "none", language)}</p>'
        f'<p class="yinju-hint">{said(WORDS, "nearest", language)}</p>{cards}</div>'
    )


def problem_html(sentence: str) -> str:
    """One sentence that says what is wrong."""
    return f'<div class="yinju-problem" role="alert">{escape(sentence)}</div>'


def _understood(answer: Answer, language: str) -> str:
    if not answer.understood:
        return ""
    taken = said(WORDS, "understood", language, question=f'<bdi dir="auto">{escape(answer.understood)}</bdi>')
    return (
        f'<p class="yinju-hint">{taken} <button class="yinju-do" data-do="alone">{said(WORDS, "alone", language)}</button></p>'
    )


def _sureness(answer: Answer, language: str) -> str:
    word = "sure" if answer.confidence >= SURE else "likely" if answer.confidence >= LIKELY else "perhaps"
    percent = said(WORDS, "confidence", language, percent=round(100 * answer.confidence))
    took = said(WORDS, "took", language, seconds=answer.timings.get("total", 0.0) / 1000)
    return f'<p class="yinju-hint"><span class="yinju-sure yinju-{word}" title="{percent}">{said(WORDS, word, language)}</span> · {took}</p>'


def _judging(answer: Answer, language: str, judged: str | None, identity: str) -> str:
    link = ""
    if identity:
        link = (
            f' <button class="yinju-do" data-do="link" data-id="{escape(identity, quote=True)}" data-said="{said(WORDS, "copied", language)}">'
            f"{said(WORDS, 'link', language)}</button>"
        )
    if judged:
        return f'<p class="yinju-judge">{said(WORDS, "thanks", language)}{link}</p>'
    up = f'<button class="yinju-do" data-do="up">✓ {said(WORDS, "up", language)}</button> ' if answer.answered else ""
    return f'<p class="yinju-judge">{up}<button class="yinju-do" data-do="down">✗ {said(WORDS, "down", language)}</button>{link}</p>'


def _marked(quote: Quote) -> str:
    if quote.answer_start is None or quote.answer_end is None:
        return escape(quote.text)
    start, end = quote.answer_start - quote.start, quote.answer_end - quote.start
    return f"{escape(quote.text[:start])}<mark>{escape(quote.text[start:end])}</mark>{escape(quote.text[end:])}"


def _card(number: int, found: Quote | Found, inside: str, language: str) -> str:
    # A passage may be longer than its frame, which the keyboard scrolls where it can be focused.
    scrolled = ' tabindex="0"' if isinstance(found, Found) else ""
    place = escape(json.dumps([found.document, found.start, found.end], ensure_ascii=False), quote=True)
    where = [f"<b>{escape(found.title)}</b>", escape(found.document), said(WORDS, "place", language, start=found.start + 1, end=found.end)]
    if found.page:
        where.insert(2, said(WORDS, "page", language, page=found.page))
    headings = " › ".join(each for each in found.headings if each != found.title)
    above = f'<div class="yinju-path" dir="auto">{escape(headings)}</div>' if headings else ""
    styles = "".join(f'<button class="yinju-do" data-do="cite" data-style="{style}">{STYLE_NAMES[style]}</button>' for style in STYLES)
    return (
        f'<article class="yinju-card" data-number="{number}" data-place="{place}">{above}<blockquote dir="auto"{scrolled}>{inside}</blockquote>'
        f'<footer><span dir="auto">{" · ".join(where)}</span> '
        f'<button class="yinju-do yinju-open" data-do="open">{said(WORDS, "open", language)}</button> '
        f'<button class="yinju-do" data-do="copy" data-said="{said(WORDS, "copied", language)}">{said(WORDS, "copy", language)}</button> '
        f'<details class="yinju-cite"><summary>{said(WORDS, "cite", language)}</summary>{styles}</details></footer></article>'
    )
