"""Is the library whole, how much does it hold, and what takes the space?"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from corpus import YinjuError
from corpus.connect import DATABASE
from corpus.library import Library
from rag import Assistant
from rag.check import check_library
from rag.vectors import KEY
from ui.conversation_file import FILE
from ui.render import problem_html
from ui.uploads import FOLDER
from ui.wording import Words, said

WORDS: Words = {
    "whole": ("文档库完好", "The library is whole"),
    "broken": ("文档库有 {count} 个问题", "The library has {count} problems"),
    "problem": ("{what}；{remedy}", "{what}; {remedy}"),
    "holds": ("{documents:,} 份文档，{passages:,} 个段落；占用 {size}", "{documents:,} documents, {passages:,} passages; {size} on disk"),
    "database": ("文档数据库", "Documents"),
    "vectors": ("向量文件", "Vectors"),
    "uploads": ("上传的文件（{count:,} 个）", "Uploaded files ({count:,})"),
    "conversations": ("对话", "Conversations"),
    "rest": ("评测等其他文件", "Evaluations and other files"),
    "parts": ("各部分占用的空间", "Space by part"),
}


@dataclass(frozen=True)
class Part:
    """Of what the library's folder holds: how many files, and their bytes."""

    key: str
    files: int
    bytes: int


def health_html(assistant: Assistant, code: str) -> str:
    """Whether the library is whole, or what is wrong and what to do; then what it holds and the size of each part."""
    library = assistant.library
    try:
        problems = check_library(library.address)
    except YinjuError as error:
        return problem_html(str(error))
    parts = parts_of(library.folder, _vectors_file(assistant))
    size = megabytes(sum(each.bytes for each in parts))
    holds = said(WORDS, "holds", code, documents=library.document_count(), passages=library.passage_count(), size=size)
    verdict = said(WORDS, "broken", code, count=len(problems)) if problems else said(WORDS, "whole", code)
    wrong = "".join(problem_html(said(WORDS, "problem", code, what=each.what, remedy=each.remedy)) for each in problems)
    rows = "".join(f"<li>{escape(said(WORDS, each.key, code, count=each.files))}: {megabytes(each.bytes)}</li>" for each in parts)
    return (
        f'<p role="status"><b>{verdict}</b>{"；" if code != "en" else "; "}{holds}</p>{wrong}'
        f'<ul class="yinju-hint" aria-label="{said(WORDS, "parts", code)}">{rows}</ul>'
    )


def parts_of(folder: Path, vectors: str | None) -> list[Part]:
    """What takes space in the library's folder, part by part; `vectors` is the name of the file of vectors."""
    sizes: dict[str, tuple[int, int]] = dict.fromkeys(("database", "vectors", "uploads", "conversations", "rest"), (0, 0))
    for path, size in _files(folder):
        key = _part_of(path.relative_to(folder).parts, vectors)
        sizes[key] = sizes[key][0] + 1, sizes[key][1] + size
    return [Part(key, *each) for key, each in sizes.items()]


def megabytes(size: int) -> str:
    """A size as a reader compares it."""
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"


def _part_of(parts: tuple[str, ...], vectors: str | None) -> str:
    if len(parts) > 1:
        return "uploads" if parts[0] == FOLDER else "rest"
    if parts[0] == vectors:
        return "vectors"
    # SQLite's log and its index stand beside a database under its name.
    return "database" if parts[0].startswith(DATABASE) else "conversations" if parts[0].startswith(FILE) else "rest"


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for each in folder.rglob("*"):
        try:
            if each.is_file() and not each.is_symlink():
                yield each, each.stat().st_size
        except OSError:  # removed since
            continue


def _vectors_file(assistant: Assistant) -> str | None:
    library = assistant.library
    named = library.derived(KEY) if isinstance(library, Library) else None
    return named.path.name if named else None
