"""The library: a folder whose SQLite file is the truth about files, documents, passages and vectors; each has a module of its own.

Whatever belongs together is written in one transaction, so a process killed at any moment leaves
whole documents or none. A vector belongs to its words (`text_key`), not to a place: what moves keeps
it. Other files of the folder are derived; the transaction that makes one valid also names it.
Nothing is ever unpickled. Many processes may read while one writes.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from corpus.connect import DATABASE, WRITER_LOCK, State, connect, migrated, new_database, state_of, unknown_format
from corpus.database import Database
from corpus.document_table import DocumentTable
from corpus.errors import LibraryError
from corpus.feedback import Feedback, kept_feedback, put_feedback
from corpus.file_table import FileTable
from corpus.passage_table import PassageTable
from corpus.posting_table import PostingTable
from corpus.rows import DAMAGED
from corpus.schema import FORMAT, FORMAT_KEY
from corpus.to_disk import make_folder, to_disk
from corpus.trouble import damaged
from corpus.vector_table import Marks, VectorTable
from corpus.write_lock import exchange_lock, write_lock

# Under this name the database keeps how often it was rebuilt.
REBUILT = "rebuilt"


@dataclass(frozen=True)
class Derived:
    """A file derived from the texts as they stood at some marks; its CRC-32 as it was written."""

    path: Path
    checksum: int
    marks: Marks


class Library:
    """An open library. One object may be used by many threads, one at a time inside."""

    engine = "folder"
    write_together = 1

    def __init__(self, folder: Path, connection: sqlite3.Connection, on_disk: bool, state: State) -> None:
        """`state` is that of the folder before the connection was opened: what is written since is seen."""
        self.folder = folder
        self._database = Database(connection, folder / DATABASE)
        self._on_disk, self._state = on_disk, state
        self._exchanged = self._writers = 0
        self.reading = self._database.reading
        self.dimension = self._number("dimension")
        self._model = self.model
        self.files = FileTable(self._database)
        self.vectors = VectorTable(self._database, self.dimension)
        self.postings = PostingTable(self._database)
        self.documents = documents = DocumentTable(self._database, folder, self.changing, lambda: self.generation)
        passages = PassageTable(self._database)
        # What both tables can is what a library can (`corpus.store.Store`).
        self.document_count, self.list_documents, self.find_documents = documents.count, documents.listed, documents.find
        self.document, self.name_of, self.with_sentences = documents.document, documents.name_of, documents.with_sentences
        self.put, self.relabel, self.remove = documents.put, documents.relabel, documents.remove
        self.known_documents, self.labels, self.distinct_values = documents.known, documents.labels, documents.distinct_values
        self.passage_count, self.passage_ids, self.passages = passages.count, passages.ids, passages.passages
        self.passages_of, self.documents_with, self.passage_with = passages.of, passages.documents_with, passages.one_with
        self.passages_with_keys, self.cut_before = passages.with_keys, passages.cut_before

    @classmethod
    def open(cls, folder: str | Path) -> "Library":
        """The library in `folder`; one of an older format is migrated.

        Raises LibraryError where there is none that this version reads, DamagedLibrary where it is garbage.
        """
        folder = Path(folder)
        if not folder.exists():
            raise LibraryError(f"there is no library at {folder}; make one with: yinju index PATH --library {folder}")
        if not (folder / DATABASE).is_file():
            raise LibraryError(f"{folder} is not a Yinju library; give the folder that `yinju index` made")
        state = state_of(folder)
        return cls(folder, *connect(folder), state)

    @classmethod
    def create(cls, folder: str | Path, model: str, dimension: int) -> "Library":
        """A new library for vectors of that model, or the one that is there for the same model.

        Raises LibraryError where the folder holds something else, or a library of another model.
        """
        folder = Path(folder)
        if not (folder / DATABASE).is_file():
            if folder.exists() and (not folder.is_dir() or any(not _is_ours(each.name) for each in folder.iterdir())):
                raise LibraryError(f"{folder} holds other files and is not a library; choose a new or empty folder")
            try:
                make_folder(folder)
                # Two processes that start at once make one library.
                with FileLock(folder / WRITER_LOCK, timeout=30):
                    _build(folder, {"model": model, "dimension": str(dimension), "generation": "0"})
            except (OSError, sqlite3.Error) as reason:
                raise LibraryError(
                    f"a library cannot be made at {folder} ({reason}); "
                    "choose a folder that can be written, with --library"
                ) from None
        library = cls.open(folder)
        try:
            library.require_model(model, dimension)
        except BaseException:
            library.close()
            raise
        return library

    @classmethod
    def exists(cls, folder: Path) -> bool:
        """Whether there is one in the folder, whole or not."""
        return (folder / DATABASE).is_file()

    @property
    def address(self) -> str:
        return str(self.folder)

    @property
    def mark(self) -> str:
        """Of this library, by whatever path its folder is called."""
        return str(self.folder.resolve())

    def size(self) -> int:
        """Bytes of the folder's own files."""
        total = 0
        with os.scandir(self.folder) as entries:
            for each in entries:
                with suppress(FileNotFoundError):  # another process has replaced it
                    total += each.stat().st_size if each.is_file() else 0
        return total

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def discard(self) -> None:
        """Close a library that holds no document, and leave no trace of it; one that another process writes or has filled stays."""
        with suppress(LibraryError), self.writing():
            if self.document_count() == 0:
                self.close()
                # The database after what is derived from it: killed in between, a library without documents is left, not a folder
                # of files that are nobody's. The lock last, while it is held: who waits for it takes none that is gone.
                for pattern in ("vectors-*.faiss", "words-*.postings", f"{DATABASE}-*", DATABASE, "*.lock"):
                    for file in self.folder.glob(pattern):
                        file.unlink(missing_ok=True)
                with suppress(OSError):  # it holds other files
                    self.folder.rmdir()
        self.close()

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write, for one process at a time: into the library that is at its place now (`follow`).

        Raises LibraryError where another has it, where there is none any longer, or where the disk is full or cannot be written.
        """
        with write_lock(self.folder):
            self._require_there()
            self.follow()
            if not self._on_disk:
                self._exchange(migrated(self.folder), True, state_of(self.folder))
            self._writers += 1
            try:
                yield
            finally:
                self._writers -= 1

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around all that is changed inside: all of it is kept, or nothing.

        Raises LibraryError where the disk is full, the library cannot be written, or another has been put in its place meanwhile.
        """
        if self._database.is_idle:
            self._require_there()
            if self._writers and self._is_another(state_of(self.folder)):
                raise LibraryError(f"{self.folder} was replaced by another library meanwhile; run the same command again")
            self.follow()
        if not self._on_disk:
            with self.writing():
                pass
        with self._database.changing() as connection:
            yield connection

    def _require_there(self) -> None:
        if not (self.folder / DATABASE).is_file():
            raise LibraryError(f"{self.folder} was removed by another process; try again")

    def follow(self) -> None:
        """Open the library anew where another has been put in its place, or where it could only be read and was written since.

        What is there no longer is asked on as it was. Raises LibraryError where the other is of another model: this one then stays open;
        or where a newer version has migrated it since.
        """
        state = state_of(self.folder)
        if self._is_another(state):
            self._exchange(*connect(self.folder), state)
        if self._number(FORMAT_KEY) > FORMAT:
            raise LibraryError(unknown_format(self.folder, self._number(FORMAT_KEY)))

    def _is_another(self, state: State) -> bool:
        # Whoever has the file itself open sees what is written into it.
        return state[0] is not None and (state[0][0] != _inode(self._state) if self._on_disk else state != self._state)

    def _exchange(self, connection: sqlite3.Connection, on_disk: bool, state: State) -> None:
        """Go on with another connection, to a library of the same model."""
        other = Database(connection, self.folder / DATABASE)
        known = {str(key): str(value) for key, value in other.rows("SELECT key, value FROM meta WHERE key IN ('model', 'dimension')")}
        if known != {"model": self._model, "dimension": str(self.dimension)}:
            other.close()
            raise LibraryError(
                f"{self.folder} was made anew with the model {known.get('model')}; open it again, or start `yinju serve` again"
            )
        self._database.replace(connection)
        self._on_disk, self._state = on_disk, state
        self._exchanged += 1

    # What the library is

    def meta(self, key: str) -> str | None:
        rows = self._database.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Keep a value under a key; for who may write."""
        with self.changing() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def model(self) -> str:
        return self.meta("model") or ""

    @property
    def copies(self) -> tuple[int, int]:
        """How often the database was exchanged for another one, and rebuilt: texts then have other numbers."""
        return self._exchanged, self._number(REBUILT)

    @property
    def generation(self) -> int:
        """Counts changes: what is derived from documents is stale when its count differs."""
        return self._number("generation")

    def _number(self, key: str) -> int:
        value = self.meta(key)
        try:
            return int(value or 0)
        except ValueError:
            raise damaged(self.folder / DATABASE, f"its {key} is {value!r}") from None

    def require_model(self, model: str, dimension: int) -> None:
        """Raises LibraryError unless the library's vectors are of that model."""
        if (self.model, self.dimension) != (model, dimension):
            raise LibraryError(
                f"{self.folder} was made with the model {self.model} ({self.dimension} dimensions), not {model} "
                f"({dimension}); use that model, or index your files again into a new folder with --library"
            )

    # Texts

    def held(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys whose vectors are here."""
        return self.vectors.held(keys)

    def vectors_of(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors (dimension) of those keys that are here."""
        numbers = self.vectors.numbers(keys)
        found = dict(zip(*self.vectors.of(list(numbers.values())), strict=True))
        return {key: found[number].astype(np.float32) for key, number in numbers.items() if number in found}

    def put_texts(
        self, keys: Sequence[bytes], vectors: NDArray[np.float32], terms: Sequence[Mapping[str, int]]
    ) -> None:
        """Keep the vector (keys, dimension) and the terms of each text that is new; documents that need them may come later.

        The terms of all texts that are here must be here (`PostingTable.lacking`).
        """
        with self.changing():
            numbers = self.vectors.put(keys, vectors)
            fresh = {key: each for key, each in zip(keys, terms, strict=True) if key in numbers}
            self.postings.put(list(numbers.values()), list(fresh.values()))

    def drop_unused(self) -> None:
        """Take away the vectors and terms of no passage."""
        with self.changing():
            self.postings.note_removed(self.vectors.drop_unused())

    def ahead(self, files: Sequence[tuple[bytes, str]] = (), names: Sequence[str] = (), contents: Sequence[str] = ()) -> None:
        """What will be asked about next; here every question is answered at once (`corpus.store`)."""

    # What people said of answers

    def add_feedback(self, said: Feedback) -> None:
        with exchange_lock(self.folder), self.changing() as connection:
            put_feedback(connection, said)

    def feedback(self) -> Iterator[Feedback]:
        """Every verdict, oldest first."""
        with self.reading() as connection:
            return kept_feedback(connection)

    # Files derived from the truth

    def name_derived(self, key: str, derived: Derived) -> None:
        """From now on this is what is derived from the library under `key`."""
        value = {"file": derived.path.name, "checksum": derived.checksum, "last": derived.marks.last, "gone": derived.marks.gone}
        self.set_meta(key, json.dumps(value))

    def derived(self, key: str) -> Derived | None:
        """What is named last under `key`."""
        value = self.meta(key)
        if value is None:
            return None
        try:
            named = json.loads(value)
            return Derived(self.folder / named["file"], int(named["checksum"]), Marks(int(named["last"]), int(named["gone"])))
        except DAMAGED:  # then it is made anew
            return None


def _inode(state: State) -> int:
    return state[0][0] if state[0] else 0


def _is_ours(name: str) -> bool:
    """Whether a file of the folder is what a process killed while it made a library may leave."""
    return name.endswith(".lock") or name.startswith(f".{DATABASE}.")


def _build(folder: Path, settings: dict[str, str]) -> None:
    if (folder / DATABASE).is_file():
        return
    for left in folder.glob(f".{DATABASE}.*"):
        left.unlink()
    building = folder / f".{DATABASE}.new"
    new_database(building, settings)
    os.replace(building, folder / DATABASE)
    to_disk(folder)  # its name is to be there after the power fails
