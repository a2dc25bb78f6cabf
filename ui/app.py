"""The page: the chat, the source beside it, conversations, documents, and the language that it speaks."""

import os
import secrets
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr

from corpus import YinjuError
from rag import Assistant
from ui.api import add_endpoints
from ui.chat import Asked, Opened, chat_panel, empty_html, talk_html
from ui.conversation_panel import conversation_panel, list_html
from ui.conversations import Conversations
from ui.evaluation_panel import evaluation_panel
from ui.library_panel import library_panel
from ui.render import problem_html
from ui.source import source_html
from ui.wording import LANGUAGES, Words, preferred, said

WORDS: Words = {
    "slogan": ("只用原文回答，句句有出处。", "Answers that quote their source, word for word."),
    "language": ("语言", "Language"),
}


def build_app(assistant: Assistant, conversations: Conversations, examples: Sequence[str] = ()) -> gr.Blocks:
    """The page for one open library and its readers' conversations; each browser has those of its own."""
    with gr.Blocks(title="Yinju 引据", analytics_enabled=False) as app:
        # Empty until the browser has said which.
        language, owner = gr.State(""), gr.State("")
        # What a browser keeps: the language chosen, whose conversations these are, and which is open.
        # Gradio would make a key of its own each time it starts, and what was kept could not be read then.
        kept = gr.BrowserState(["", "", ""], storage_key="yinju", secret=blake2b(bytes(assistant.library.folder.resolve())).hexdigest()[:32])
        with gr.Row(elem_classes="yinju-head"):
            title = gr.HTML(title_html("zh"), padding=False)
            speaks = gr.Dropdown(
                [(name, code) for code, name in LANGUAGES.items()], value="zh", label=said(WORDS, "language", "zh"), show_label=False,
                container=False, scale=0, min_width=130, elem_id="yinju-language", filterable=False,
            )  # fmt: skip
        chat = chat_panel(assistant, conversations, examples, language, owner, kept)
        documents = library_panel(assistant, language, chat.shown, chat.opened)
        evaluation = evaluation_panel(assistant, language, chat.question)
        shelf = conversation_panel(conversations)
        labels = [(title, title_html), *chat.labels, *documents, *evaluation, *shelf.labels]

        def spoken(code: str, now: Opened | None, sought: str, whose: str, current: str) -> tuple[Any, ...]:
            """The whole page in this language, but for the answers."""
            rows = list_html(conversations, whose, sought, current, code)
            return code, _source(assistant, now, code), rows, *(words(code) for _, words in labels)

        def begin(before: list[str], request: gr.Request) -> tuple[Any, ...]:
            """The language and the conversation that this browser had, or those of the link that it follows."""
            known = list(before) if isinstance(before, list) and len(before) == 3 and all(isinstance(each, str) for each in before) else ["", "", ""]
            code = known[0] if known[0] in LANGUAGES else preferred(request.headers.get("accept-language"))
            whose = known[1] or secrets.token_urlsafe(16)
            current, turns, wrong = _resumed(conversations, known[2], request.query_params.get("answer"))
            # Who was quicker than the page, and has asked already, keeps the answer: nothing to resume changes nothing.
            resumed = (current, turns, problem_html(wrong) + talk_html(turns, code), gr.update(visible=bool(turns)))
            return code, whose, [known[0], whose, current], *(resumed if turns or wrong else [gr.skip()] * len(resumed))

        def act(turns: tuple[Asked, ...], current: str, sought: str, whose: str, code: str, event: gr.EventData) -> tuple[Any, ...]:
            """A conversation is opened, renamed or deleted."""
            told = event._data or {}
            wrong = ""
            try:
                if told.get("do") == "open":
                    current, turns = str(told.get("id")), _turns(conversations, str(told.get("id")))
                elif told.get("do") == "rename":
                    conversations.rename(str(told.get("id")), str(told.get("title", "")))
                elif told.get("do") == "delete":
                    conversations.delete(str(told.get("id")))
                    if current == told.get("id"):
                        current, turns = "", ()
            except YinjuError as error:
                wrong = problem_html(str(error))
            rows = list_html(conversations, whose, sought, current, code)
            return wrong + rows, current, turns, talk_html(turns, code), gr.update(visible=bool(turns))

        parts = [language, chat.shown, shelf.listed, *(part for part, _ in labels)]
        given = [speaks, chat.opened, shelf.search, owner, chat.current]
        quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        resumes = [speaks, owner, kept, chat.current, chat.turns, chat.talk, chat.fresh]
        app.load(begin, kept, resumes, **quietly).then(spoken, given, parts, **quietly)
        keeping = [speaks, owner, chat.current]
        # Kept first: who sees the page in the other language may leave it at once.
        speaks.input(_kept, keeping, kept, **quietly).then(spoken, given, parts, **quietly)
        speaks.input(lambda turns, code: talk_html(turns, code), [chat.turns, speaks], chat.talk, **quietly)
        chat.current.change(_kept, keeping, kept, **quietly)
        searching = [owner, shelf.search, chat.current, language]
        for happens in (shelf.search.change, chat.asking.then, chat.fresh.click):
            happens(lambda *asked: list_html(conversations, *asked), searching, shelf.listed, **quietly)
        shelf.listed.click(
            act, [chat.turns, chat.current, shelf.search, owner, language], [shelf.listed, chat.current, chat.turns, chat.talk, chat.fresh], **quietly
        )
        add_endpoints(assistant)
    return app


def _kept(code: str, whose: str, current: str) -> list[str]:
    return [code, whose, current]


def title_html(code: str) -> str:
    return f'<h1 class="yinju-title">引据 Yinju</h1><p class="yinju-hint">{said(WORDS, "slogan", code)}</p>'


def _source(assistant: Assistant, now: Opened | None, code: str) -> str:
    document = assistant.library.document(now.view.name) if now else None
    return source_html(document, now.view, code) if now and document else empty_html(code)


def _turns(conversations: Conversations, identity: str) -> tuple[Asked, ...]:
    return tuple(Asked(each.question, each.answer, each.id) for each in conversations.turns(identity))


def _resumed(conversations: Conversations, current: str, linked: str | None) -> tuple[str, tuple[Asked, ...], str]:
    """The conversation that goes on and its turns; of a link, that one answer, and whatever is asked next begins anew."""
    try:
        if linked:
            turn, _ = conversations.turn(linked)
            return "", (Asked(turn.question, turn.answer, turn.id),), ""
        return (current, _turns(conversations, current), "") if current else ("", (), "")
    except YinjuError as error:
        return "", (), str(error) if linked else ""
