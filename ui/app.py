"""The web chat: a question, quotes with their source, and the source itself beside them."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gradio as gr

from corpus import YinjuError
from rag import Answer, Assistant
from rag.conversation import TURNS
from ui.render import answer_html, problem_html, question_html, source_html
from ui.style import CSS, SCRIPT

# Fonts of the reader's own machine: a theme's default would be fetched from another host.
FONTS = ["system-ui", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]


def build_app(assistant: Assistant, examples: Sequence[str] = ()) -> gr.Blocks:
    """The page for one open library; each browser tab has a conversation of its own."""
    with gr.Blocks(title="Yinju 引据", analytics_enabled=False) as app:
        gr.Markdown("# 引据 Yinju\n只用原文回答，句句有出处。Answers that quote their source, word for word.")
        talk = gr.State([])
        past = gr.State([])
        with gr.Row():
            with gr.Column(scale=3):
                question = gr.Textbox(
                    label="问题 Question", placeholder="问一个问题…  Ask in any language", lines=1, max_lines=6,
                    submit_btn="问 Ask", elem_id="yinju-box",
                )  # fmt: skip
                shown = gr.HTML(elem_id="yinju-talk")
                if examples:
                    gr.Examples([[each] for each in examples], inputs=[question], label="试试这些 Try one of these")
                with gr.Accordion("文档 Documents", open=False):
                    listed = gr.HTML(_documents(assistant))
                    upload = gr.File(
                        label="添加文件 Add files: txt, md, html, pdf, docx, pptx, xlsx, csv, epub, rtf, eml, images, zip …", file_count="multiple",
                        elem_id="yinju-upload", height=120,
                    )  # fmt: skip
                    said = gr.HTML(elem_id="yinju-said")
            with gr.Column(scale=2):
                source = gr.HTML('<p class="yinju-hint">点“打开原文”，在这里看出处。Open a source to read it here.</p>', elem_id="yinju-source")
        place = gr.Textbox(elem_id="yinju-place", show_label=False)
        opener = gr.Button("open", elem_id="yinju-open")

        def ask(text: str, turns: list[str], before: list[Answer]) -> tuple[str, list[str], list[Answer], str]:
            try:
                answer = assistant.ask(text, history=before)
            except YinjuError as error:
                return text, turns, before, problem_html(str(error)) + "".join(turns)
            turns = [question_html(text, answer.understood) + answer_html(answer), *turns]
            return "", turns, [*before, answer][-TURNS:], "".join(turns)

        def show(value: str) -> str:
            try:
                name, start, end = json.loads(value)
                document = assistant.library.document(name)
            except (ValueError, TypeError):
                return problem_html("this place cannot be opened; ask again")
            if document is None:
                return problem_html(f"{name} is no longer in the library; ask again")
            return source_html(document, int(start), int(end))

        def add(files: list[str] | None, progress: Any = gr.Progress()) -> Iterator[tuple[str, str]]:  # noqa: B008
            if files:
                yield _added(assistant, files, progress), _documents(assistant)

        question.submit(ask, [question, talk, past], [question, talk, past, shown], api_visibility="private")
        opener.click(show, [place], [source], api_visibility="private")
        upload.upload(add, [upload], [said, listed], api_visibility="private")
        app.load(None, js=SCRIPT)
    return app


def launch(assistant: Assistant, host: str, port: int, examples: Sequence[str] = ()) -> None:
    """Serve the page until interrupted; prints its address."""
    # The models load while the page does, not with the first question.
    threading.Thread(target=_warm, args=(assistant,), daemon=True).start()
    page = build_app(assistant, examples)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        quiet=True,
        prevent_thread_lock=True,
        footer_links=[],
        css=CSS,
        theme=gr.themes.Base(primary_hue="red", font=FONTS, font_mono=["ui-monospace", "monospace"]),
    )
    # Only now can it be opened.
    print(f"Yinju is at http://{host}:{port}", flush=True)
    page.block_thread()


def _warm(assistant: Assistant) -> None:
    with suppress(YinjuError):
        assistant.ask("?")


def _added(assistant: Assistant, files: list[str], progress: Any) -> str:
    folder = assistant.library.folder / "uploads"
    folder.mkdir(exist_ok=True)
    kept = []
    for file in files:
        target = folder / Path(file).name
        shutil.copyfile(file, target)
        kept.append(target)
    try:
        report = assistant.index(kept, lambda done, total, name: progress((done, total), desc=name or "Indexing"))
    except YinjuError as error:
        return problem_html(str(error))
    failures = "".join(problem_html(reason) for _, reason in report.failures)
    done = report.added + report.updated + report.unchanged
    return f'<p class="yinju-hint">已可提问 Ready to ask: {done}</p>{failures}'


def _documents(assistant: Assistant) -> str:
    from html import escape

    rows = assistant.library.list_documents()
    items = "".join(f"<li>{escape(each.title)} <small>{escape(each.name)}</small></li>" for each in rows[:200])
    return f'<p class="yinju-hint">{len(rows)} 份文档 documents</p><ul>{items}</ul>'
