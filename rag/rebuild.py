"""A damaged library in a folder made whole again of what of it can be proved: `yinju check --repair`.

Documents, vectors, what is known of files, settings and what people said are read past the damage (`corpus.salvage`) into a
new database, where documents are cut, words counted and vectors that are missing embedded anew. That takes the place of the old
one's contents in one transaction, while others may read; the damaged file is kept beside it. Then files are read again.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from corpus import Library, LibraryError
from corpus.connect import DATABASE
from corpus.errors import DamagedLibrary
from corpus.file_table import KnownFile
from corpus.files import printable
from corpus.library import REBUILT
from corpus.salvage import Lost, Salvage, Saved, damaged_database
from corpus.to_disk import to_disk
from corpus.trouble import beyond_repair, explained
from corpus.whereabouts import NamedFile, named_file
from corpus.workplace import workplace
from corpus.write_lock import exchange_lock, write_lock
from embeddings import Encoder, load_encoder
from embeddings.cache import damaged_folders
from rag.batch import Batch, prepared
from rag.indexing import Progress, silent
from rag.lexical import weights
from rag.named_files import index_named
from rag.posting import KEY as WORDS
from rag.posting import bring_up
from rag.settings import Settings, library_settings, save_settings
from rag.vectors import KEY as VECTORS
from rag.window import windows

# Documents whose vectors are asked for together; and their characters.
TOGETHER, CHARACTERS = 256, 1_000_000
# Of the names of a database and its log.
ENDINGS = ("", "-wal")
# What is not taken over from the damaged database: it is the new one's own, or names files that are made anew.
OWN = frozenset(("format", "model", "dimension", "generation", REBUILT, VECTORS))


@dataclass(frozen=True)
class Rebuilt:
    """What came of a repair: the library holds so many `documents`, of which `again` came of their files, read again, and so many
    texts were embedded again; `lost` are the names of documents that are neither here nor in a file that could be read, `nameless`
    those of which not even a name is left. `aside` is the damaged database.
    """

    documents: int
    again: int
    embedded: int
    lost: tuple[str, ...]
    nameless: int
    aside: Path


def rebuild(folder: Path, encoder: Encoder | None = None, progress: Progress = silent) -> Rebuilt:
    """Make the library in a folder whole again; files whose documents were lost, or may have been, are read again.

    Raises DamagedLibrary where not even its model can be read, LibraryError where another process writes or the disk is full: the library
    is then as it was.
    """
    with write_lock(folder), damaged_database(folder) as old, workplace(folder) as work:
        salvage = Salvage(old, folder / DATABASE)
        used = encoder or _sound_encoder(salvage.model)
        if used.name != salvage.model:
            raise beyond_repair(folder / DATABASE, f"its vectors are of {salvage.model}")
        try:
            embedded, lost, doubtful, aside = _exchanged(old, salvage, work / "library", folder, used, progress)
        except DamagedLibrary:
            raise
        except LibraryError as reason:  # the new one is whole: what is missing is room
            raise LibraryError(
                f"{folder} could not be repaired, as on a full disk ({str(reason).partition(';')[0]}); it is as it was: "
                "free some space and run the same command again"
            ) from None
    with Library.open(folder) as library:
        report = index_named(doubtful, library, used, lambda step: progress(step.done, step.total, step.name))
        there = {name for _, name, _, _ in library.labels()}
        names = {each.name for each in lost if each.name is not None} - there
        nameless = sum(each.name is None for each in lost)
        return Rebuilt(len(there), report.added + report.updated, embedded + report.embedded, tuple(sorted(names)), nameless, aside)


def _exchanged(
    old: sqlite3.Connection, salvage: Salvage, place: Path, folder: Path, encoder: Encoder, progress: Progress
) -> tuple[int, list[Lost], list[NamedFile], Path]:
    """Make the new database at a place and exchange it: the texts that were embedded, what was lost, the files to be read
    again, and the damaged database.
    """
    with Library.create(place, encoder.name, encoder.dimension) as new:
        _take_over(salvage.meta, new)
        files = {each.path: each for each in salvage.files()}
        for each in files.values():
            new.files.put(each)
        batch, lost, misnamed = _filled(new, salvage, files, encoder, progress)
        misnamed |= {path for path, each in files.items() if not new.files.document_count(path) and not _is_called_so(each)}
        # Their names are damaged: the next indexing takes them for new files, of the documents that are here.
        new.files.remove([*misnamed])
        files = {path: each for path, each in files.items() if path not in misnamed}
        wanted = {each.path for each in lost}
        doubtful = [each for each in files.values() if not salvage.complete or each.path in wanted]
        for each in doubtful:
            new.files.put(replace(each, finished=False))
        found = [named_file(each.path, each.name) for each in doubtful if os.path.isfile(each.path)]
        if not found and not new.document_count():
            raise beyond_repair(folder / DATABASE, "not one of its documents is whole")
        new.set_meta("generation", str(_number(salvage.meta, "generation") + 1))
        with exchange_lock(folder):
            for said in salvage.feedback():
                new.add_feedback(said)
            aside = _set_aside(folder / DATABASE)
            try:
                _written_over(old, new, folder / DATABASE)
            except BaseException:
                _remove(aside)
                raise
    return batch.embedded, lost, found, aside


def _sound_encoder(model: str) -> Encoder:
    """The library's model, whose folder is made anew where it is not what was written."""
    for each in damaged_folders():
        shutil.rmtree(each)
    return load_encoder(model)


def _filled(
    new: Library, salvage: Salvage, files: Mapping[bytes, KnownFile], encoder: Encoder, progress: Progress
) -> tuple[Batch, list[Lost], set[bytes]]:
    """Put every document that is whole into the new library, with its file; what was lost, and the files whose documents have other names."""
    settings = library_settings(new)
    batch = Batch(new, encoder, lambda: None)
    lost: list[Lost] = []
    misnamed: set[bytes] = set()
    done, total = 0, salvage.document_count()
    for some in windows(_whole_ones(salvage, lost), TOGETHER, lambda each: len(each.document.text), CHARACTERS):
        cut = [prepared(each.document, encoder, settings) for each in some]
        texts = {key: text for item, own in cut for key, text in zip(item.keys, own, strict=True)}
        vectors = salvage.vectors([*texts], encoder.dimension)
        if vectors:
            new.put_texts([*vectors], np.stack([*vectors.values()]), [weights(texts[key]) for key in vectors])
        for each, (item, own) in zip(some, cut, strict=True):
            file = None if each.path is None else files.get(each.path)
            if file is not None and not each.document.name.startswith(file.name):
                misnamed.add(file.path)
                file = None
            batch.put(item, own, None if file is None else file.path)
        done += len(some)
        progress(done, max(done, total), f"{done:,} documents")
    batch.flush()
    return batch, lost, misnamed


def _is_called_so(file: KnownFile) -> bool:
    """Whether a file that has no document here is called as its path ends; a number may follow (`rag.refresh`)."""
    return file.name.rpartition("/")[2].startswith(printable(os.path.basename(os.fsdecode(file.path))))


def _whole_ones(salvage: Salvage, lost: list[Lost]) -> Iterator[Saved]:
    """The documents that are whole; the others go into `lost`."""
    for each in salvage.documents():
        if isinstance(each, Saved):
            yield each
        else:
            lost.append(each)


def _take_over(meta: Mapping[str, str], new: Library) -> None:
    """What the damaged database says beside its tables, of which nothing is derived."""
    for key, value in meta.items():
        if key not in OWN and not key.startswith(WORDS):
            new.set_meta(key, value)
    new.set_meta(REBUILT, str(_number(meta, REBUILT) + 1))
    try:
        library_settings(new)
    except LibraryError:
        save_settings(new, Settings())
    bring_up(new)


def _number(meta: Mapping[str, str], key: str) -> int:
    value = meta.get(key, "")
    return int(value) if value.isdecimal() and len(value) < 18 else 0


def _set_aside(path: Path) -> Path:
    """A copy of the damaged file, with its log."""
    aside = path.with_name(f"{path.stem}-damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}{path.suffix}")
    try:
        for ending in ENDINGS:
            if path.with_name(path.name + ending).is_file():
                shutil.copy(path.with_name(path.name + ending), aside.with_name(aside.name + ending))
                to_disk(aside.with_name(aside.name + ending))
    except OSError:
        _remove(aside)
        raise
    to_disk(path.parent)
    return aside


def _remove(aside: Path) -> None:
    for ending in ENDINGS:
        aside.with_name(aside.name + ending).unlink(missing_ok=True)


def _written_over(old: sqlite3.Connection, new: Library, path: Path) -> None:
    """The contents of the new database in the place of the old one's: by pages, in one transaction, so that they need not be read."""
    try:
        with new.reading() as source:
            source.backup(old)
    except sqlite3.DatabaseError as reason:
        raise explained(path, reason, writing=True) or reason from None
