"""A question's words in the other language: English in Chinese, Chinese in English, by CC-CEDICT.

All translations of a word count as one term (`rag.words.Group`), each weighed by how plainly the
dictionary gives it. The dictionary knows words and many places, but few people: names in pinyin are read
(`rag.pinyin`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import rjieba

from rag.dictionary import LONGEST_PHRASE, MOST, Weighed, dictionary
from rag.lexical import PAIRS, WORDS
from rag.pinyin import name_groups
from rag.words import Asked, Group, english_stem, is_said, runs

# Words that any text of some length has, in Chinese and in English.
CHINESE, ENGLISH = ("的", "在", "是"), ("the", "of", "in")


class Holding(Protocol):
    """Texts that are searched by words."""

    def holds(self, terms: Sequence[str]) -> bool:
        """Whether any text has any of these terms, given with their kind's letter."""
        ...


def with_translations(asked: Asked, question: str, lexical: Holding) -> Asked:
    """The terms of a question with their translations, where the library has texts in the other language."""
    unspaced = runs(question)[1]
    if not lexical.holds([WORDS + each for each in (ENGLISH if unspaced else CHINESE)]):
        return asked
    return replace(asked, translations=translations(question))


def translations(question: str) -> tuple[Group, ...]:
    """The terms, with their kind's letter, that a question's words may be in the other language."""
    spaced, unspaced = runs(question)
    if unspaced:
        return tuple(_english(unspaced))
    words = _chinese([english_stem(each) for each in spaced], [is_said(each) for each in spaced])
    return (*words, *name_groups(question))


def _chinese(stems: Sequence[str], said: Sequence[bool]) -> Iterator[Group]:
    """The longest phrases that the dictionary has, one after the other."""
    at = 0
    while at < len(stems):
        length = LONGEST_PHRASE
        for length in range(min(LONGEST_PHRASE, len(stems) - at), 0, -1):
            found = {} if all(said[at : at + length]) else dictionary().chinese(stems[at : at + length])
            terms = {term: weight for word, weight in found.items() for term in _terms(word)}
            if terms:
                yield _group(terms)
                break
        at += length


def _english(texts: Sequence[str]) -> Iterator[Group]:
    for word in dict.fromkeys(word for text in texts for word in rjieba.cut(text, False)):
        found = {} if is_said(word) else dictionary().english(word)
        if found:
            yield _group({WORDS + stem: weight for stem, weight in found.items()})


def _terms(word: str) -> Iterator[str]:
    """What a Chinese word is found by: two characters as they stand anywhere, others where they are a word."""
    if len(word) == 2:
        yield PAIRS + word
    elif len(word) == 1 or rjieba.has_word(word):
        yield WORDS + word


def _group(weighed: Weighed) -> Group:
    best = list(weighed.items())[:MOST]
    return Group(tuple(term for term, _ in best), 1, tuple(weight for _, weight in best))
