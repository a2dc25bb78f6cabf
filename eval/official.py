"""Exact match and F1 of the marked answer, by the official rules.

Chinese and Japanese: CMRC 2018 (Cui et al. 2019, cmrc2018_evaluate.py v5). A segment is a Han character
or a word of what stands between them; F1 is over the longest common run of segments. The script cuts
what is not Han with nltk.word_tokenize; here NLTK's word tokenizer does, without its model of sentence
ends, which asks for a download and matters only where an answer holds several sentences of Latin text.
A kana is a segment as well (the script is for Chinese alone, and would take a run of kana for one word).

Other languages: SQuAD 2.0 (Rajpurkar et al. 2018, evaluate-v2.0.py): shared words, without case,
punctuation and English articles; of what has no answer, only silence is right.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
SEGMENT = re.compile("[\u4e00-\u9fa5\u3040-\u30ff]")
PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
ARTICLES = re.compile(r"\b(a|an|the)\b")
CHARACTER_LANGUAGES = ("zh", "ja", "yue")


def by_characters(question: str, answers: Sequence[str], lang: str | None = None) -> bool:
    """Whether CMRC's rules hold for a question: it or its answers are Chinese or Japanese."""
    said = (lang or "").split("-")[0] in CHARACTER_LANGUAGES
    return said or any(HAN_OR_KANA.search(each) for each in (question, *answers))


def exact_match(prediction: str, answers: Sequence[str], characters: bool | None = None) -> float:
    """1 where the prediction is one of the answers as the official scripts fold them, else 0."""
    if _by(characters, answers):
        return float(any(_bare(prediction) == _bare(each) for each in answers))
    return float(any(_normal(prediction) == _normal(each) for each in _with_words(answers)))


def f1(prediction: str, answers: Sequence[str], characters: bool | None = None) -> float:
    """The best F1 over the answers."""
    if _by(characters, answers):
        ours = segments(prediction)
        return max((_harmonic(_longest_common(gold, ours), len(ours), len(gold)) for gold in map(segments, answers)), default=0.0)
    return max((_word_f1(prediction, each) for each in _with_words(answers)), default=0.0)


def segments(text: str) -> list[str]:
    """CMRC's `mixed_segmentation` with its punctuation left out."""
    found: list[str] = []
    word = ""
    for each in text.lower().strip():
        if each in PUNCTUATION:
            continue
        if SEGMENT.match(each):
            found += _words(word)
            found.append(each)
            word = ""
        else:
            word += each
    return found + _words(word)


def _words(text: str) -> list[str]:
    if not text or text.isalnum():
        return [text] if text else []
    return list(_tokenizer().tokenize(text))


@cache
def _tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer

    return NLTKWordTokenizer()


def _by(characters: bool | None, answers: Sequence[str]) -> bool:
    return by_characters("", answers) if characters is None else characters


def _bare(text: str) -> str:
    """CMRC's `remove_punctuation`."""
    return "".join(each for each in text.lower().strip() if each not in PUNCTUATION)


def _normal(text: str) -> str:
    """SQuAD's `normalize_answer`."""
    lowered = "".join(each for each in text.lower() if each not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", lowered).split())


def _with_words(answers: Sequence[str]) -> Sequence[str]:
    """Answers that normalise to nothing are none; where none is left, silence is right."""
    return [each for each in answers if _normal(each)] or [""]


def _word_f1(prediction: str, answer: str) -> float:
    ours, gold = _normal(prediction).split(), _normal(answer).split()
    if not ours or not gold:
        return float(ours == gold)
    return _harmonic(sum((Counter(ours) & Counter(gold)).values()), len(ours), len(gold))


def _harmonic(common: int, ours: int, gold: int) -> float:
    if not common:
        return 0.0
    precision, recall = common / ours, common / gold
    return 2 * precision * recall / (precision + recall)


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common contiguous run (CMRC's `find_lcs`)."""
    best = 0
    row = [0] * (len(second) + 1)
    for one in first:
        previous = 0
        for at, other in enumerate(second, 1):
            previous, row[at] = row[at], previous + 1 if one == other else 0
            best = max(best, row[at])
    return best
