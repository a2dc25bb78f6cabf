"""A library's vectors as an index: from its file and what came and went since, or from the truth where that fails.

The file stands for the texts up to some marks (`corpus.vector_table.Marks`), named in one transaction with them.
It is written anew only when much has changed: whoever opens it takes up the rest from the database.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus import Library
from corpus.library import Derived
from corpus.term_weights import UNSPACED
from corpus.to_disk import checksum_of
from corpus.vector_table import Marks
from embeddings import FaissIndex
from embeddings.index import Flags, Ids, VectorIndex, Vectors
from embeddings.packed_index import PackedIndex, Stored, is_packed
from rag.derived import remove_older, write_derived
from rag.posting import up_to_date
from rag.posting_index import save_postings

LOG = logging.getLogger(__name__)

KEY = "vectors"
# From so many texts on the index goes through short codes of the vectors (`embeddings.packed_index`); it is
# trained on so many at most.
LARGE, SAMPLE = 50_000, 20_000
# The file is written anew when so many texts, and such a share of all, have come or gone since: to take up
# these when a library is opened costs a tenth of a second or two.
FEW, SHARE = 4096, 0.05
# Of no database: an index of it is opened anew by whoever catches up.
NO_COPY = (-1, -1)


@dataclass(frozen=True, eq=False)
class OpenIndex:
    """An index of the vectors of all texts as they stood at some marks.

    `alive` says which numbers are those of texts; `copy` from which of the library's databases they are (`Library.copies`);
    `file` is the index file that was named when it was opened.
    """

    index: VectorIndex
    marks: Marks
    alive: Flags
    copy: tuple[int, int]
    file: Path | None


def open_index(library: Library) -> OpenIndex:
    """The index of all vectors as they stand now. Embeds nothing, and lets others read meanwhile."""
    copy, named, marks = library.copies, library.derived(KEY), library.vectors.marks()
    library.vectors.require_sound(marks)
    index = _loaded(library, named) if named is not None else None
    if index is not None and len(index) and int(index.ids.max()) > marks.last:
        index = None  # of another library, or the marks are damaged
    if index is None:
        if library.derived(KEY) != named:  # another process has written a newer one, and removed this
            return open_index(library)
        if marks.count >= LARGE:
            LOG.warning("the index file of %s is not there or torn: the index is made anew, about a minute for a million "
                        "passages; yinju index writes it", library.folder)  # fmt: skip
        index = build(library, marks)
    elif named is not None:
        marks = named.marks
    alive = np.zeros(marks.last + 1, bool)
    alive[index.ids] = True
    return caught_up(library, OpenIndex(index, marks, alive, copy, named.path if named is not None else None))


def is_newer(library: Library, opened: OpenIndex) -> bool:
    """Whether a better index than the one that was opened and then caught up has been written: of many texts, a newer one."""
    named = library.derived(KEY)
    return named is not None and named.path != opened.file and named.marks.count >= LARGE


def caught_up(library: Library, opened: OpenIndex) -> OpenIndex:
    """The same index, changed to what the library holds now: only what is new is read.

    The caller sees to it that nothing searches it meanwhile.
    """
    with library.reading():
        marks = library.vectors.marks()
        if opened.copy != library.copies or marks.last < opened.marks.last or marks.gone < opened.marks.gone:
            return open_index(library)
        alive = np.zeros(marks.last + 1, bool)
        alive[: len(opened.alive)] = opened.alive
        unspaced = _unspaced(library, opened.marks.last, marks.last)
        for numbers, vectors in library.vectors.chunks(opened.marks.last, marks.last):
            opened.index.add(numbers, vectors.astype(np.float32), None if unspaced is None else unspaced[numbers])
            alive[numbers] = True
        gone = library.vectors.gone(opened.marks, marks)
        gone = gone[(gone >= 0) & (gone < len(alive))]
        opened.index.remove(gone[alive[gone]])
        alive[gone] = False
        return OpenIndex(opened.index, marks, alive, library.copies, opened.file)


def build(library: Library, marks: Marks) -> VectorIndex:
    """An index of the texts that there were at these marks."""
    index: VectorIndex = FaissIndex.empty(library.dimension)
    unspaced = None
    if marks.count >= LARGE:
        # Numbers of which many are gone give a smaller sample.
        numbers = np.random.default_rng(0).choice(marks.last, min(SAMPLE, marks.last), replace=False) + 1
        _, sample = library.vectors.of(numbers.tolist())
        unspaced = _unspaced(library, 0, marks.last)
        index = PackedIndex.trained(sample.astype(np.float32), _stored(library), unspaced is not None)
    for numbers, vectors in library.vectors.chunks(0, marks.last):
        index.add(numbers, vectors.astype(np.float32), None if unspaced is None else unspaced[numbers])
    return index


def save_index(library: Library) -> None:
    """Write the index and, of many texts, their words under new names, fsync them, and let transactions name them; for who may write.

    Does nothing where the files that are named are whole and little has changed since. Raises LibraryError where
    the file cannot be written; the library is whole all the same.
    """
    marks = library.vectors.marks()
    few = max(FEW, SHARE * marks.count)
    named = library.derived(KEY)
    if named is None or marks.since(named.marks) > few or not is_whole(named):
        path = library.folder / f"vectors-{marks.last}-{marks.gone}.faiss"
        named = write_derived(library, KEY, path, marks, lambda place: _saved(library, marks, place))
    remove_older(library, "vectors", "faiss", named.path)
    if marks.count >= LARGE and up_to_date(library):
        save_postings(library, marks, few)


def trained_file(library: Library) -> Path | None:
    """The index file that is named, where it was trained: made again, of other texts, it may find others in a few places."""
    named = library.derived(KEY)
    return named.path if named is not None and is_whole(named) and is_packed(named.path) else None


def is_whole(named: Derived) -> bool:
    """Whether the file is there as it was written."""
    try:
        return checksum_of(named.path) == named.checksum
    except OSError:
        return False


def _saved(library: Library, marks: Marks, path: Path) -> int:
    build(library, marks).save(path)
    return checksum_of(path)


def _loaded(library: Library, named: Derived) -> VectorIndex | None:
    """The index of a file; None where that is not whole."""
    if not is_whole(named):
        return None
    try:
        return PackedIndex.load(named.path, _stored(library)) if is_packed(named.path) else FaissIndex.load(named.path)
    except (OSError, RuntimeError):
        return None


def _unspaced(library: Library, after: int, last: int) -> Flags | None:
    """Which of the texts after one number, up to another, are in a script without spaces; None where that is not known of all."""
    if not up_to_date(library):
        return None
    flags = np.zeros(last + 1, bool)
    for rows, _ in library.postings.find([UNSPACED], after).values():
        flags[rows[(rows > after) & (rows <= last)]] = True
    return flags


def _stored(library: Library) -> Stored:
    """The vectors of texts as the database has them; 0 for one that is gone."""

    def vectors(numbers: Ids) -> Vectors:
        found, rows = library.vectors.of(numbers.tolist())
        order = np.argsort(numbers)
        given = np.zeros((len(numbers), library.dimension), np.float32)
        given[order[np.searchsorted(numbers, found, sorter=order)]] = rows
        return given

    return vectors
