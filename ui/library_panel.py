"""The library in the page: documents are added by files and folders, listed, opened, removed, read again, checked."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import gradio as gr

from corpus import YinjuError
from corpus.files import LABELS_FILE
from corpus.whereabouts import NamedFile, whereabouts
from embeddings.priority import give_way
from rag import Assistant, IndexReport
from rag.named_files import Step
from ui.chat import document_opened
from ui.document_list import SCRIPT, documents_html
from ui.folder_picker import SCRIPT as FOLDER_SCRIPT
from ui.folder_picker import folder_html, sent
from ui.health import health_html
from ui.labels import Label, labelled
from ui.render import problem_html
from ui.turns import Turns
from ui.uploads import FOLDER, Upload, forget, keep
from ui.wording import Words, said

WORDS: Words = {
    "documents": ("文档", "Documents"),
    "add": ("添加文件：txt、md、html、pdf、docx、pptx、xlsx、odt、csv、epub、rtf、eml、图片、zip……",
            "Add files: txt, md, html, pdf, docx, pptx, xlsx, odt, csv, epub, rtf, eml, images, zip …"),
    "search": ("在标题和文件名里找", "Search titles and names"),
    "again": ("重新读取全部文件", "Read all files again"),
    "check": ("检查文档库", "Check the library"),
    "checking": ("正在检查……", "Checking …"),
    "starting": ("正在开始……", "Starting …"),
    "waiting": ("前面还有 {count} 次添加或读取；轮到时会自动开始", "Waiting: {count} before this one; it starts by itself"),
    "reading": ("正在读第 {done:,} 个，共 {total:,} 个：{name}", "Reading file {done:,} of {total:,}: {name}"),
    "storing": ("正在存入最后的段落", "Storing the last passages"),
    "seconds": ("约还需 {count} 秒", "about {count} s left"),
    "minutes": ("约还需 {count} 分钟", "about {count} min left"),
    "hours": ("约还需 {count} 小时", "about {count} h left"),
    "ready": ("已可提问：{count}", "Ready to ask: {count}"),
    "report": ("新增 {added:,}，更新 {updated:,}，移除 {removed:,}，未变 {unchanged:,}，失败 {failed:,}",
               "{added:,} added, {updated:,} updated, {removed:,} removed, {unchanged:,} unchanged, {failed:,} failed"),
    "away": ("{count:,} 个文件所在的文件夹现在不在，它们的文档照旧保留：{names}",
             "{count:,} files are in folders that are away now; their documents stay: {names}"),
    "failed": ("{count:,} 个失败：", "{count:,} failed:"),
    "more": ("……还有 {count:,} 个", "… and {count:,} more"),
    "empty": ("里面没有可以添加的文件", "There are no files in it that could be added"),
    "wrong": ("出错了，详情在服务器的记录里；请再试一次", "Something went wrong, the server's log says what; try again"),
    "removed": ("已移除 {name}（原来的文件还在）", "Removed {name} (the file itself is still there)"),
    "gone": ("{name} 不在文档库里", "{name} is not in the library"),
}  # fmt: skip
# Failures that are named, and files that are away.
NAMED = 50
# Seconds between two looks at how far it is.
PAUSE = 0.2
# Browsers that can wait for their turn at once: each that waits is told so, and holds one of Gradio's threads.
AT_ONCE = 8
LOG = logging.getLogger(__name__)
# Work that tells, as HTML, how far it is, and gives what there is to say when it is done.
Work = Callable[[Callable[[str], None]], str]


def library_panel(assistant: Assistant, language: gr.State, shown: gr.HTML, opened: gr.State, keeps: bool = True) -> tuple[Label, ...]:
    """Build the panel inside the page, and give its labels; a document that is opened is `shown`, and `opened` says which.

    Who does not keep the library finds and opens its documents; what would change it is not built at all.
    """
    turns = Turns()
    with gr.Accordion(said(WORDS, "documents", "zh"), open=False, elem_id="yinju-documents") as whole:
        if keeps:
            upload = gr.File(label=said(WORDS, "add", "zh"), file_count="multiple", elem_id="yinju-upload", height=120)
            folder = gr.HTML(folder_html("zh"), js_on_load=FOLDER_SCRIPT, elem_id="yinju-folder")
        told = gr.HTML(elem_id="yinju-said")
        search = gr.Textbox(placeholder=said(WORDS, "search", "zh"), show_label=False, container=False, max_lines=1, elem_id="yinju-search")
        listed = gr.HTML(js_on_load=SCRIPT, elem_id="yinju-listed")
        if keeps:
            with gr.Row():
                again = gr.Button(said(WORDS, "again", "zh"), size="sm", elem_id="yinju-again")
                check = gr.Button(said(WORDS, "check", "zh"), size="sm", elem_id="yinju-check")

    def rows(words: str, code: str, offset: object = 0) -> str:
        return documents_html(assistant, words, code, offset, removable=keeps)

    def followed(work: Work, words: str, code: str) -> Iterator[tuple[Any, Any]]:
        """What is told as the work goes on, and the list as it is then."""
        for html in _steps(work, turns, code):
            yield html, gr.skip()
        yield gr.skip(), rows(words, code)

    def add(files: list[str] | None, words: str, code: str) -> Iterator[tuple[Any, Any]]:
        uploads = [Upload(Path(each), Path(each).name) for each in files or []]
        if uploads:
            yield from followed(lambda tell: added(assistant, uploads, code, tell), words, code)

    def add_folder(words: str, code: str, event: gr.EventData) -> Iterator[tuple[Any, Any]]:
        uploads = sent(event._data)
        yield from followed(lambda tell: added(assistant, uploads, code, tell), words, code)

    def read_again(words: str, code: str) -> Iterator[tuple[Any, Any]]:
        yield from followed(lambda tell: reread(assistant, code, tell), words, code)

    def act(words: str, code: str, event: gr.EventData) -> tuple[Any, ...]:
        asked = event._data or {}
        name, do = str(asked.get("name", "")), asked.get("do")
        if do == "open":
            html, now = document_opened(assistant, name, code)
            return "", gr.skip(), html, now
        said_ = _removed(assistant, name, code) if do == "remove" and keeps else gr.skip()
        return said_, rows(words, code, asked.get("offset")), gr.skip(), gr.skip()

    def checked(code: str) -> Iterator[str]:
        yield _status(said(WORDS, "checking", code))
        yield health_html(assistant, code)

    quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    adding: dict[str, Any] = quietly | {"concurrency_limit": AT_ONCE, "concurrency_id": "yinju-adding"}
    look: dict[str, Any] = {"fn": rows, "inputs": [search, language], "outputs": listed}
    search.change(**look, **quietly, trigger_mode="always_last", queue=False)
    # Not one of the labels: the page may learn its language after somebody has begun to search.
    # And looked at twice: what was typed while the first look was under way is not overwritten by it.
    language.change(**look, **quietly).then(**look, **quietly)
    # What others have added since is there when the list is opened.
    whole.expand(**look, **quietly).then(**look, **quietly)
    listed.click(act, [search, language], [told, listed, shown, opened], **quietly)
    labels = labelled(whole, WORDS, label="documents"), labelled(search, WORDS, placeholder="search")
    if not keeps:
        return labels
    upload.upload(add, [upload, search, language], [told, listed], **adding)
    folder.upload(add_folder, [search, language], [told, listed], **adding)
    again.click(read_again, [search, language], [told, listed], **adding)
    check.click(checked, language, told, **quietly)
    return (
        *labels, labelled(upload, WORDS, label="add"), labelled(check, WORDS, value="check"), labelled(again, WORDS, value="again"),
        (folder, folder_html),
    )  # fmt: skip


def added(assistant: Assistant, uploads: Sequence[Upload], code: str, tell: Callable[[str], None]) -> str:
    """Keep what was uploaded, and read it into the library; what came of it. What gave no document is not kept."""
    folder = Path(os.path.abspath(assistant.library.folder)) / FOLDER
    kept, failures = keep(uploads, folder)
    if not kept:
        return failures_html(failures, code) or problem_html(said(WORDS, "empty", code))
    try:
        report = assistant.index_named(kept, lambda step: tell(step_html(step, code)))
    finally:
        forget([each for each in kept if not _is_known(assistant, each)], folder)
    failures += report.failures
    count = report.added + report.updated + report.unchanged
    return _status(said(WORDS, "ready", code, count=count)) + failures_html(failures, code)


def reread(assistant: Assistant, code: str, tell: Callable[[str], None]) -> str:
    """Read every file that the library knows again; documents of files that are gone go too, those of files that are away stay."""
    known = whereabouts(assistant.library)
    report = assistant.index_named(known.there, lambda step: tell(step_html(step, code)), known.gone)
    return _status(_counts(report, code)) + _away_html(known.away, code) + failures_html(report.failures, code)


def step_html(step: Step, code: str) -> str:
    """How far reading is, and the time that is left where it is known."""
    name = Path(step.name).name
    what = said(WORDS, "reading", code, done=step.done + 1, total=step.total, name=name) if name else said(WORDS, "storing", code)
    left = f" · {time_left(step.left, code)}" if step.left is not None else ""
    # Not a status, which would be read out at every file.
    return f'<label class="yinju-hint yinju-progress"><span dir="auto">{escape(what)}{left}</span><progress max="1" value="{step.share:.3f}"></progress></label>'


def time_left(seconds: float, code: str) -> str:
    """About how long it takes yet: a plain number of seconds, minutes or hours."""
    if seconds < 50:
        return said(WORDS, "seconds", code, count=max(5, 5 * round(seconds / 5)))
    minutes = max(1, round(seconds / 60))
    return said(WORDS, "minutes", code, count=minutes) if minutes < 90 else said(WORDS, "hours", code, count=round(minutes / 60))


def failures_html(failures: Sequence[tuple[str, str]], code: str) -> str:
    """Each failure with its reason, the first ones by name."""
    if not failures:
        return ""
    rows = "".join(f'<li dir="auto">{escape(reason)}</li>' for _, reason in failures[:NAMED])
    rest = f"<li>{said(WORDS, 'more', code, count=len(failures) - NAMED)}</li>" if len(failures) > NAMED else ""
    return f'<div class="yinju-problem" role="alert">{said(WORDS, "failed", code, count=len(failures))}<ul>{rows}{rest}</ul></div>'


def _away_html(names: Sequence[str], code: str) -> str:
    if not names:
        return ""
    first = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f'<p class="yinju-hint" dir="auto">{escape(said(WORDS, "away", code, count=len(names), names=first))}</p>'


def _counts(report: IndexReport, code: str) -> str:
    return said(
        WORDS, "report", code, added=report.added, updated=report.updated, removed=report.removed,
        unchanged=report.unchanged, failed=report.failed,
    )  # fmt: skip


def _is_known(assistant: Assistant, file: NamedFile) -> bool:
    return file.path.name == LABELS_FILE or assistant.library.files.get(os.fsencode(file.path)) is not None


def _steps(work: Work, turns: Turns, code: str) -> Iterator[str]:
    """What the work tells, the newest of what came meanwhile; it goes on when the reader leaves."""
    told: SimpleQueue[tuple[bool, str]] = SimpleQueue()

    def run() -> None:
        give_way()
        try:
            with turns.turn(lambda before: told.put((False, _status(said(WORDS, "waiting", code, count=before))))):
                told.put((False, _status(said(WORDS, "starting", code))))
                last = work(lambda html: told.put((False, html)))
        except YinjuError as error:
            last = problem_html(str(error))
        except Exception:
            LOG.exception("adding to the library failed")
            last = problem_html(said(WORDS, "wrong", code))
        told.put((True, last))

    threading.Thread(target=run, daemon=True).start()
    done = False
    while not done:
        done, html = told.get()
        while not done and not told.empty():
            done, html = told.get()
        yield html
        time.sleep(0 if done else PAUSE)


def _status(words: str) -> str:
    return f'<p class="yinju-hint" role="status">{escape(words)}</p>'


def _removed(assistant: Assistant, name: str, code: str) -> str:
    try:
        there = assistant.remove([name])
    except YinjuError as error:
        return problem_html(str(error))
    told = said(WORDS, "removed" if there else "gone", code, name=name)
    return _status(told) if there else problem_html(told)
