"""The terms that two texts may share: words, and for scripts without spaces, character pairs."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from math import log

UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\U00020000-\U0003ffff"
RUN = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
# Characters and words that a question is made of in any document; they tell nothing apart.
EMPTY = frozenset(
    ["的", "了", "是", "在", "和", "与", "與", "吗", "嗎", "呢", "什么", "什麼", "么", "麼", "哪", "些", "哪些", "哪个", "哪個", "谁", "誰", "几", "幾", "何", "多少", "怎么", "怎麼", "怎样", "如何", "为什么", "为", "有", "被", "の", "は", "が", "を", "に", "で", "と", "も", "か", "た", "な", "い", "う", "です", "ます", "した", "する", "ある", "この", "その", "何", "the", "a", "an", "of", "in", "on", "at", "to", "for", "and", "or", "is", "are", "was", "were", "be", "been", "do", "does", "did", "has", "have", "had", "by", "with", "from", "as", "that", "this", "it", "its", "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "many", "much", "el", "la", "los", "las", "un", "una", "de", "del", "en", "y", "o", "que", "es", "fue", "son", "se", "su", "con", "por", "para", "al", "qué", "quién", "cuál", "cuáles", "cuándo", "dónde", "cómo", "cuánto", "cuántos", "der", "die", "das", "ein", "eine", "und", "oder", "ist", "war", "in", "im", "am", "von", "zu", "mit", "auf", "für", "wer", "was", "wann", "wo", "wie", "welche", "welcher", "le", "les", "des", "et", "est", "une", "dans", "du", "au", "qui", "que", "quoi", "quand", "où", "comment"]
)


def terms(text: str) -> set[str]:
    """Folded words (NFKC, case), and pairs of neighbouring characters in unspaced scripts."""
    found: set[str] = set()
    for run in RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if re.match(f"[{UNSPACED}]", run):
            found.update(run[at : at + 2] for at in range(max(len(run) - 1, 1)))
        else:
            found.add(_stem(run))
    return found - EMPTY


def _stem(word: str) -> str:
    """The first letters of a long word: inflection mostly changes its end."""
    return word if len(word) < 6 or word.isdigit() else word[: max(5, len(word) * 2 // 3)]


def rarity(texts: Iterable[set[str]]) -> Mapping[str, float]:
    """How much each term tells these texts apart: BM25's idf (Robertson and Zaragoza 2009, eq. 3.3)."""
    counts: Counter[str] = Counter()
    total = 0
    for each in texts:
        counts.update(each)
        total += 1
    return {term: log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in counts.items()}


def shared(question: set[str], text: set[str], weights: Mapping[str, float]) -> float:
    """The share (0 to 1) of the question's terms, weighed by rarity, that the text holds."""
    unseen = max(weights.values(), default=1.0)
    whole = sum(weights.get(term, unseen) for term in question)
    return sum(weights.get(term, unseen) for term in question & text) / whole if whole else 0.0
