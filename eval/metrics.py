"""How right an answer is: exact match and F1 by the official rules, quote hits, retrieval, abstention."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

HAN_OR_KANA = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
TOKEN = re.compile("[\u4e00-\u9fa5\u3040-\u30ff]|[^\\W\u4e00-\u9fa5\u3040-\u30ff]+")
ARTICLES = re.compile(r"\b(a|an|the)\b")


def holds(quote: str, answers: Iterable[str]) -> bool:
    """Whether the quote holds one of the answers, white space aside."""
    text = "".join(quote.split())
    return any("".join(each.split()) in text for each in answers if each.strip())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 where the prediction is one of the answers as the official scripts fold them, else 0."""
    return float(any(_folded(prediction, each) == _folded(each, each) for each in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """The best F1 over the answers.

    Chinese and Japanese: longest common run of characters and words (CMRC 2018, Cui et al. 2019,
    cmrc2018_evaluate.py); others: shared words (SQuAD, Rajpurkar et al. 2016, evaluate-v2.0.py).
    """
    return max((_f1(prediction, each) for each in answers), default=0.0)


def _f1(prediction: str, answer: str) -> float:
    if HAN_OR_KANA.search(answer):
        ours, gold = _tokens(prediction), _tokens(answer)
        common = _longest_common(ours, gold)
    else:
        ours, gold = _folded(prediction, answer).split(), _folded(answer, answer).split()
        common = sum((Counter(ours) & Counter(gold)).values())
    if not common:
        return 0.0
    precision, recall = common / len(ours), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _folded(text: str, answer: str) -> str:
    if HAN_OR_KANA.search(answer):
        return "".join(_tokens(text))
    lowered = "".join(each for each in text.lower() if each not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", lowered).split())


def _tokens(text: str) -> list[str]:
    kept = "".join(" " if unicodedata.category(each)[0] in "PS" else each for each in text.lower())
    return TOKEN.findall(kept)


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common contiguous run, as CMRC's script takes it."""
    best = 0
    row = [0] * (len(second) + 1)
    for one in first:
        previous = 0
        for at, other in enumerate(second, 1):
            previous, row[at] = row[at], previous + 1 if one == other else 0
            best = max(best, row[at])
    return best


def retrieval(gold: Mapping[str, Sequence[str]], ranked: Mapping[str, Mapping[str, float]]) -> dict[str, float | None]:
    """recall@1/5/10, MRR@10 and nDCG@10 at document level, averaged over the questions of `gold`."""
    names = {"recall@1": "R@1", "recall@5": "R@5", "recall@10": "R@10", "mrr@10": "RR@10", "ndcg@10": "nDCG@10"}
    if not gold:
        return dict.fromkeys(names)
    import ir_measures
    from ir_measures import Qrel, ScoredDoc

    qrels = [Qrel(question, name, 1) for question, names_ in gold.items() for name in names_]
    run = [ScoredDoc(question, name, score) for question in gold for name, score in ranked[question].items()]
    measures = {key: ir_measures.parse_measure(name) for key, name in names.items()}
    values = ir_measures.calc_aggregate(measures.values(), qrels, run)
    return {key: float(values[measure]) for key, measure in measures.items()}


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The chance that a positive scores above a negative; None where either is absent."""
    if len(set(positive)) < 2:
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, scores))
