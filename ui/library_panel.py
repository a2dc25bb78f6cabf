"""The documents of the library: listed, searched, opened, added by files, removed."""

import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from corpus import YinjuError
from rag import Assistant
from rag.check import check_library
from ui.chat import document_opened
from ui.labels import Label, labelled
from ui.render import problem_html
from ui.wording import Words, said

WORDS: Words = {
    "documents": ("文档", "Documents"),
    "add": ("添加文件：txt、md、html、pdf、docx、pptx、xlsx、csv、epub、rtf、eml、图片、zip……",
            "Add files: txt, md, html, pdf, docx, pptx, xlsx, csv, epub, rtf, eml, images, zip …"),
    "ready": ("已可提问：{count}", "Ready to ask: {count}"),
    "indexing": ("正在加入", "Indexing"),
    "count": ("{count:,} 份文档，{passages:,} 个段落", "{count:,} documents, {passages:,} passages"),
    "search": ("在标题和文件名里找", "Search titles and names"),
    "more": ("……还有 {count:,} 份；请缩小范围", "… and {count:,} more; search to see them"),
    "open": ("打开", "Open"),
    "check": ("检查文档库", "Check the library"),
    "whole": ("文档库完好；占用 {megabytes:,.1f} MB", "The library is whole; {megabytes:,.1f} MB on disk"),
    "problem": ("{what}；{remedy}", "{what}; {remedy}"),
    "remove": ("移除", "Remove"),
    "sure": ("真的移除？再点一次", "Really remove it? Press again"),
    "removed": ("已移除 {name}（原来的文件还在）", "Removed {name} (the file itself is still there)"),
    "gone": ("{name} 不在文档库里", "{name} is not in the library"),
}  # fmt: skip
# Documents listed at once.
LISTED = 200
SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-do]');
  if (!button) return;
  if (button.dataset.do === 'remove' && !button.dataset.sure) {
    button.dataset.sure = '1'; button.textContent = button.dataset.ask;
    return;
  }
  trigger('click', {do: button.dataset.do, name: button.closest('[data-name]').dataset.name});
});
"""


def library_panel(assistant: Assistant, language: gr.State, shown: gr.HTML, opened: gr.State) -> tuple[Label, ...]:
    """Build the panel inside the page, and give its labels; a document that is opened is `shown`, and `opened` says which."""
    with gr.Accordion(said(WORDS, "documents", "zh"), open=False, elem_id="yinju-documents") as whole:
        upload = gr.File(label=said(WORDS, "add", "zh"), file_count="multiple", elem_id="yinju-upload", height=120)
        told = gr.HTML(elem_id="yinju-said")
        search = gr.Textbox(placeholder=said(WORDS, "search", "zh"), show_label=False, container=False, max_lines=1, elem_id="yinju-search")
        listed = gr.HTML(documents_html(assistant, "", "zh"), js_on_load=SCRIPT, elem_id="yinju-listed")
        check = gr.Button(said(WORDS, "check", "zh"), size="sm", elem_id="yinju-check")

    def add(files: list[str] | None, words: str, code: str, progress: Any = gr.Progress()) -> Iterator[tuple[str, str]]:  # noqa: B008
        if files:
            yield _added(assistant, files, code, progress), documents_html(assistant, words, code)

    def act(words: str, code: str, event: gr.EventData) -> tuple[Any, ...]:
        told = event._data or {}
        name = str(told.get("name", ""))
        if told.get("do") == "open":
            html, now = document_opened(assistant, name, code)
            return "", gr.update(), html, now
        return _removed(assistant, name, code), documents_html(assistant, words, code), gr.update(), gr.update()

    upload.upload(add, [upload, search, language], [told, listed], api_visibility="private")
    search.change(lambda words, code: documents_html(assistant, words, code), [search, language], listed,
                  show_progress="hidden", trigger_mode="always_last", api_visibility="private")  # fmt: skip
    listed.click(act, [search, language], [told, listed, shown, opened], show_progress="hidden", api_visibility="private")
    check.click(lambda code: _checked(assistant, code), language, told, api_visibility="private")
    return (
        labelled(whole, WORDS, label="documents"), labelled(upload, WORDS, label="add"), labelled(check, WORDS, value="check"),
        (search, lambda code: gr.update(placeholder=said(WORDS, "search", code), value="")),
        (listed, lambda code: documents_html(assistant, "", code)),
    )  # fmt: skip


def documents_html(assistant: Assistant, words: str | None, code: str) -> str:
    """The documents whose title or name holds the words, each with what can be done with it."""
    rows = assistant.library.list_documents()
    sought = (words or "").strip().casefold()
    chosen = [each for each in rows if sought in f"{each.title}\n{each.name}".casefold()]
    head = said(WORDS, "count", code, count=len(chosen), passages=sum(each.passages for each in chosen))
    items = "".join(
        f'<li dir="auto" data-name="{escape(each.name, quote=True)}">{escape(each.title)} <small>{escape(each.name)}</small> '
        f'<button class="yinju-do" data-do="open">{said(WORDS, "open", code)}</button> '
        f'<button class="yinju-do" data-do="remove" data-ask="{said(WORDS, "sure", code)}">{said(WORDS, "remove", code)}</button></li>'
        for each in chosen[:LISTED]
    )
    rest = f'<p class="yinju-hint">{said(WORDS, "more", code, count=len(chosen) - LISTED)}</p>' if len(chosen) > LISTED else ""
    return f'<p class="yinju-hint">{head}</p><ul class="yinju-list">{items}</ul>{rest}'


def _added(assistant: Assistant, files: list[str], code: str, progress: Any) -> str:
    folder = assistant.library.folder / "uploads"
    folder.mkdir(exist_ok=True)
    kept = []
    for file in files:
        target = folder / Path(file).name
        shutil.copyfile(file, target)
        kept.append(target)
    try:
        report = assistant.index(kept, lambda done, total, name: progress((done, total), desc=name or said(WORDS, "indexing", code)))
    except YinjuError as error:
        return problem_html(str(error))
    failures = "".join(problem_html(reason) for _, reason in report.failures)
    count = report.added + report.updated + report.unchanged
    return f'<p class="yinju-hint">{said(WORDS, "ready", code, count=count)}</p>{failures}'


def _checked(assistant: Assistant, code: str) -> str:
    """Whether the library is whole, and its size; or what is wrong and what to do."""
    folder = assistant.library.folder
    problems = check_library(folder)
    if problems:
        return "".join(problem_html(said(WORDS, "problem", code, what=each.what, remedy=each.remedy)) for each in problems)
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / 1e6
    return f'<p class="yinju-hint">{said(WORDS, "whole", code, megabytes=size)}</p>'


def _removed(assistant: Assistant, name: str, code: str) -> str:
    try:
        there = assistant.remove([name])
    except YinjuError as error:
        return problem_html(str(error))
    told = said(WORDS, "removed" if there else "gone", code, name=name)
    return f'<p class="yinju-hint">{escape(told)}</p>' if there else problem_html(told)
