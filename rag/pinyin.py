"""Chinese names as they are written in Latin letters: the pairs of characters that Liao Li or Zhuzhou may be.

A dictionary knows few people and small places. A name in pinyin is cut into its syllables; each two
neighbouring ones stand for every pair of characters that may be read so. What of these no passage
has says nothing, and common pairs weigh little, so the ambiguity does little harm.
"""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise, product

import regex

from rag.dictionary import dictionary
from rag.lexical import PAIRS
from rag.words import Group, english_stem, is_said

# Capitalised words one after the other: Liu Shaoqi, Xi'an.
_NAME = regex.compile(r"\b\p{Lu}\p{Ll}+(?:['’-]\p{L}\p{Ll}*)*(?:\s\p{Lu}\p{Ll}+(?:['’-]\p{L}\p{Ll}*)*)*")
_JOINT = regex.compile(r"[\s-]+")
_APOSTROPHE = regex.compile("['’]")
_POSSESSIVE = regex.compile("['’]s$")
# Pairs of syllables that are looked up at most: each may be some hundred pairs of characters.
MOST_PAIRS = 6
# May begin a question with a capital, and are pinyin as well.
_ENGLISH = frozenset(("can", "he", "she", "me", "men"))
LONGEST_SYLLABLE = 6


def name_groups(question: str) -> tuple[Group, ...]:
    """A group for every two neighbouring syllables of the names in a question, with their kind's letter."""
    found: dict[tuple[str, str], Group] = {}
    for name in _NAME.findall(unicodedata.normalize("NFC", question)):
        for syllables in _runs(name):
            for pair in pairwise(syllables):
                if pair not in found and len(found) < MOST_PAIRS:
                    first, second = map(dictionary().read_as, pair)
                    found[pair] = Group(tuple(PAIRS + a + b for a, b in product(first, second)))
    return tuple(found.values())


def _runs(name: str) -> Iterator[list[str]]:
    """The syllables of neighbouring words that are pinyin."""
    run: list[str] = []
    for word in _JOINT.split(name):
        syllables = _syllables(_bare(word))
        if syllables:
            run += syllables
        else:
            yield _whole(run)
            run = []
    yield _whole(run)


def _whole(run: list[str]) -> list[str]:
    """A name of its own is rarely one character: Xian is Xi'an."""
    return cut(run[0], fewest=2) if len(run) == 1 else run


def _syllables(word: str) -> list[str]:
    """Those of a word, cut where an apostrophe says so (xi'an); none of English words, and of what the dictionary translates."""
    if is_said(word) or word in _ENGLISH:
        return []
    parts = [cut(part) for part in _APOSTROPHE.split(_POSSESSIVE.sub("", word))]
    syllables = [each for part in parts for each in part] if all(parts) else []
    known = len(syllables) > 1 and dictionary().chinese([english_stem(word)])
    return [] if known else syllables


def cut(word: str, fewest: int = 1) -> list[str]:
    """A word's syllables, as few as can be but at least `fewest`; none where it is no pinyin."""
    for count in range(fewest, 5):
        found = next(_cuts(word, count), None)
        if found:
            return found
    return []


def _cuts(word: str, count: int) -> Iterator[list[str]]:
    """The ways to cut a word into so many syllables, those with a longer beginning first."""
    if count == 1:
        if dictionary().read_as(word):
            yield [word]
        return
    for length in range(min(len(word) - 1, LONGEST_SYLLABLE), 0, -1):
        if dictionary().read_as(word[:length]):
            for rest in _cuts(word[length:], count - 1):
                yield [word[:length], *rest]


def _bare(word: str) -> str:
    """In small letters without tones; ü as u."""
    return "".join(each for each in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(each))
