"""Files and folders into a library: read, cut, embedded and stored, document by document."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from corpus import (
    Document,
    Library,
    Passage,
    UnreadableFile,
    YinjuError,
    file_bytes,
    find_files,
    passage_text,
    read_bytes,
    split_passages,
    split_sentences,
)
from corpus.library import Known
from embeddings import Encoder
from rag.vectors import save_index

# Tokens a passage may hold, where the model reads that many. A paragraph of an encyclopedia or a
# newspaper mostly fits whole.
PASSAGE_TOKENS = 400
# Passages embedded together, over documents, so that short documents fill a batch as well.
EMBED_TOGETHER = 64

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class IndexReport:
    """What one run of indexing did; `failures` are (document, reason), `seconds` wall time."""

    added: int
    updated: int
    removed: int
    unchanged: int
    failed: int
    passages: int
    seconds: float
    failures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Work:
    document: Document
    source: str
    hash: str
    passages: list[Passage]
    new: bool


def silent(done: int, total: int, label: str) -> None:
    """A progress that shows nothing."""


def index_paths(
    paths: Sequence[Path], library: Library, encoder: Encoder, progress: Progress = silent
) -> IndexReport:
    """Add or update the files of these paths, and drop documents of theirs whose files are gone.

    Unchanged files (by content) embed nothing. A file that cannot be read stops no other: it is
    among the failures, and what the library had of it stays. Raises YinjuError where a path is not
    there or holds no file, before anything is written.
    """
    began = time.perf_counter()
    library.require_model(encoder.name, encoder.dimension)
    found: dict[str, tuple[Path, str]] = {}
    for path in paths:
        files = list(find_files(path))
        if not files:
            raise YinjuError(f"{path} holds no files; put documents into it, or give another path")
        found |= {str(file.absolute()): (file, name) for file, name in files}
    with library.writing():
        plan = _Plan(library, found)
        embedded = _store(plan.work(encoder), library, encoder, progress, len(found))
        gone = _gone(paths, plan.known, found)
        removed = library.remove([each.name for each in gone])
        save_index(library)
    return IndexReport(
        added=embedded[True],
        updated=embedded[False],
        removed=removed,
        unchanged=plan.unchanged,
        failed=len(plan.failures),
        passages=library.passage_count(),
        seconds=time.perf_counter() - began,
        failures=tuple(plan.failures),
    )


def index_documents(
    documents: Iterable[Document], library: Library, encoder: Encoder, progress: Progress = silent
) -> IndexReport:
    """Make the library hold exactly these documents, which are in no file of their own."""
    began = time.perf_counter()
    library.require_model(encoder.name, encoder.dimension)
    with library.writing():
        known = {each.name: each.hash for each in library.known()}
        wanted = {each.name: each for each in documents}
        changed = [each for each in wanted.values() if known.get(each.name) != _hash(each.text.encode())]
        work = (
            _Work(each, "", _hash(each.text.encode()), _cut(each, encoder), each.name not in known) for each in changed
        )
        stored = _store(work, library, encoder, progress, len(changed))
        removed = library.remove([name for name in known if name not in wanted])
        save_index(library)
    return IndexReport(
        stored[True], stored[False], removed, len(wanted) - len(changed), 0,
        library.passage_count(), time.perf_counter() - began, (),
    )  # fmt: skip


class _Plan:
    """Which of the files found are new, changed or as they were; counts while the work is drawn."""

    def __init__(self, library: Library, found: dict[str, tuple[Path, str]]) -> None:
        self.known = library.known()
        self.failures: list[tuple[str, str]] = []
        self.unchanged = 0
        self._library = library
        self._found = found
        self._by_source = {each.source: each for each in self.known if each.source}
        self._by_name = {each.name: each for each in self.known}

    def work(self, encoder: Encoder) -> Iterator[_Work | None]:
        """What must be embedded, in order; None for a file that needs nothing."""
        for source, (path, name) in self._found.items():
            try:
                data = file_bytes(path, name)
                name, old = self._named(source, path, name)
                digest = _hash(data)
                if old is not None and old.hash == digest:
                    self.unchanged += 1
                    if old.source != source:
                        self._library.move(name, source)
                    yield None
                    continue
                document = read_bytes(data, name)
                passages = _cut(document, encoder)
                if not passages:
                    raise UnreadableFile(f"{name} holds no words; add text to it, or leave it out")
                self._by_name[name] = Known(name, source, digest)
                yield _Work(document, source, digest, passages, old is None)
            except UnreadableFile as reason:
                self.failures.append((name, str(reason)))
                yield None

    def _named(self, source: str, path: Path, name: str) -> tuple[str, Known | None]:
        """The document's name and what is known of it: the same file keeps the name it has.

        Two files of one name from different folders are told apart by their folders' names; a
        name whose file is no longer there goes to the file that now has it.
        """
        if source in self._by_source:
            return self._by_source[source].name, self._by_source[source]
        folders = list(path.absolute().parents)[len(Path(name).parts) - 1 :]
        for folder in folders:
            holder = self._by_name.get(name)
            if holder is None or (holder.source != source and not Path(holder.source or "-").exists()):
                break
            name = f"{folder.name}/{name}" if folder.name else f"_/{name}"
        return name, self._by_name.get(name)


def _gone(paths: Sequence[Path], known: list[Known], found: dict[str, tuple[Path, str]]) -> list[Known]:
    roots = [path.absolute() for path in paths if path.is_dir()]
    return [
        each
        for each in known
        if each.source and each.source not in found and not Path(each.source).exists()
        and any(Path(each.source).is_relative_to(root) for root in roots)
    ]  # fmt: skip


def _cut(document: Document, encoder: Encoder) -> list[Passage]:
    return split_passages(document, encoder.count_tokens, min(PASSAGE_TOKENS, encoder.max_tokens))


def _store(
    work: Iterable[_Work | None], library: Library, encoder: Encoder, progress: Progress, total: int
) -> dict[bool, int]:
    """Embed in batches over documents, and commit each document with its vectors.

    Counts of documents stored, by whether they were new.
    """
    stored = {True: 0, False: 0}
    waiting: list[_Work] = []
    done = 0
    for each in work:
        if each is None:
            done += 1
            progress(done, total, "")
            continue
        waiting.append(each)
        if sum(len(item.passages) for item in waiting) >= EMBED_TOGETHER:
            done += _flush(waiting, library, encoder, stored)
            progress(done, total, each.document.name)
            waiting = []
    done += _flush(waiting, library, encoder, stored)
    progress(total, total, "")
    return stored


def _flush(waiting: list[_Work], library: Library, encoder: Encoder, stored: dict[bool, int]) -> int:
    texts = [passage_text(item.document, p) for item in waiting for p in item.passages]
    vectors = np.concatenate(
        [encoder.encode_passages(texts[at : at + EMBED_TOGETHER]) for at in range(0, len(texts), EMBED_TOGETHER)]
        or [np.empty((0, encoder.dimension), np.float32)]
    )
    position = 0
    for item in waiting:
        rows = vectors[position : position + len(item.passages)].astype(np.float16)
        position += len(item.passages)
        library.put(item.document, split_sentences(item.document), item.passages, rows, item.source, item.hash)
        stored[item.new] += 1
    return len(waiting)


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
