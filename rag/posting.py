"""The terms of a library's passages brought up to date: of an older library, or after terms are cut otherwise.

Nothing is embedded for it. Passages that are indexed bring their terms with them (`rag.batch`).
"""

import logging
from collections import defaultdict
from collections.abc import Sequence

from corpus import Library, LibraryError, Passage
from corpus.passages import text_with_key
from embeddings.index import Flags
from rag.lexical import NO_WORDS, Lexical, StoredLexical, weights
from rag.posting_index import open_postings
from rag.words import VERSION

LOG = logging.getLogger(__name__)
KEY = "words"
# Texts cut and stored in one transaction: a process that is stopped goes on from there.
AT_ONCE = 2048


def up_to_date(library: Library) -> bool:
    """Whether the terms that are here are those that this version cuts, and those of all texts."""
    return library.meta(KEY) == str(VERSION) and not library.postings.lacking(1)


def bring_up(library: Library) -> None:
    """Cut the terms of all texts that have none of this version; for who may write. Nothing is read where there are none."""
    begun = f"{VERSION} begun"
    if library.meta(KEY) not in (begun, str(VERSION)):
        with library.changing():
            library.postings.clear()
            library.set_meta(KEY, begun)
    if library.postings.lacking(1):
        library.drop_unused()  # a text of no passage cannot be read again
    while some := library.postings.lacking(AT_ONCE):
        texts = _texts(library, [key for _, key in some])
        library.postings.put([number for number, _ in some], [weights(texts.get(key, "")) for _, key in some])
    if library.meta(KEY) != str(VERSION):
        library.set_meta(KEY, str(VERSION))


def open_lexical(library: Library, alive: Flags, before: Lexical = NO_WORDS) -> Lexical:
    """The words of the texts that are `alive` (by number); none where they are not of this version, or not of all texts.

    With `before`, the same as it was, only what is new is read.
    """
    if not up_to_date(library):
        return NO_WORDS
    known = before if isinstance(before, StoredLexical) else None
    file = open_postings(library, len(alive) - 1, known.file if known is not None else None)
    return StoredLexical(library.postings, alive, file, known)


def try_to_bring_up(library: Library) -> bool:
    """The same for who only reads: done where the library can be written now, and no one else writes it."""
    try:
        with library.writing():
            if library.passage_count() > AT_ONCE:
                LOG.warning("the words of %s are cut anew, once: about a minute for 50,000 passages", library.folder)
            bring_up(library)
        return True
    except LibraryError:
        return False


def _texts(library: Library, keys: Sequence[bytes]) -> dict[bytes, str]:
    """The embedded text of each key, as one of its passages has it; documents are read once each."""
    of_document: defaultdict[str, list[tuple[bytes, Passage]]] = defaultdict(list)
    for key in keys:
        passage = library.passage_with(key)
        if passage is not None:
            of_document[passage.document_id].append((key, passage))
    found: dict[bytes, str] = {}
    for identity, passages in of_document.items():
        entry = library.with_sentences(identity)
        if entry is None:
            continue
        for key, passage in passages:
            found[key] = text_with_key(entry[0], passage, key)
    return found
