"""The words of a large library in one file (`corpus.posting_file`), read in place of the table: derived, like the index of its vectors.

Whoever opens a library without one, or with a torn one, reads the table, which has all there is; nothing is made anew for it.
"""

import logging

from corpus import Library
from corpus.library import Derived
from corpus.posting_file import PostingFile, TornFile, write_postings
from corpus.vector_table import Marks
from rag.derived import remove_older, write_derived
from rag.words import VERSION

LOG = logging.getLogger(__name__)

# Terms that are cut otherwise are in another file.
KEY = f"words {VERSION}"


def open_postings(library: Library, last: int, before: PostingFile | None = None) -> PostingFile | None:
    """The file that is named, of texts up to `last` at most; None where there is none or it is torn. `before` is kept where it is that."""
    named = library.derived(KEY)
    if named is None or named.marks.last > last:
        return None
    if before is not None and before.path == named.path:
        return before
    file = _opened(named)
    if file is None:
        LOG.warning("the index file %s is missing or torn: questions take longer; any `yinju index PATH` writes it anew", named.path)
    return file


def save_postings(library: Library, marks: Marks, few: float) -> None:
    """Write the file anew where more than a few texts came or went since, or it is torn; for who may write, with all words up to date.

    Raises LibraryError where it cannot be written; the library is whole all the same.
    """
    named = library.derived(KEY)
    if named is None or marks.since(named.marks) > few or _opened(named) is None:
        path = library.folder / f"words-{marks.last}-{marks.gone}.postings"
        named = write_derived(library, KEY, path, marks, lambda place: write_postings(place, library.postings, marks.last))
    remove_older(library, "words", "postings", named.path)


def torn_postings(library: Library) -> Derived | None:
    """The file that is named, where it is not what was written. Reads it all."""
    named = library.derived(KEY)
    file = None if named is None else _opened(named)
    return None if file is not None and file.is_whole() else named


def _opened(named: Derived) -> PostingFile | None:
    try:
        file = PostingFile(named.path, named.checksum)
    except TornFile:
        return None
    return file if file.last == named.marks.last else None
