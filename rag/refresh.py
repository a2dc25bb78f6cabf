"""One file after another against what the library knows of it: only what has changed is read, cut and embedded."""

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from corpus import Document, UnreadableFile
from corpus.document_table import KnownDocument
from corpus.file_table import KnownFile
from corpus.files import LABELS_FILE
from corpus.metadata import FolderLabels, described, labels_hash
from corpus.rows import document_hash, require_storable
from corpus.store import Store
from embeddings import Encoder
from rag.batch import Batch, cut_again
from rag.reading import Part, Reader, ReadHere, Reading
from rag.settings import library_settings
from rag.window import Item, windows

# A file written this shortly before it was read may change again without a new time of change
# (file systems count in up to two seconds).
RACY_NS = 2_000_000_000
# The name of the part that failed stands at the head of its message.
FAILED_PART = re.compile(r"(.+?)(?= (?:is|has|holds|cannot|could|does|needs|was|stands|looks)\b|: )", re.S)

# Files that the library is asked about together; documents of one file, and their characters.
FILES, PARTS, CHARACTERS = 256, 64, 1_000_000

Said = dict[str, dict[str, str]]


class Refresh:
    """Counts and failures of one run, and the files it has seen.

    `told` is called with the share of the file at hand that is done, in bytes. Files are read by `reader`.
    """

    def __init__(
        self, library: Store, encoder: Encoder, batch: Batch, roots: list[bytes], told: Callable[[int], None]
    ) -> None:
        self.added = self.updated = self.removed = self.unchanged = 0
        self.failures: list[tuple[str, str]] = []
        self.seen: set[bytes] = set()
        self.here = ReadHere(encoder, library_settings(library))
        self.reader: Reader = self.here
        self._library = library
        self._batch = batch
        self._roots = roots
        self._told = told
        self._labels = FolderLabels()
        self._taken: dict[str, bytes] = {}
        self._begun: bytes | None = None

    def fail(self, name: str, reason: str) -> None:
        self.failures.append((name, reason))

    def files_ahead(self, items: Iterable[Item], file_of: Callable[[Item], tuple[Path, str] | None]) -> Generator[Item, None, None]:
        """The same; what is asked of the library about the file of each (its path and name) is asked for many together."""
        for some in windows(items, FILES, lambda _: 0, 1):
            files = [file for file in map(file_of, some) if file is not None]
            self._library.ahead([(os.fsencode(os.path.abspath(path)), name) for path, name in files])
            yield from some

    def any_file(self, path: Path, name: str, root: Path) -> None:
        """A file of documents, or one that says what others are."""
        if path.name == LABELS_FILE:
            self.labels_file(path, name)
        else:
            self.file(path, name, root)

    def file(self, path: Path, name: str, root: Path) -> None:
        """Bring one file's documents up to date; what goes wrong with it is among the failures."""
        absolute = Path(os.path.abspath(path))
        key = os.fsencode(absolute)
        if key in self.seen:
            return
        self.seen.add(key)
        known = self._library.files.get(key)
        said = self._said(absolute, name, root)
        stamp = labels_hash(said) if said is not None else known.labels if known else ""
        try:
            if known and known.finished and known.labels == stamp and _is_as_read(known, path):
                self._count_unchanged(key)
                return
            reading = self.reader.read(path, known.name if known else name)
            status = reading.status
            if known is None:
                name, known = self._named(name, absolute, key, status.digest)
            state = KnownFile(
                key, known.name if known else name, True, status.digest, status.size,
                status.mtime_ns, status.ctime_ns, status.read_ns, stamp,
            )  # fmt: skip
            if known and known.finished and (known.hash, known.labels) == (status.digest, stamp):
                self._count_unchanged(known.path)
                self._batch.change(lambda: self._library.files.put(state))
                return
            self._documents(reading, path, state, known.path if known else None, said or {})
        except UnreadableFile as reason:
            self.fail(known.name if known else name, str(reason))

    def name_to_read(self, path: Path, name: str, root: Path) -> str | None:
        """The name that `file` will ask its reader to read a file by; None where it will not read it."""
        key = os.fsencode(os.path.abspath(path))
        if path.name == LABELS_FILE or key in self.seen:
            return None
        known = self._library.files.get(key)
        said = self._labels.of(Path(os.fsdecode(key)), name, root)
        stamp = labels_hash(said) if said is not None else known.labels if known else ""
        if known and known.finished and known.labels == stamp and _is_as_read(known, path):
            return None
        return known.name if known else name

    def labels_file(self, path: Path, name: str) -> None:
        """A metadata.csv that no file asked for is read as well, to say what is wrong with it."""
        self._labels.labels(Path(os.path.abspath(path)).parent, name)
        self._note_labels()

    def _note_labels(self) -> None:
        self.failures += [each for each in self._labels.failures.items() if each not in self.failures]
        self._labels.failures.clear()

    def _said(self, path: Path, name: str, root: Path) -> Said | None:
        said = self._labels.of(path, name, root)
        self._note_labels()
        return said

    def _count_unchanged(self, key: bytes) -> None:
        self.unchanged += self._library.files.document_count(key)

    def _named(self, name: str, path: Path, key: bytes, digest: str) -> tuple[str, KnownFile | None]:
        """The name of a file that is new here, and the file that it was before, if it was another's.

        Two files of one name from different folders are told apart by their folders' names; a
        name whose file is no longer there goes to the file that now has it.
        """
        for each in _names(name, path):
            holders = [*self._library.files.called(each), *filter(None, [self._taken.get(each)])]
            if not holders:
                break
            gone = self._library.files.get(holders[0]) if len(holders) == 1 and _is_missing(holders[0]) else None
            if gone is not None and (gone.hash == digest or any(gone.path.startswith(root) for root in self._roots)):
                name, key_before = each, gone.path
                self._taken[name] = key
                self._batch.flush()
                self._library.files.move(key_before, key)
                return name, replace(gone, path=key, finished=False)
        self._taken[each] = key
        return each, None

    def _documents(self, reading: Reading, path: Path, state: KnownFile, known: bytes | None, said: Said) -> None:
        before = self._library.known_documents(known) if known else {}
        names: set[str] = set()
        failed: list[str] = []
        done = 0
        for part, content in self._parts_ahead(reading.parts(state.name), state.name, before):
            if isinstance(part, UnreadableFile):
                inner = _part_name(state.name, str(part))
                failed.append(inner)
                self.fail(inner, str(part))
                continue
            document = part.document
            done = min(reading.status.size, done + len((document.source or document.text).encode("utf8", "replace")))
            try:
                self._document(part, content, path, state, before, names, said)
            except UnreadableFile as reason:
                failed.append(document.name)
                self.fail(document.name, str(reason))
            self._told(done)
        if not names:
            return  # what the library had of the file stays, and the next run tries again
        gone = [each for each in before if each not in names and each not in failed]
        self.removed += len(gone)
        self._batch.change(lambda: self._library.remove(gone))
        finished = replace(state, finished=not failed)
        self._batch.change(lambda: self._library.files.put(finished))

    def _parts_ahead(
        self, parts: Iterator[Part | UnreadableFile], file: str, before: dict[str, KnownDocument]
    ) -> Iterator[tuple[Part | UnreadableFile, str]]:
        """The same, each with its `document_hash`; what is asked of the library about each is asked for several together."""
        for some in windows(parts, PARTS, lambda each: 0 if isinstance(each, UnreadableFile) else len(each.document.text), CHARACTERS):
            hashed = [(each, "" if isinstance(each, UnreadableFile) else document_hash(each.document)) for each in some]
            named = [(each.document.name, content) for each, content in hashed if not isinstance(each, UnreadableFile)]
            fresh = [content for name, content in named if name not in before or before[name].hash != content]
            self._library.ahead(names=[name for name, _ in named if name != file], contents=fresh)
            yield from hashed

    def _document(
        self, part: Part, content: str, path: Path, state: KnownFile, before: dict[str, KnownDocument], names: set[str], said: Said
    ) -> None:
        """`content` is the part's `document_hash`, which neither its name nor its labels change."""
        document = self._with_free_name(part.document, state, names)
        require_storable(document)
        inner = document.name[len(state.name) :] if document.name.startswith(state.name) else ""
        labels = said.get("", {})
        if inner:  # a title belongs to one document
            labels = {key: value for key, value in labels.items() if key != "title"} | said.get(inner, {})
        document = described(document, path, labels)
        old = before.get(document.name)
        if old is not None and old.hash == content:
            names.add(document.name)
            if (old.title, old.metadata) == (document.title, dict(document.metadata)):
                self.unchanged += 1
                return
            self.updated += 1
            self._begin(state)
            self._batch.change(lambda: self._library.relabel(document.name, document.title, document.metadata))
            return
        same = self._library.cut_before(content)
        item, texts = (cut_again(document, content, same), []) if same else part.cut(document)
        if not item.passages:
            raise UnreadableFile(f"{document.name} holds no words; add text to it, or leave it out")
        self._begin(state)
        names.add(document.name)
        self.updated += old is not None
        self.added += old is None
        self._batch.put(item, texts, state.path)

    def _begin(self, state: KnownFile) -> None:
        """Before the first change of a file's documents: until the last, the file is not finished."""
        if self._begun != state.path:
            self._begun = state.path
            self._batch.change(lambda: self._library.files.put(replace(state, finished=False)))

    def _with_free_name(self, document: Document, state: KnownFile, names: set[str]) -> Document:
        """The document under a name that no other document of the library has."""
        name = document.name
        for number in range(2, 1_000_000):
            holders = [] if name == state.name else [each for each in self._library.files.called(name) if each != state.path]
            if name not in names and not holders and self._taken.get(name, state.path) == state.path:
                break
            name = f"{document.name} ({number})"
        self._taken[name] = state.path
        return document if name == document.name else replace(document, name=name)


def _part_name(file: str, reason: str) -> str:
    match = FAILED_PART.match(reason)
    return match[1] if match and file in match[1] else file


def _is_as_read(known: KnownFile, path: Path) -> bool:
    """Whether a file can be taken as unchanged without reading it."""
    try:
        now = path.stat()
    except OSError:
        return False
    same = (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (known.size, known.mtime_ns, known.ctime_ns)
    return same and max(now.st_mtime_ns, now.st_ctime_ns) + RACY_NS < known.read_ns


def _is_missing(path: bytes) -> bool:
    """Whether a file is certainly gone: not where its folder just cannot be read."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a damaged path, which is no file's
        return True
    except OSError:
        return False
    return False


def _names(name: str, path: Path) -> Iterator[str]:
    """The name, then with more and more of its folders before it, then with numbers."""
    yield name
    long = name
    for folder in list(path.parents)[name.count("/") :]:
        long = f"{folder.name or '_'}/{long}"
        yield long
    for number in range(2, 1_000_000):
        yield f"{name} ({number})"
