"""A second look at the sentences that read best: how near each is to the question by the encoder's own vectors.

The network that reads was taught on few languages and leans on shared words; the encoder was taught on a hundred and
knows what a sentence is about, if not whether it answers. So both vectors are turned by residual linear maps, the
question's towards sentences that answer it and the sentence's towards questions that it answers (trained by
`rag.reader.train_closeness`). Closeness is the mean of cos(q, s) and cos(q + q M, s + s N); with the reading it chooses better than
either alone (bench/answers.py).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from corpus.errors import ModelError
from embeddings import Encoder
from embeddings.encoder import BUNDLED
from embeddings.index import Vectors
from embeddings.remembered import forgetting
from rag.reader.reading import Asked, Candidate, Reading

MATRICES = Path(__file__).with_name("closeness.safetensors")
Embed = Callable[[Sequence[str]], Vectors]
# Asked questions and the readings of each to the same readings, in a better order.
Look = Callable[[Sequence[Asked], Sequence[Sequence[Reading]]], list[list[Reading]]]
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Share:
    """How many sentences are looked at, and the log-odds of a whole closeness (bench/answers.py)."""

    looked: int
    close: float


# In the text's own language, and in another, where the network knows less.
WITHIN, ACROSS = Share(3, 40.0), Share(5, 100.0)


@dataclass(frozen=True)
class Closeness:
    """`question` is M, `sentence` N: (dimension, dimension) each."""

    question: Vectors
    sentence: Vectors

    def of(self, question: Vectors, sentences: Vectors) -> list[float]:
        """From -1 to 1, for each sentence; vectors of unit length, shapes (dimension) and (sentences, dimension)."""
        turned = _turned(sentences, self.sentence) @ _turned(question, self.question)
        return [float(each) for each in (sentences @ question + turned) / 2]


def _turned(vectors: Vectors, matrix: Vectors) -> Vectors:
    turned = vectors + vectors @ matrix
    return np.asarray(turned / np.linalg.norm(turned, axis=-1, keepdims=True), np.float32)


@cache
def packaged_closeness() -> Closeness:
    """The one that ships. Raises ModelError where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(MATRICES)
        question, sentence = (tensors[name].astype(np.float32) for name in ("question", "sentence"))
        if question.shape[:1] != question.shape[1:] or question.shape != sentence.shape or not np.isfinite([question, sentence]).all():
            raise ValueError("its tensors are not two matrices of one size")
        return Closeness(question, sentence)
    except (OSError, SafetensorError, KeyError, ValueError) as reason:
        raise ModelError(f"the reader's matrices {MATRICES} cannot be read ({reason}); reinstall yinju") from None


def second_look(encoder: Encoder) -> Look | None:
    """By the vectors of the packaged encoder; None for another, which the matrices were not trained for, and, with a line
    in the log that says so, where they are not there. Raises ModelError where they are damaged."""
    if encoder.name != BUNDLED:
        return None
    if not MATRICES.is_file():
        LOG.warning("the matrices of the second look are not installed (%s): sentences are chosen by one reading", MATRICES.name)
        return None
    return partial(looked_again, embed=forgetting(encoder).encode_passages, closeness=packaged_closeness())


def looked_again(
    asked: Sequence[Asked], readings: Sequence[Sequence[Reading]], embed: Embed, closeness: Closeness
) -> list[list[Reading]]:
    """The readings of each question (best first), the first few ordered by their closeness as well.

    A reading's closeness stands last in its evidence; one that was not looked at is as far as the farthest that was.
    """
    shares = [share(candidates, some) for (_, _, candidates), some in zip(asked, readings, strict=True)]
    sentences = [
        [_text(candidates, each) for each in some[: of.looked]]
        for (_, _, candidates), some, of in zip(asked, readings, shares, strict=True)
    ]
    known = list(dict.fromkeys(text for some in sentences for text in some))
    vectors = dict(zip(known, embed(known), strict=True)) if known else {}
    return [
        _ordered(some, closeness.of(vector, np.array([vectors[text] for text in texts])) if texts else [], of.close)
        for (_, vector, _), some, texts, of in zip(asked, readings, sentences, shares, strict=True)
    ]


def share(candidates: Sequence[Candidate], readings: Sequence[Reading]) -> Share:
    """By the language of what reads best."""
    return ACROSS if readings and candidates[readings[0].candidate].far else WITHIN


def _text(candidates: Sequence[Candidate], reading: Reading) -> str:
    return candidates[reading.candidate].document.text[reading.sentence.start : reading.sentence.end]


def _ordered(readings: Sequence[Reading], closeness: Sequence[float], close: float) -> list[Reading]:
    farthest = min(closeness, default=0.0)
    near = [*closeness, *[farthest] * (len(readings) - len(closeness))]
    looked = [
        replace(each, score=each.score + close * (value - farthest), evidence=(*each.evidence, value))
        for each, value in zip(readings, near, strict=True)
    ]
    return sorted(looked, key=lambda each: -each.score)
