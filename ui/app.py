"""The page: the chat, the source beside it, conversations, documents, and the language that it speaks."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape
from typing import Any
from urllib.parse import quote

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# After every event gradio makes a table of the last ten thousand, for a page of its own that is not served here.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr

from corpus import YinjuError
from rag import Assistant
from ui.access.caller import caller_of
from ui.access.user import Role
from ui.account import account_html
from ui.answering import Desk
from ui.api import add_endpoints
from ui.chat import Opened, chat_panel, empty_html, talk_html
from ui.conversation_panel import conversation_panel, list_html
from ui.evaluation_panel import evaluation_panel
from ui.library_panel import library_panel
from ui.render import problem_html
from ui.resumed import Asked, owner_of, remembered, resumed, rightful, turns_of
from ui.source import source_html
from ui.talks import Talks
from ui.wording import LANGUAGES, Words, preferred, said

WORDS: Words = {
    "slogan": ("只用原文回答，句句有出处。", "Answers that quote their source, word for word."),
    "language": ("语言", "Language"),
    "libraries": ("文档库", "Libraries"),
    "not yours": ("这不是您的对话", "This conversation is not yours"),
}
# Seconds after which what was uploaded is deleted where it arrived; what is kept was copied from there.
UPLOADED_FOR = 86400


@dataclass(frozen=True)
class Place:
    """What a library is called, and its path below the server's address: empty, or `library/NAME/`."""

    name: str
    path: str


def build_app(
    desk: Desk, conversations: Talks, examples: Sequence[str] = (), places: Sequence[Place] = (),
    here: Place | None = None, role: Role = "keeper",
) -> gr.Blocks:
    """The page for one open library and its readers' conversations; each user, or each browser, has those of its own.

    Where the server has several libraries, the page of the one that is `here` leads to all their `places`. A reader's page
    has no part, and so no event, that changes the library or evaluates it.
    """
    assistant = desk.assistant
    title_ = f"{here.name} · Yinju 引据" if here and places else "Yinju 引据"
    with gr.Blocks(title=title_, analytics_enabled=False, delete_cache=(UPLOADED_FOR, UPLOADED_FOR)) as app:
        # Empty until the browser has said which.
        language, owner = gr.State(""), gr.State("")
        # What a browser keeps: the language chosen, whose conversations these are, and which is open.
        # Gradio would make a key of its own each time it starts, and what was kept could not be read then. Libraries at one
        # address, beside one another or one after the other, keep theirs apart.
        key = blake2b(assistant.library.mark.encode("utf8", "surrogateescape")).hexdigest()
        kept = gr.BrowserState(["", "", ""], storage_key=f"yinju-{key[32:48]}", secret=key[:32])
        with gr.Row(elem_classes="yinju-head"):
            title = gr.HTML(title_html("zh"), padding=False)
            speaks = gr.Dropdown(
                [(name, code) for code, name in LANGUAGES.items()], value="zh", label=said(WORDS, "language", "zh"), show_label=False,
                container=False, scale=0, min_width=130, elem_id="yinju-language", filterable=False,
            )  # fmt: skip
        account = gr.HTML(padding=False, visible=False, elem_id="yinju-account")
        others = gr.HTML(places_html(places, here, "zh"), padding=False, visible=bool(places), elem_id="yinju-libraries")
        chat = chat_panel(desk, conversations, examples, language, owner, kept)
        documents = library_panel(assistant, language, chat.shown, chat.opened, role == "keeper")
        evaluation = evaluation_panel(assistant, language, chat.question) if role == "keeper" else ()
        shelf = conversation_panel(conversations)
        labels = [(title, title_html), (others, lambda code: places_html(places, here, code)), *chat.labels, *documents, *evaluation, *shelf.labels]

        def listed(whose: str, sought: str, current: str, code: str, request: gr.Request) -> str:
            # The page says whose it is, but who asks may be another by now.
            return list_html(conversations, rightful(caller_of(request), whose), sought, current, code)

        def spoken(code: str, now: Opened | None, sought: str, whose: str, current: str, request: gr.Request) -> tuple[Any, ...]:
            """The whole page in this language, but for the answers."""
            rows = listed(whose, sought, current, code, request)
            who = account_html(caller_of(request), up_from(here), code)
            return code, _source(assistant, now, code), rows, gr.update(value=who, visible=bool(who)), *(words(code) for _, words in labels)

        def begin(before: Any, had: str, request: gr.Request) -> tuple[Any, ...]:
            """The language and the conversation that this browser had, or those of the link that it follows."""
            known = remembered(before)
            code = known[0] if known[0] in LANGUAGES else preferred(request.headers.get("accept-language"))
            whose = owner_of(caller_of(request), known[1] or had)
            current, turns, wrong = resumed(conversations, known[2], whose, request.query_params.get("answer"))
            # Who was quicker than the page, and has asked already, keeps the answer: nothing to resume changes nothing.
            goes_on = (current, turns, problem_html(wrong) + talk_html(turns, code), gr.update(visible=bool(turns)))
            return code, whose, [known[0], whose, current], *(goes_on if turns or wrong else [gr.skip()] * len(goes_on))

        def act(
            turns: tuple[Asked, ...], current: str, sought: str, whose: str, code: str, request: gr.Request, event: gr.EventData
        ) -> tuple[Any, ...]:
            """A conversation is opened, renamed or deleted."""
            told = event._data or {}
            wrong = ""
            try:
                chosen = str(told.get("id"))
                mine = rightful(caller_of(request), whose)
                if not mine or conversations.conversation(chosen).owner != mine:
                    raise YinjuError(said(WORDS, "not yours", code))
                if told.get("do") == "open":
                    current, turns = chosen, turns_of(conversations, chosen)
                elif told.get("do") == "rename":
                    conversations.rename(chosen, str(told.get("title", "")))
                elif told.get("do") == "delete":
                    conversations.delete(chosen)
                    if current == chosen:
                        current, turns = "", ()
            except YinjuError as error:
                wrong = problem_html(str(error))
            rows = listed(whose, sought, current, code, request)
            return wrong + rows, current, turns, talk_html(turns, code), gr.update(visible=bool(turns))

        parts = [language, chat.shown, shelf.listed, account, *(part for part, _ in labels)]
        given = [speaks, chat.opened, shelf.search, owner, chat.current]
        quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        resumes = [speaks, owner, kept, chat.current, chat.turns, chat.talk, chat.fresh]
        app.load(begin, [kept, owner], resumes, **quietly).then(spoken, given, parts, **quietly)
        keeping = [speaks, owner, chat.current]
        # Kept first: who sees the page in the other language may leave it at once.
        speaks.input(_kept, keeping, kept, **quietly).then(spoken, given, parts, **quietly)
        speaks.input(lambda turns, code: talk_html(turns, code), [chat.turns, speaks], chat.talk, **quietly)
        chat.current.change(_kept, keeping, kept, **quietly)
        searching = [owner, shelf.search, chat.current, language]
        for happens in (shelf.search.change, chat.asking.then, chat.fresh.click):
            happens(listed, searching, shelf.listed, **quietly)
        shelf.listed.click(
            act, [chat.turns, chat.current, shelf.search, owner, language], [shelf.listed, chat.current, chat.turns, chat.talk, chat.fresh], **quietly
        )
        add_endpoints(desk)
    return app


def _kept(code: str, whose: str, current: str) -> list[str]:
    return [code, whose, current]


def title_html(code: str) -> str:
    return f'<h1 class="yinju-title">引据 Yinju</h1><p class="yinju-hint">{said(WORDS, "slogan", code)}</p>'


def places_html(places: Sequence[Place], here: Place | None, code: str) -> str:
    """The libraries as links, the one that is here marked; empty where there are no others."""
    up = up_from(here)
    current = {each: ' aria-current="page"' if each == here else "" for each in places}
    links = "".join(f'<a href="{up + quote(each.path) or "./"}" dir="auto"{current[each]}>{escape(each.name)}</a> ' for each in places)
    return f'<nav aria-label="{said(WORDS, "libraries", code)}">{links}</nav>' if links else ""


def up_from(here: Place | None) -> str:
    """From where a page stands to the server's root: it holds below any address that a proxy gives the server."""
    return "../" * here.path.count("/") if here else ""


def _source(assistant: Assistant, now: Opened | None, code: str) -> str:
    document = assistant.library.document(now.view.name) if now else None
    return source_html(document, now.view, code) if now and document else empty_html(code)
