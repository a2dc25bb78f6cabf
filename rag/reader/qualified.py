"""Whether a sentence is about another than the question: asked for the mayor (市长), it names a deputy mayor (副市长), a former
one, or nobody of that office.

Readers and vectors hardly see the difference, for nearly all words are the same.
"""

import regex

from rag.folding import folded, plain
from rag.words import is_said

# What stands before a word and makes it another, in scripts with spaces; folded and plain.
QUALIFIERS = frozenset(
    ["deputy", "vice", "former", "ex", "acting", "assistant", "associate", "onetime", "antiguo", "antigua", "stellvertretender", "stellvertretende", "stellvertretenden", "ehemaliger", "ehemalige", "ehemaligen", "vize", "ancien", "ancienne", "antigo", "antiga", "бывший", "бывшего", "бывшая", "заместитель", "заместителя", "заместителем", "зам", "вице", "экс", "نائب", "نائبه"]
)
# 副 makes another of whatever follows it; 原 and 前 only where no longer word ends with them (高原, 目前).
_BEFORE_HAN = regex.compile(r"副$|(?:^|[^\p{Han}])[原前]$|[原前]任$")
_BEFORE = regex.compile("[副原前]")
_HAN_RUN = regex.compile(r"\p{Han}{2,}")
_WORD = regex.compile(r"[\p{L}\p{M}]+")
# An office asked for in Chinese; folded.
_OFFICE = regex.compile(r"(书记|主席|总统|总理|首相|主任|经理|总监|总裁|教练|[\p{Han}--[成生增特擅年多]]长)(?:是|为|叫)?(?:谁|哪|什么人|何人)", regex.V1)
# Letters of a word that say which it is, whatever its ending; shorter words are no offices.
SHORTEST, ENDING = 4, 2


def is_of_another(question: str, sentence: str) -> bool:
    return only_qualified(question, sentence) or lacks_office(question, sentence)


def only_qualified(question: str, sentence: str) -> bool:
    """Whether some word of the question stands in the sentence, and nowhere without such a word before it."""
    asked, told = folded(question), folded(sentence)
    return _of_han(asked, told) or _of_words(asked, told)


def lacks_office(question: str, sentence: str) -> bool:
    """Whether the question is who holds an office, and the sentence, both Chinese, does not name it (of 28 such questions of CMRC and
    DRCD the sentence with the answer does in all)."""
    asked = _OFFICE.search(folded(question))
    if asked is None:
        return False
    told = folded(sentence)
    return _HAN_RUN.search(told) is not None and asked[1] not in told


def _of_han(asked: str, told: str) -> bool:
    if not _BEFORE.search(told):
        return False
    for run in _HAN_RUN.finditer(asked):
        for at in range(run.start(), run.end() - 1):
            pair = asked[at : at + 2]
            if _BEFORE.fullmatch(asked[at - 1 : at]):  # that is what is asked for
                continue
            # 市委副书记 is another than 市委书记, whoever else is a 书记 (总书记) there.
            before = asked[max(run.start(), at - 2) : at]
            if len(before) == len(pair) and f"{before}副{pair}" in told and before + pair not in told:
                return True
            places = [each.start() for each in regex.finditer(pair, told)]
            if places and all(_BEFORE_HAN.search(told[max(0, each - 2) : each]) for each in places):
                return True
    return False


def _of_words(asked: str, told: str) -> bool:
    words, theirs = ([plain(each) for each in _WORD.findall(text)] for text in (asked, told))
    if not QUALIFIERS.intersection(theirs):
        return False
    for number, word in enumerate(words):
        if len(word) < SHORTEST or word in QUALIFIERS or is_said(word) or (number and words[number - 1] in QUALIFIERS):
            continue
        begin = word[: max(SHORTEST, len(word) - ENDING)]
        places = [each for each, other in enumerate(theirs) if other.startswith(begin)]
        if places and all(each and theirs[each - 1] in QUALIFIERS for each in places):
            return True
    return False
