"""How a text becomes the terms by which words find it: the same for a passage and for a question.

Two kinds, indexed apart. `words`: of scripts with spaces, Unicode words reduced to their stems
(Snowball); of Han runs, dictionary words and the shorter words inside them (jieba's search mode); runs of
katakana. `pairs`: of scripts without spaces, and of Korean, every two neighbouring characters.

A passage's words are stemmed by its language. A question is too short to tell its language by, so
each of its words stands for all stems it may have: a `Group`, which is looked up as one term.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import regex
import rjieba
import Stemmer

from corpus.language import language
from rag.folding import folded, plain
from rag.terms import EMPTY

# Raised whenever the terms of any text change: a library's words are then cut anew.
VERSION = 2

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}々〆ー\p{Hangul}"
_RUN = regex.compile(
    rf"[{_UNSPACED}][{_UNSPACED}\p{{M}}]*|(?![{_UNSPACED}])[\p{{L}}\p{{N}}](?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])*"
)
_PART = regex.compile(r"[\p{Han}々〆]+|[\p{Katakana}ー]+|\p{Hangul}+")
_UNSPACED_ONE = regex.compile(f"[{_UNSPACED}]")
_LATIN = regex.compile(r"\p{Latin}")
# 一九八三 and 〇 to 9: figures read one by one, as years are.
_FIGURES = regex.compile("[〇零一二三四五六七八九]{3,}")
_AS_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
# Longer runs of letters are no words (keys, addresses); their beginning is enough to find them by.
LONGEST = 40

# A script that one of Snowball's languages stands for; Latin ones are told apart by `corpus.language`.
_SCRIPTS = {
    "Cyrillic": "russian", "Arabic": "arabic", "Greek": "greek", "Devanagari": "hindi", "Tamil": "tamil", "Armenian": "armenian",
}  # fmt: skip
_LATIN_STEMS = {
    "en": "english", "es": "spanish", "fr": "french", "de": "german", "pt": "portuguese", "it": "italian",
}  # fmt: skip
_OF_SCRIPT = [(regex.compile(rf"\p{{{script}}}"), name) for script, name in _SCRIPTS.items()]
# Names of things in a text of these languages are mostly English.
_WITH_ENGLISH = ("zh", "zh-Hant", "ja", "ko", "ru", "ar")


@dataclass(frozen=True)
class Terms:
    """The terms of a passage, as often as they occur; `unspaced`: it is mostly in a script without spaces."""

    words: tuple[str, ...]
    pairs: tuple[str, ...]
    unspaced: bool = False


@dataclass(frozen=True)
class Group:
    """What one word of a question may be in a passage; any of it counts as that word.

    `count`: how often it is asked for; `weights`: how surely each alternative is that word (all of them: none given).
    """

    alternatives: tuple[str, ...]
    count: int = 1
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Asked:
    """The terms of a question, those it would have in any document left out."""

    words: tuple[Group, ...]
    pairs: tuple[Group, ...]
    # With their kind's letter, for they may be of either (`rag.translation`).
    translations: tuple[Group, ...] = ()


def passage_terms(text: str) -> Terms:
    """The terms of a text of any length, in order."""
    words: list[str] = []
    pairs: list[str] = []
    spaced: list[str] = []
    characters = 0
    for run in _RUN.findall(folded(text)):
        if _UNSPACED_ONE.search(run):
            words += _unspaced_words(run)
            pairs += _pairs(run)
            characters += len(run)
        else:
            spaced.append(run)
    if spaced:
        stem = _stem_by(_latin_language(text) if any(map(_LATIN.match, spaced)) else None)
        words += map(stem, spaced)
    return Terms(tuple(words), tuple(pairs), _mostly_unspaced(characters, spaced))


def is_unspaced(text: str) -> bool | None:
    """Whether a text is mostly in a script without spaces (Chinese, Japanese, Thai; Korean too); None without letters."""
    spaced, unspaced = runs(text)
    if not unspaced and all(map(str.isdigit, spaced)):
        return None
    return _mostly_unspaced(sum(map(len, unspaced)), spaced)


def _mostly_unspaced(characters: int, spaced: Iterable[str]) -> bool:
    """From the characters in such scripts and the words in others: a word has about two characters; figures are of both."""
    return characters > 2 * sum(not each.isdigit() for each in spaced)


def question_terms(text: str) -> Asked:
    """The terms of a question, each with all forms that it may have in a passage."""
    words: dict[tuple[str, ...], int] = {}
    pairs: dict[tuple[str, ...], int] = {}
    for run in _RUN.findall(folded(text)):
        if _UNSPACED_ONE.search(run):
            _count(words, ((word,) for word in _unspaced_words(run) if word not in _said()))
            _count(pairs, ((pair,) for pair in _pairs(run) if pair not in _said()))
        elif not is_said(run):
            _count(words, [tuple(dict.fromkeys(_stem_by(code)(run) for code in (None, *_LATIN_STEMS)))])
    return Asked(_groups(words), _groups(pairs))


def runs(text: str) -> tuple[list[str], list[str]]:
    """The folded runs of letters and digits of a text: of scripts with spaces (words), and of those without."""
    found = _RUN.findall(folded(text))
    return [each for each in found if not _UNSPACED_ONE.search(each)], [each for each in found if _UNSPACED_ONE.search(each)]


def english_stem(word: str) -> str:
    """A folded word as a passage in English has it."""
    return _stem_by("en")(word)


def is_said(word: str) -> bool:
    """Whether a folded word is one that any question is made of."""
    return word in _said() or plain(word) in _said()


def _count(counts: dict[tuple[str, ...], int], found: Iterable[tuple[str, ...]]) -> None:
    for each in found:
        counts[each] = counts.get(each, 0) + 1


def _groups(counts: dict[tuple[str, ...], int]) -> tuple[Group, ...]:
    return tuple(Group(forms, count) for forms, count in counts.items())


@cache
def _said() -> frozenset[str]:
    """Words that any question is made of, folded."""
    return frozenset(folded(each) for each in EMPTY) | frozenset(plain(folded(each)) for each in EMPTY)


def _unspaced_words(run: str) -> list[str]:
    found: list[str] = []
    for part in _PART.findall(run):
        if regex.match(r"\p{Han}", part):
            found += rjieba.cut_for_search(part, False)
            found += [each.translate(_AS_DIGITS) for each in _FIGURES.findall(part)]
        else:
            found.append(part[:LONGEST])
    return found


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(max(len(run) - 1, 1))]


def _latin_language(text: str) -> str | None:
    code = language(text)
    return code if code in _LATIN_STEMS else "en" if code in _WITH_ENGLISH else None


@cache
def _stem_by(code: str | None) -> Callable[[str], str]:
    """How folded words of a text of that language are stemmed; None: of no known language."""
    latin = _stemmer(_LATIN_STEMS[code]) if code else None

    def stem(word: str) -> str:
        word = word[:LONGEST]
        if word.isdigit():
            return word
        if _LATIN.match(word):
            return plain(latin(word) if latin else word)
        return next((plain(_stemmer(name)(word)) for script, name in _OF_SCRIPT if script.match(word)), plain(word))

    return stem


@cache
def _stemmer(name: str) -> Callable[[str], str]:
    # Without its own cache it may be used by several threads.
    stemmer = Stemmer.Stemmer(name, 0)
    return stemmer.stemWord  # type: ignore[no-any-return]
