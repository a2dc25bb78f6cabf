"""The terms of a library's passages brought up to date: of an older library, or after terms are cut otherwise.

Nothing is embedded for it. Passages that are indexed bring their terms with them (`rag.batch`).
"""

import logging
from collections.abc import Iterator

from corpus import Library, LibraryError, passage_text
from corpus.rows import text_key
from rag.lexical import NO_WORDS, Lexical, StoredLexical, weights
from rag.words import VERSION

LOG = logging.getLogger(__name__)
KEY = "words"
# Texts cut and stored in one transaction: a process that is stopped goes on from there.
AT_ONCE = 2048


def up_to_date(library: Library) -> bool:
    """Whether the terms that are here are those that this version cuts, and none was left out when they were."""
    return library.meta(KEY) == str(VERSION)


def bring_up(library: Library) -> None:
    """Cut the terms of all passages that have none of this version; for who may write."""
    begun = f"{VERSION} begun"
    if library.meta(KEY) not in (begun, str(VERSION)):
        with library.changing() as connection:
            library.postings.clear()
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, begun))
    texts: dict[bytes, str] = {}
    for identity in library.postings.lacking():
        for key, text in _texts(library, identity):
            texts[key] = text
            if len(texts) == AT_ONCE:
                _put(library, texts)
    with library.changing() as connection:
        _put(library, texts)
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (KEY, str(VERSION)))


def open_lexical(library: Library) -> Lexical:
    """The library's words as they stand; none where they are not of this version, or not of all passages."""
    if not up_to_date(library):
        return NO_WORDS
    found = StoredLexical.open(library.postings)
    return found if found.whole else NO_WORDS


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


def _put(library: Library, texts: dict[bytes, str]) -> None:
    library.postings.put(list(texts), [weights(each) for each in texts.values()])
    texts.clear()


def _texts(library: Library, identity: str) -> Iterator[tuple[bytes, str]]:
    entry = library.with_sentences(identity)
    if entry is not None:
        for passage, key in library.passages_with_keys(identity):
            words = entry[0].text[passage.start : passage.end]
            yield key, words if text_key(words) == key else passage_text(entry[0], passage)
