"""The plain baseline: shared words and the cosine of single sentences; no trained weights."""

from collections.abc import Sequence

from corpus import Sentence
from embeddings import Encoder
from embeddings.index import Vectors
from rag.confidence import logistic
from rag.mark import holds_kind, mark
from rag.reader.reading import Asked, Candidate, Margins, Reading, to_read
from rag.settings import Settings
from rag.terms import rarity, shared, terms

# Of the figures in their order, fitted by bench/confidence.py.
INTERCEPT = -46.5
WEIGHTS = (49.3, 8.6, 2.1)
# Of a sentence's shared words, its cosine, its passage's score, and whether it holds the kind of thing asked
# for: chosen on the training part of the shared sets (bench/confidence.py).
WORDS, COSINE, PASSAGE, KIND = 0.2, 1.0, 1.0, 0.01
# Passages of which sentences are embedded.
READ = 3
# Sentences embedded when asked: the best by words, of the best passages.
EMBEDDED_SENTENCES = 24


class WordsAndCosine:
    """Shared words of every sentence, and the cosine of the most promising, embedded when asked."""

    # A further quote reads about as well as the first; two sentences are never told to be as good.
    margins = Margins(further=0.06, several=0.02, beside=0.0)

    def __init__(self, encoder: Encoder, settings: Settings = Settings()) -> None:  # noqa: B008 (frozen)
        self._encoder = encoder
        self._settings = settings

    @property
    def passage_weight(self) -> float:
        return PASSAGE * self._settings.passage

    def prepare(self) -> None:
        """Nothing is to be opened."""

    def read(self, question: str, vector: Vectors, candidates: Sequence[Candidate]) -> list[Reading]:
        return self.read_many([(question, vector, candidates)])[0]

    def read_many(self, asked: Sequence[Asked]) -> list[list[Reading]]:
        chosen = [self._promising(question, candidates) for question, _, candidates in asked]
        # Questions of one document meet the same sentences: each is embedded once.
        texts: dict[str, int] = {}
        for (_, _, candidates), best in zip(asked, chosen, strict=True):
            for number, span, _ in best:
                texts.setdefault(candidates[number].document.text[span.start : span.end], len(texts))
        rows = self._encoder.encode_passages(list(texts))
        return [self._weighed(*each, best, texts, rows) for each, best in zip(asked, chosen, strict=True)]

    def confidence(self, question: str, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> float:
        return logistic(INTERCEPT, WEIGHTS, figures(question, candidates, readings)) if readings else 0.0

    def passage_scores(self, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[list[float], float]:
        return [each.score for each in candidates], 0.0

    def _promising(self, question: str, candidates: Sequence[Candidate]) -> list[tuple[int, Sentence, float]]:
        """The sentences to embed: candidate, span and share of the question's words, best first."""
        asked = terms(question)
        pool = [
            (number, sentence, terms(each.document.text[sentence.start : sentence.end]))
            for number, each in enumerate(to_read(candidates, min(READ, self._settings.read)))
            for sentence in each.sentences
        ]
        weights = rarity(found for _, _, found in pool)
        scored = [(number, sentence, shared(asked, found, weights)) for number, sentence, found in pool]
        # Stable: where no words are shared (another language), the order of the passages stays.
        best = sorted(
            scored, key=lambda each: each[2] + self.passage_weight * candidates[each[0]].score, reverse=True
        )
        return best[:EMBEDDED_SENTENCES]

    def _weighed(
        self, question: str, vector: Vectors, candidates: Sequence[Candidate],
        best: Sequence[tuple[int, Sentence, float]], texts: dict[str, int], rows: Vectors,
    ) -> list[Reading]:  # fmt: skip
        readings = []
        for number, span, words in best:
            document = candidates[number].document
            text = document.text[span.start : span.end]
            cosine = float(rows[texts[text]] @ vector)
            kind = holds_kind(question, text)
            score = WORDS * words + COSINE * cosine + self.passage_weight * candidates[number].score + KIND * kind
            readings.append(
                Reading(number, span, mark(question, document.text, span), score, (cosine, words, float(kind)))
            )
        return sorted(readings, key=lambda each: -each.score)


def figures(question: str, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[float, ...]:
    """Three figures of what was found, none of which grows with the library.

    The cosine of the best sentence; the shares of the question's words in the best passage and in the
    best reading's sentence. How far the best passage leads the others tells nothing more, and less
    where they are of one document.
    """
    asked = terms(question)
    texts = [terms(each.document.text[each.passage.start : each.passage.end]) for each in candidates[:5]]
    weights = rarity(texts)
    return (
        max(each.evidence[0] for each in readings),
        max(shared(asked, each, weights) for each in texts),
        readings[0].evidence[1],
    )
