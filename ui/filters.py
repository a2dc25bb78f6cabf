"""Which documents are asked: what is chosen of languages, sections, dates and documents, as one condition of `corpus.where`.

What the library has to choose from is read when the filters are first looked at, not with the page. A condition that
the reader writes comes beside what is chosen, and documents must fulfil all of it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import gradio as gr
from babel import Locale, UnknownLocaleError

from corpus import YinjuError
from corpus.errors import QuestionError
from corpus.store import Store
from corpus.where import All, Comparison, Condition, parse_where, where_text
from corpus.where import Any as Either
from ui.labels import Label, labelled
from ui.render import problem_html
from ui.wording import Words, preferred, said

WORDS: Words = {
    "limits": ("限定范围", "Ask only some documents"),
    "languages": ("语言", "Language"),
    "sections": ("栏目", "Section"),
    "since": ("日期从", "Date from"),
    "until": ("日期到", "Date to"),
    "documents": ("文档", "Documents"),
    "words": ("标题或文件名含有", "Title or name contains"),
    "where": ("高级：自己写条件（如 date >= 2023-10 and section = 要闻）", "Advanced: a condition (such as date >= 2023-10 and section = news)"),
    "only": ("只问：", "Asks only: "),
    "asked": ("只问了：", "Asked only: "),
    "between": ("；", "; "),
    "list": ("、", ", "),
    "value": ("{name} {value}", "{name} {value}"),
    "span": ("{since} 至 {until}", "{since} to {until}"),
    "from": ("{since} 起", "from {since}"),
    "to": ("{until} 止", "until {until}"),
    "more": ("{some} 等 {count} 份", "{some} and others, {count} in all"),
    "clear": ("取消限定", "Ask all documents"),
    "no date": ("“{text}”不是日期；写成 2023、2023-10 或 2023-10-05", "“{text}” is no date; write 2023, 2023-10 or 2023-10-05"),
    "backwards": ("{since} 在 {until} 之后；请把两个日期对调", "{since} is after {until}; exchange the two dates"),
}  # fmt: skip
# Sections that are offered (others may be typed), documents up to which each can be chosen, and chosen ones that are named.
SECTIONS, DOCUMENTS, NAMED = 500, 300, 3
DATE = re.compile(r"(\d{4})\s*(?:年|[-/.年]\s*(\d{1,2})\s*(?:月|[-/.月]\s*(\d{1,2})\s*日?)?)?")
LOCALES = {"zh": "zh_Hans", "zh-Hant": "zh_Hant", "en": "en"}
SCRIPT = """
element.addEventListener('click', (event) => { if (event.target.closest('button[data-do="clear"]')) trigger('click', {do: 'clear'}); });
"""


@dataclass(frozen=True)
class Limits:
    """What is chosen, as the reader put it; nothing of all is all documents."""

    languages: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    documents: tuple[str, ...] = ()
    words: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Filters:
    """The panel's parts whose values `limits_of` takes, in its order, and the labels."""

    parts: list[Any]
    labels: tuple[Label, ...]


def filters_panel(library: Store, language: gr.State) -> Filters:
    """Build the filters inside the page, with a line below them that says what is chosen while they are closed."""
    with gr.Accordion(said(WORDS, "limits", "zh"), open=False, elem_id="yinju-limits") as whole:
        with gr.Row():
            languages, sections = _several("languages"), _several("sections")
            since, until = _line("since", "2023-10"), _line("until", "2023-10-05")
            documents, words = _several("documents"), _line("words")
        where = gr.Textbox(label=said(WORDS, "where", "zh"), max_lines=1, elem_id="yinju-where")
    told = gr.HTML(js_on_load=SCRIPT, elem_id="yinju-limited", padding=False)
    offering = [languages, sections, since, until, documents, words]
    parts = [*offering, where]

    def offer(code: str, request: gr.Request) -> tuple[Any, ...]:
        # Who was quicker than the page opens this before its language is known.
        return _offered(library, code or preferred(request.headers.get("accept-language")))

    def tell(code: str, request: gr.Request, *chosen: Any) -> str:
        return limits_html(limits_of(*chosen), code or preferred(request.headers.get("accept-language")))

    quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    whole.expand(offer, language, offering, **quietly)
    happens = [each.change for each in (languages, sections, documents)] + [on for each in (since, until, words, where) for on in (each.blur, each.submit)]
    # Outside the queue: who leaves a field by asking sends two events at once, of which Gradio's stream may lose one.
    gr.on([*happens, language.change], tell, [language, *parts], told, trigger_mode="always_last", queue=False, **quietly)
    told.click(lambda: ([], [], "", "", [], "", "", ""), None, [*parts, told], **quietly)
    named = {"languages": languages, "sections": sections, "since": since, "until": until, "documents": documents, "words": words, "where": where}
    return Filters(parts, (labelled(whole, WORDS, label="limits"), *(labelled(part, WORDS, label=key) for key, part in named.items())))


def limits_of(languages: Any, sections: Any, since: Any, until: Any, documents: Any, words: Any, condition: Any) -> Limits:
    """What the values of the panel's parts say."""
    return Limits(_texts(languages), _texts(sections), _text(since), _text(until), _texts(documents), _text(words), _text(condition))


def condition_of(limits: Limits, code: str) -> str | None:
    """The condition that documents must fulfil, None where all are asked.

    Raises QuestionError where a date is none, the dates stand the wrong way round, or the condition cannot be read.
    """
    since, until = _date(limits.since, code), _date(limits.until, code)
    if since and until and _first(since) > _first(until) and not since.startswith(until):
        raise QuestionError(said(WORDS, "backwards", code, since=since, until=until))
    parts = [
        *_one_of("language", limits.languages), *_one_of("section", limits.sections),
        *([Comparison("date", ">=", since)] if since else []), *([Comparison("date", "<=", until)] if until else []),
        *_one_of("name", limits.documents),
        *([Either((Comparison("title", "~", limits.words), Comparison("name", "~", limits.words)))] if limits.words else []),
        *([parse_where(limits.condition)] if limits.condition else []),
    ]  # fmt: skip
    if not parts:
        return None
    return where_text(parts[0] if len(parts) == 1 else All(tuple(parts)))


def limits_text(limits: Limits, code: str) -> str:
    """What is chosen in a few words; empty where nothing is."""
    span = "span" if limits.since and limits.until else "from" if limits.since else "to" if limits.until else ""
    some = limits.documents[:NAMED]
    documents = said(WORDS, "list", code).join(some)
    if len(some) < len(limits.documents):
        documents = said(WORDS, "more", code, some=documents, count=len(limits.documents))
    named = {
        "languages": said(WORDS, "list", code).join(language_name(each, code) for each in limits.languages),
        "sections": said(WORDS, "list", code).join(limits.sections), "documents": documents, "words": limits.words,
    }  # fmt: skip
    told = [said(WORDS, "value", code, name=said(WORDS, key, code), value=value) for key, value in named.items() if value]
    if span:
        told.insert(bool(limits.languages) + bool(limits.sections), said(WORDS, span, code, since=limits.since, until=limits.until))
    return said(WORDS, "between", code).join([*told, limits.condition] if limits.condition else told)


def limits_html(limits: Limits, code: str) -> str:
    """What is chosen, with a button that clears it, and what is wrong with it; empty where nothing is."""
    words = limits_text(limits, code)
    if not words:
        return ""
    try:
        condition_of(limits, code)
        wrong = ""
    except YinjuError as error:
        wrong = problem_html(str(error))
    return (
        f'<p class="yinju-hint" role="status" dir="auto">{said(WORDS, "only", code)}{escape(words)} '
        f'<button class="yinju-do" data-do="clear">{said(WORDS, "clear", code)}</button></p>{wrong}'
    )


def asked_html(limits: Limits | None, code: str) -> str:
    """Below a question, of which documents it was asked; empty where of all."""
    words = limits_text(limits, code) if limits else ""
    return f'<p class="yinju-hint" dir="auto">{said(WORDS, "asked", code)}{escape(words)}</p>' if words else ""


def language_name(tag: str, code: str) -> str:
    """What a language is called in the page's language; the tag itself where it has no name."""
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(LOCALES.get(code, "en")) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def _offered(library: Store, code: str) -> tuple[Any, ...]:
    """What there is to choose from; what the library has nothing of is not shown."""
    tags, sections = library.distinct_values("language", SECTIONS), library.distinct_values("section", SECTIONS)
    names = Counter(language_name(each, code) for each in tags)
    languages = [(name if names[name := language_name(each, code)] == 1 else f"{name} ({each})", each) for each in tags]
    dated = gr.update(visible=bool(library.distinct_values("date", 1)))
    few = library.document_count() <= DOCUMENTS
    documents = [(f"{title} · {name}", name) for _, name, title, _ in library.labels()] if few else []
    return (
        gr.update(choices=languages, visible=bool(languages)), gr.update(choices=sections, visible=bool(sections)), dated, dated,
        gr.update(choices=documents, visible=bool(documents)), gr.update(visible=not few),
    )  # fmt: skip


def _several(key: str) -> gr.Dropdown:
    # A choice made before the server was started again must still be taken, though it has not been offered since.
    return gr.Dropdown(
        [], value=[], multiselect=True, allow_custom_value=True, label=said(WORDS, key, "zh"), visible=False, elem_id=f"yinju-only-{key}"
    )  # fmt: skip


def _line(key: str, example: str = "") -> gr.Textbox:
    return gr.Textbox(label=said(WORDS, key, "zh"), placeholder=example, max_lines=1, visible=False, elem_id=f"yinju-only-{key}")


def _one_of(field: str, values: Sequence[str]) -> list[Condition]:
    found = tuple(Comparison(field, "=", each) for each in values)
    return [Either(found)] if len(found) > 1 else [*found]


def _date(text: str, code: str) -> str:
    """A date as `2023`, `2023-10` or `2023-10-05`; empty where none is given. Raises QuestionError where it is another thing."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if not folded:
        return ""
    found = DATE.fullmatch(folded)
    try:
        if found is None:
            raise ValueError
        parts = [int(each) for each in found.groups() if each]
        day = "-".join([f"{parts[0]:04}", *(f"{each:02}" for each in parts[1:])])
        _first(day)
    except ValueError:
        raise QuestionError(said(WORDS, "no date", code, text=text)) from None
    return day


def _first(day: str) -> date:
    """The first day of a year, a month or a day. Raises ValueError where the calendar has none."""
    return date(*([*map(int, day.split("-")), 1, 1])[:3])


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(each) for each in values)) if isinstance(values, list) else ()
