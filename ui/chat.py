"""The chat: a question box, the answers under it, newest first, and the source of a quote beside them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from corpus import YinjuError
from corpus.feedback import Feedback, add_feedback
from rag import Answer, Assistant
from rag.conversation import TURNS
from ui import source
from ui.access.caller import caller_of
from ui.answering import Desk, answer, steps
from ui.cite import cited, quotation
from ui.filters import Limits, asked_html, condition_of, filters_panel, limits_of
from ui.labels import Label, labelled
from ui.page_image import NO_PLACE, paging
from ui.render import problem_html, turn_html, waiting_html
from ui.resumed import Asked, owner_of, remembered, resumed, rightful
from ui.scripts import SOURCE_SCRIPT, TALK_SCRIPT, TRY_SCRIPT
from ui.source import View, looked_for, source_html, view_of, widened
from ui.talks import Talks
from ui.wording import Words, preferred, said

WORDS: Words = {
    "box": ("问题", "Question"),
    "placeholder": ("问一个问题…（Enter 发送，Shift+Enter 换行）", "Ask in any language… (Enter sends, Shift+Enter breaks the line)"),
    "ask": ("问", "Ask"),
    "stop": ("停止", "Stop"),
    "try": ("试试这些", "Try one of these"),
    "new": ("新对话", "New conversation"),
    "earlier": ("更早的 {count} 个问题", "Earlier questions: {count}"),
}  # fmt: skip
# Questions of a conversation that stand in the page before earlier ones are asked for.
SHOWN = 20


@dataclass(frozen=True)
class Opened:
    """The source that is open: of which question, at which of its places (document, start, end)."""

    view: View
    question: str
    places: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Chat:
    """The panel's parts that the page and other panels use: the box, the answers, the source, what is open, and its labels."""

    question: gr.Textbox
    talk: gr.HTML
    shown: gr.HTML
    fresh: gr.Button
    turns: gr.State
    opened: gr.State
    current: gr.State
    asking: Any
    labels: tuple[Label, ...]


def chat_panel(
    desk: Desk, conversations: Talks, examples: Sequence[str], language: gr.State, owner: gr.State, kept: gr.BrowserState
) -> Chat:
    """Build the panel inside the page that is being built; `language` holds the page's language, `owner` whose browser it is,
    `kept` what that browser keeps: both of these and the conversation that is open."""
    assistant = desk.assistant
    turns, opened, current = gr.State(()), gr.State(None), gr.State("")
    with gr.Row(elem_classes="yinju-columns"):
        with gr.Column(scale=3, min_width=320):
            question = gr.Textbox(lines=1, max_lines=6, elem_id="yinju-box", autofocus=True, submit_btn="问")
            filters = filters_panel(assistant.library, language)
            tried = gr.HTML(tried_html(examples, "zh"), js_on_load=TRY_SCRIPT, elem_id="yinju-try")
            talk = gr.HTML(
                js_on_load=TALK_SCRIPT, elem_id="yinju-talk", server_functions=[_citing(assistant)], padding=False
            )  # fmt: skip
            fresh = gr.Button(said(WORDS, "new", "zh"), size="sm", elem_id="yinju-new", visible=False)
        with gr.Column(scale=2, min_width=320):
            shown = gr.HTML(empty_html("zh"), js_on_load=SOURCE_SCRIPT, elem_id="yinju-source", server_functions=[paging(assistant)])

    async def put(
        text: str, before: tuple[Asked, ...], kept_in: str, code: str, whose: str, held: Any, request: gr.Request, *chosen: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        # Who is quicker than the page asks before it knows the language, and whose browser this is.
        code = code or preferred(request.headers.get("accept-language"))
        caller = caller_of(request)
        before, kept_in = (before, kept_in) if rightful(caller, whose) == whose else ((), "")
        whose = owner_of(caller, whose or remembered(held)[1])
        if not before and not kept_in:
            # The server was started again since, or has forgotten this page; the browser has not.
            kept_in, before, _ = await asyncio.to_thread(resumed, conversations, remembered(held)[2], whose)
        running = gr.update(submit_btn=False, stop_btn=said(WORDS, "stop", code))
        idle = gr.update(submit_btn=said(WORDS, "ask", code), stop_btn=False)
        past, limits = talk_html(before, code), limits_of(*chosen)
        try:
            where = condition_of(limits, code)
        except YinjuError as error:
            yield idle, before, problem_html(str(error)) + past, gr.update(), kept_in, gr.skip(), gr.skip()
            return
        async for each in steps(desk, caller, text, where=where, history=[one.answer for one in before[-TURNS:]]):
            if isinstance(each, Answer):
                kept_in, identity, wrong = await asyncio.to_thread(_kept, conversations, kept_in, whose, each)
                after = (*before, Asked(text, each, identity, limits=limits))
                done = gr.update(value="", submit_btn=said(WORDS, "ask", code), stop_btn=False)
                yield done, after, wrong + talk_html(after, code), gr.update(visible=True), kept_in, whose, [code, whose, kept_in]
            elif isinstance(each, YinjuError):
                yield idle, before, problem_html(str(each)) + past, gr.update(), kept_in, gr.skip(), gr.skip()
            else:
                stage, count = each
                yield running, before, waiting_html(text, stage, code, count) + past, gr.update(), kept_in, gr.skip(), gr.skip()

    def stopped(before: tuple[Asked, ...], code: str) -> tuple[Any, ...]:
        return gr.update(submit_btn=said(WORDS, "ask", code), stop_btn=False), talk_html(before, code)

    async def act(before: tuple[Asked, ...], now: Opened | None, code: str, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """A button under an answer: open a source, judge, or ask alone."""
        said_ = event._data or {}
        shown = _number(said_.get("shown"), len(before) + 1) or 0
        if said_.get("do") == "earlier":
            return gr.update(), now, talk_html(before, code, shown + SHOWN), before
        number = _number(said_.get("turn"), len(before))
        if number is None:
            return gr.update(), now, gr.update(), before
        asked = before[number]
        if said_.get("do") == "open":
            html, now = await asyncio.to_thread(_opened, assistant, asked, said_.get("number"), code)
            return html, now, gr.update(), before
        try:
            if said_.get("do") == "alone":
                where = condition_of(asked.limits or Limits(), code)
                changed = replace(asked, answer=await answer(desk, caller_of(request), asked.question, where=where))
            else:
                changed = await asyncio.to_thread(_judged, assistant, asked, str(said_.get("do")))
        except YinjuError as error:
            return gr.update(), now, problem_html(str(error)) + talk_html(before, code, shown), before
        before = (*before[:number], changed, *before[number + 1 :])
        return gr.update(), now, talk_html(before, code, shown), before

    def step(now: Opened | None, code: str, event: gr.EventData) -> tuple[Any, ...]:
        """A button of the source: further back or on, another quote, look for words, or here is the answer."""
        if now is None:
            return gr.update(), now
        return _stepped(assistant, now, event._data or {}, code)

    asking = gr.on(
        [question.submit], put, [question, turns, current, language, owner, kept, *filters.parts],
        [question, turns, talk, fresh, current, owner, kept],
        concurrency_limit=None, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    question.stop(stopped, [turns, language], [question, talk], cancels=[asking], api_visibility="private")
    talk.click(act, [turns, opened, language], [shown, opened, talk, turns], show_progress="hidden", api_visibility="private")
    shown.click(step, [opened, language], [shown, opened], show_progress="hidden", api_visibility="private")
    tried.click(taken, None, question, show_progress="hidden", api_visibility="private")
    # What the browser keeps changes with the talk: a question asked at once belongs to the new conversation.
    fresh.click(
        lambda code, whose: ((), "", gr.update(visible=False), "", [code, whose, ""]), [language, owner], [turns, talk, fresh, current, kept],
        api_visibility="private",
    )  # fmt: skip
    labels = (
        labelled(question, WORDS, label="box", placeholder="placeholder", submit_btn="ask"),
        *filters.labels, labelled(fresh, WORDS, value="new"), (tried, lambda code: tried_html(examples, code)),
    )  # fmt: skip
    return Chat(question, talk, shown, fresh, turns, opened, current, asking, labels)


def tried_html(examples: Sequence[str], code: str) -> str:
    """Questions that may be tried, each a button that puts it into the box."""
    if not examples:
        return ""
    buttons = "".join(f'<button class="yinju-do" dir="auto" data-question="{escape(each, quote=True)}">{escape(each)}</button> ' for each in examples)
    return f'<p class="yinju-hint">{said(WORDS, "try", code)}</p><p>{buttons}</p>'


def talk_html(turns: Sequence[Asked], code: str, shown: int = 0) -> str:
    """The conversation, newest first; of a long one the newest `shown` (SHOWN at least), and a button for those before."""
    earlier = max(0, len(turns) - max(shown, SHOWN))
    rows = [
        turn_html(number, each.question, each.answer, code, each.judged, each.id, asked_html(each.limits, code))
        for number, each in enumerate(turns[earlier:], earlier)
    ]
    more = said(WORDS, "earlier", code, count=earlier)
    return "".join(reversed(rows)) + (f'<p><button class="yinju-do" data-do="earlier">{more}</button></p>' if earlier else "")


def empty_html(code: str) -> str:
    return f'<p class="yinju-hint">{said(source.WORDS, "hint", code)}</p>'


def _kept(conversations: Talks, kept_in: str, owner: str, answer: Answer) -> tuple[str, str, str]:
    """The conversation and the answer's id now that it is kept; or what is wrong, as HTML."""
    try:
        kept_in = kept_in or conversations.begin(owner)
        return kept_in, conversations.add(kept_in, answer), ""
    except YinjuError as error:
        return "", "", problem_html(str(error))


def taken(event: gr.EventData) -> str:
    """The question of the button that was pressed."""
    return str((event._data or {}).get("question", ""))


def _number(value: Any, count: int) -> int | None:
    return value if isinstance(value, int) and 0 <= value < count else None


def _places(answer: Answer) -> tuple[tuple[str, int, int], ...]:
    return tuple((each.document, each.start, each.end) for each in (answer.quotes if answer.answered else answer.passages[:3]))


def _opened(assistant: Assistant, asked: Asked, number: Any, code: str) -> tuple[str, Opened | None]:
    places = _places(asked.answer)
    at = _number(number, len(places))
    if at is None:
        return empty_html(code), None
    return _at(assistant, Opened(View("", 0, 0, 0, 0), asked.question, places), at, code)


def _at(assistant: Assistant, now: Opened, at: int, code: str) -> tuple[str, Opened | None]:
    """The source at one of the answer's places."""
    name, start, end = now.places[at]
    document = assistant.library.document(name)
    if document is None:
        return problem_html(said(source.WORDS, "gone", code, name=name)), None
    view = view_of(document, start, end, at + 1, len(now.places))
    return source_html(document, view, code), replace(now, view=view)


def document_opened(assistant: Assistant, name: str, code: str) -> tuple[str, Opened | None]:
    """A document from its beginning."""
    document = assistant.library.document(name)
    if document is None:
        return problem_html(said(source.WORDS, "gone", code, name=name)), None
    view = view_of(document, 0, 0, 0, 0)
    return source_html(document, view, code), Opened(view, "", ())


def _stepped(assistant: Assistant, now: Opened, told: dict[str, Any], code: str) -> tuple[Any, Opened | None]:
    do, view = told.get("do"), now.view
    if do in ("previous", "next") and now.places:
        return _at(assistant, now, (view.number - 1 + (1 if do == "next" else -1)) % len(now.places), code)
    document = assistant.library.document(view.name)
    if document is None:
        return problem_html(said(source.WORDS, "gone", code, name=view.name)), None
    if do in ("earlier", "later"):
        view = widened(document, view, do == "earlier")
    elif do == "find":
        view = looked_for(document, view, str(told.get("words", "")))
    elif do == "right" and now.question:
        try:
            start, end = int(told["start"]), int(told["end"])
            add_feedback(assistant.library, Feedback(now.question, "corrected", document.name, start, end))
        except (KeyError, TypeError, ValueError):
            return gr.update(), now
        except YinjuError as error:
            return problem_html(str(error)) + source_html(document, view, code), now
        view = replace(view, start=start, end=end)
    return source_html(document, view, code), replace(now, view=view)


def _judged(assistant: Assistant, asked: Asked, verdict: str) -> Asked:
    first = asked.answer.quotes[0] if asked.answer.quotes else None
    if verdict == "up" and first is not None:
        add_feedback(assistant.library, Feedback(asked.question, "up", first.document, first.start, first.end))
    elif verdict == "down":
        place = (first.document, first.start, first.end) if first else (None, None, None)
        add_feedback(assistant.library, Feedback(asked.question, "down", *place))
    else:
        return asked
    return replace(asked, judged=verdict)


def _citing(assistant: Assistant) -> Any:
    def cite(asked: list[Any]) -> str:
        """A quote with its citation, for the clipboard; empty where its document is gone. Asked with its place and a style."""
        try:
            (name, start, end), style = asked
            document, at = assistant.library.document(str(name)), (int(start), int(end))
        except (TypeError, ValueError, OverflowError):
            raise YinjuError(NO_PLACE) from None
        return quotation(cited(document, *at), str(style)) if document else ""

    return cite
