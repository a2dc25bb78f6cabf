"""A second look at the sentences that read best: how near each is to the question by the encoder's own vectors.

The network that reads was taught on few languages and leans on shared words; the encoder was taught on a hundred and
knows what a sentence is about, if not whether it answers. Together they choose better than either, most of all where
question and text are in different languages (bench/answers.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from embeddings.index import Vectors
from rag.reader.reading import Asked, Candidate, Reading

# Sentences that are looked at (5 and 8 give nothing more), and the log-odds of a whole cosine (bench/answers.py).
LOOKED, CLOSE = 3, 45.0
Embed = Callable[[Sequence[str]], Vectors]


def looked_again(asked: Sequence[Asked], readings: Sequence[Sequence[Reading]], embed: Embed) -> list[list[Reading]]:
    """The readings of each question (best first), the first few ordered by their closeness as well.

    A reading's closeness stands last in its evidence; one that was not looked at is as far as the farthest that was.
    """
    sentences = [
        [_text(candidates, each) for each in some[:LOOKED]] for (_, _, candidates), some in zip(asked, readings, strict=True)
    ]
    known = list(dict.fromkeys(text for some in sentences for text in some))
    vectors = dict(zip(known, embed(known), strict=True)) if known else {}
    return [
        _ordered(some, [float(np.dot(vectors[text], vector)) for text in texts])
        for (_, vector, _), some, texts in zip(asked, readings, sentences, strict=True)
    ]


def _text(candidates: Sequence[Candidate], reading: Reading) -> str:
    return candidates[reading.candidate].document.text[reading.sentence.start : reading.sentence.end]


def _ordered(readings: Sequence[Reading], closeness: Sequence[float]) -> list[Reading]:
    farthest = min(closeness, default=0.0)
    near = [*closeness, *[farthest] * (len(readings) - len(closeness))]
    looked = [
        replace(each, score=each.score + CLOSE * (value - farthest), evidence=(*each.evidence, value))
        for each, value in zip(readings, near, strict=True)
    ]
    return sorted(looked, key=lambda each: -each.score)
