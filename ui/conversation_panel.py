"""The conversations of this browser: listed beside the chat, searched, opened, renamed, exported, deleted."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from corpus import YinjuError
from ui.export import FORMATS, file_name
from ui.labels import Label, labelled
from ui.render import problem_html
from ui.talks import Talks
from ui.wording import Words, said

WORDS: Words = {
    "conversations": ("对话", "Conversations"),
    "search": ("在对话里找", "Search conversations"),
    "none": ("还没有对话", "No conversations yet"),
    "untitled": ("（还没有问题）", "(no question yet)"),
    "rename": ("改名", "Rename"),
    "delete": ("删除", "Delete"),
    "sure": ("真的删除？再点一次", "Really delete it? Press again"),
    "title": ("对话的新名字", "The conversation's new title"),
    "more": ("更多", "More"),
    "not kept": ("对话不会保存：{reason}", "Conversations are not kept: {reason}"),
}
FORMAT_NAMES = {"md": "Markdown", "json": "JSON", "docx": "Word"}
LISTED = 100
# What is opened, renamed and deleted is told to the server; a file that it gives is saved by the browser.
SCRIPT = """
element.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  const row = button.closest('[data-id]');
  const told = {do: button.dataset.do, id: row.dataset.id};
  if (told.do === 'delete' && !button.dataset.sure) {
    button.dataset.sure = '1'; button.textContent = button.dataset.ask;
    return;
  }
  if (told.do === 'export') {
    const file = await server.export_conversation([told.id, button.dataset.format]);
    if (!file) return;
    const bytes = Uint8Array.from(atob(file.bytes), (each) => each.charCodeAt(0));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return;
  }
  if (told.do === 'rename') {
    const title = prompt(button.dataset.ask, row.dataset.title);
    if (title === null) return;
    told.title = title;
  }
  trigger('click', told);
});
"""


@dataclass(frozen=True)
class Shelf:
    """The panel's parts that the page uses: its search, its list, and its labels."""

    search: gr.Textbox
    listed: gr.HTML
    labels: tuple[Label, ...]


def conversation_panel(conversations: Talks) -> Shelf:
    """Build the panel inside the page; what its list does is wired where the chat is known."""
    with gr.Sidebar(open=False, position="left", elem_id="yinju-conversations"):
        heading = gr.HTML(heading_html(conversations, "zh"), padding=False)
        search = gr.Textbox(
            placeholder=said(WORDS, "search", "zh"), show_label=False, container=False, max_lines=1, elem_id="yinju-search-conversations"
        )
        listed = gr.HTML(
            js_on_load=SCRIPT, elem_id="yinju-conversation-list", server_functions=[_exporting(conversations)], padding=False
        )  # fmt: skip
    labels = (heading, lambda code: heading_html(conversations, code)), labelled(search, WORDS, placeholder="search")
    return Shelf(search, listed, labels)


def heading_html(conversations: Talks, code: str) -> str:
    lost = "" if conversations.kept else problem_html(said(WORDS, "not kept", code, reason=conversations.reason))
    return f'<h2 class="yinju-title">{said(WORDS, "conversations", code)}</h2>{lost}'


def list_html(conversations: Talks, owner: str, words: str | None, current: str, code: str) -> str:
    """An owner's conversations with the words in them, each with what can be done with it."""
    try:
        found = conversations.list(owner, words or "", count=LISTED) if owner else ()
    except YinjuError as error:
        return problem_html(str(error))
    if not found:
        return f'<p class="yinju-hint">{said(WORDS, "none", code)}</p>'
    formats = "".join(f'<button class="yinju-do" data-do="export" data-format="{each}">{FORMAT_NAMES[each]}</button> ' for each in FORMATS)
    rows = []
    for each in found:
        title = each.title or said(WORDS, "untitled", code)
        here = ' aria-current="true"' if each.id == current else ""
        rows.append(
            f'<li data-id="{escape(each.id, quote=True)}" data-title="{escape(each.title, quote=True)}">'
            f'<button class="yinju-do yinju-conversation" dir="auto" data-do="open"{here}>{escape(title)}</button>'
            f'<details><summary>{said(WORDS, "more", code)}</summary>'
            f'<button class="yinju-do" data-do="rename" data-ask="{said(WORDS, "title", code)}">{said(WORDS, "rename", code)}</button> '
            f'<button class="yinju-do" data-do="delete" data-ask="{said(WORDS, "sure", code)}">{said(WORDS, "delete", code)}</button> '
            f"{formats}</details></li>"
        )
    return f'<ul class="yinju-conversation-rows">{"".join(rows)}</ul>'


def _exporting(conversations: Talks) -> Any:
    def export_conversation(asked: Sequence[str]) -> dict[str, str] | None:
        """A conversation as a file: its name, and its bytes in base64; None where it is gone. Asked with its id and a format."""
        try:
            identity, kind = map(str, asked)
            title = conversations.conversation(identity).title
            content = FORMATS[kind](title, conversations.turns(identity))
        except (YinjuError, KeyError, TypeError, ValueError):
            return None
        return {"name": file_name(title, kind), "bytes": base64.b64encode(content).decode()}

    return export_conversation
