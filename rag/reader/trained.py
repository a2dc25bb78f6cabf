"""The trained reader: a cross-encoder marks the answering words of each candidate and says how sure it is.

Clark and Gardner 2018 ("Simple and Effective Multi-Paragraph Reading Comprehension", section 3)
show why a reader that was also taught to say "not here" can be compared over passages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from corpus import Sentence, title_at
from embeddings.index import Vectors
from rag.confidence import logistic
from rag.mark import dated
from rag.reader.authorship import AskedAuthor
from rag.reader.closeness import Look
from rag.reader.qualified import is_of_another
from rag.reader.reading import Asked, Candidate, Margins, Reading, to_read
from rag.reader.scoring import Scorer, packaged_network, packaged_scorer
from rag.reader.spans import Scores, spans, tidied, words_of
from rag.reader.table_row import AskedRow
from rag.reader.windows import PROMPT, Tokens, joined, tokenized
from rag.settings import Settings
from rag.several import asks_for_several
from rag.words import is_unspaced

# Tokens of a window; a longer passage is read in windows that overlap by about half.
LONGEST = 420
LONGEST_TITLE = 32
# What the passage's own score adds to the log-odds of a sentence.
PASSAGE = 75.0
# Log-odds that a sentence loses that is about another than is asked for: 副市长 where it is 市长.
ANOTHER = 4.0
# And a row of a table where the question names another.
ANOTHER_ROW, NAMED_ROW = 16.0, 3.0
# Log-odds by which an answer is surer where the question names its row and its column, or its article.
SURE_ROW = 3.0
# What the byline of the article that is asked about has at least: a reader sees names alone. As much as right answers have, and more than
# whatever else the article says.
SIGNED, BEFORE_OTHERS = 6.0, 25.0
# And how sure an answer still is where nothing reads better than such a sentence.
OF_ANOTHER = 0.25
# Log-odds of a passage that was not read.
LEAST = -20.0
# Candidates that are read before it is asked whether more must be, and the log-odds that a passage not read yet is
# taken to have at most: of right ones, half have 7 and a twentieth has over 11 (bench/answers.py).
STEPS, ENOUGH = (1, 3), 10.0
# Of the figures in their order, fitted by bench/answers.py on questions kept aside, of seventeen sets in seven languages. And the
# lead assumed in a library of one or two passages, where nothing can be compared.
INTERCEPT = -10.536
WEIGHTS = (0.277, 1.291, 13.741, 0.862, 11.219, 0.979)
LEAD = 0.15
# The closeness that is assumed of a sentence that was not looked at again.
NEAR = 0.69


@dataclass(frozen=True)
class Window:
    """Some whole sentences of a passage with their tokens; `bounds` are the sentences as ranges of them."""

    tokens: Tokens
    sentences: tuple[Sentence, ...]
    bounds: tuple[tuple[int, int], ...]


@dataclass
class Job:
    """A question on its way: its tokens, its candidates, how many of them are read, and the best reading of each sentence."""

    question: str
    asking: Tokens
    candidates: Sequence[Candidate]
    read: int = 0
    readings: dict[tuple[int, Sentence], Reading] = field(default_factory=dict)
    rows: AskedRow = field(init=False)
    author: AskedAuthor = field(init=False)

    def __post_init__(self) -> None:
        self.rows = AskedRow(self.question, ((each.document, each.sentences) for each in self.candidates))
        self.author = AskedAuthor(self.question, self.candidates)

    def take(self, readings: Iterable[Reading]) -> None:
        for each in readings:
            known = self.readings.get((each.candidate, each.sentence))
            if known is None or each.score > known.score:
                self.readings[each.candidate, each.sentence] = each


class CrossEncoder:
    """Reads the best candidates of a question, each with its title before it."""

    margins = Margins(further=13.0, several=5.0, beside=8.0)

    def __init__(
        self, scorer: Scorer | None = None, settings: Settings = Settings(), thorough: bool = False,  # noqa: B008 (frozen)
        look: Look | None = None,
    ) -> None:  # fmt: skip
        """Without a `scorer` the packaged one, loaded when the first question is read. `thorough`: nothing is spared.
        `look`: the second look (`rag.reader.closeness`), where there is one."""
        self._given = scorer
        self._look = look
        self._steps = () if thorough else STEPS
        self._settings = settings

    @property
    def passage_weight(self) -> float:
        return PASSAGE * self._settings.passage

    @property
    def _scorer(self) -> Scorer:
        return self._given or packaged_scorer()

    def prepare(self) -> None:
        if self._given is None:
            packaged_network().open_soon()

    def read(self, question: str, vector: Vectors, candidates: Sequence[Candidate]) -> list[Reading]:
        return self.read_many([(question, vector, candidates)])[0]

    def read_many(self, asked: Sequence[Asked]) -> list[list[Reading]]:
        """The best passage of each first; more of them, best first, as long as one that is not read yet could read better."""
        tokens = tokenized(self._scorer.tokenizer, [PROMPT + question for question, _, _ in asked])
        cutting: dict[int, tuple[Tokens, list[Window]]] = {}
        jobs = [
            Job(question, asking, to_read(candidates, self._settings.read))
            for (question, _, candidates), asking in zip(asked, tokens, strict=True)
        ]
        for step in (*self._steps, max((len(each.candidates) for each in jobs), default=0)):
            given = [each for job in jobs if not self._plain(job) for each in self._further(job, step, cutting)]
            scores = self._scorer.score([(job.asking, joined(title, window.tokens)) for job, _, title, window in given])
            for (job, at, title, window), scored in zip(given, scores, strict=True):
                job.take(self._readings(job, at, window, len(title), *scored))
        ordered = [sorted(each.readings.values(), key=lambda reading: -reading.score) for each in jobs]
        return self._look(asked, ordered) if self._look else ordered

    def _further(
        self, job: Job, step: int, cutting: dict[int, tuple[Tokens, list[Window]]]
    ) -> Iterator[tuple[Job, int, Tokens, Window]]:
        """The windows of its candidates up to `step` that are not read yet: the candidate's number, its title, a window."""
        begun, job.read = job.read, max(job.read, min(step, len(job.candidates)))
        for at in range(begun, job.read):
            candidate = job.candidates[at]
            if candidate.passage.id not in cutting:
                cutting[candidate.passage.id] = self._windows(candidate)
            title, windows = cutting[candidate.passage.id]
            yield from ((job, at, title, window) for window in windows)

    def _plain(self, job: Job) -> bool:
        """Whether what was read answers so well that no other candidate need be read."""
        if not job.read or job.read >= len(job.candidates):
            return bool(job.read)
        best = max((each.score for each in job.readings.values()), default=LEAST)
        least = self.passage_weight * max(each.score for each in job.candidates[job.read :])
        return best - least >= ENOUGH and not asks_for_several(job.question)

    def _readings(
        self, job: Job, at: int, window: Window, skipped: int, scores: Scores, null: float
    ) -> Iterator[Reading]:
        """What each sentence of a window of candidate `at` says; `skipped` are the title's tokens before it."""
        candidate = job.candidates[at]
        for span in spans(scores[skipped:], null, window.bounds):
            sentence = window.sentences[span.sentence]
            words = words_of(window.tokens.offsets, span.first, span.last, candidate.passage.start)
            answer = tidied(candidate.document.text, clipped(words, sentence))
            if answer:
                mass, before = span.mass, 0.0
                document = candidate.document
                if is_of_another(job.question, document.text[sentence.start : sentence.end]):
                    mass -= ANOTHER
                if job.rows.is_another(document, sentence):
                    mass -= ANOTHER_ROW
                elif job.rows.is_the_one(document, sentence):
                    mass += NAMED_ROW
                if job.author.is_another(document, sentence):
                    mass -= ANOTHER_ROW
                elif job.author.is_the_one(document, sentence):
                    mass, before = max(mass, SIGNED), BEFORE_OTHERS
                answer = job.rows.value(document, sentence, dated(job.question, document.text, sentence, answer))
                answer = job.author.value(document, sentence, answer)
                yield Reading(at, sentence, answer, mass + before + self.passage_weight * candidate.score, (span.best, mass))

    def confidence(self, question: str, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> float:
        if not readings:
            return 0.0
        first = readings[0]
        document = candidates[first.candidate].document
        rows = AskedRow(question, ((each.document, each.sentences) for each in candidates))
        author = AskedAuthor(question, candidates)
        named = SURE_ROW if rows.is_the_one(document, first.sentence) or author.is_the_one(document, first.sentence) else 0.0
        sure = logistic(INTERCEPT + named, WEIGHTS, figures(candidates, readings))
        another = (
            is_of_another(question, document.text[first.sentence.start : first.sentence.end])
            or rows.is_another(document, first.sentence)
            or author.is_another(document, first.sentence)
        )
        return sure * OF_ANOTHER if another else sure

    def passage_scores(self, candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[list[float], float]:
        weight = max(self.passage_weight, 0.1)
        best: dict[int, float] = {}
        for each in readings:
            read = each.score - self.passage_weight * candidates[each.candidate].score
            best[each.candidate] = max(read, best.get(each.candidate, LEAST))
        return [best.get(number, LEAST) / weight + each.score for number, each in enumerate(candidates)], LEAST / weight

    def _windows(self, candidate: Candidate) -> tuple[Tokens, list[Window]]:
        """The title's tokens, and the passage's in windows."""
        passage, document = candidate.passage, candidate.document
        words = document.text[passage.start : passage.end]
        above = passage.headings[-1] if passage.headings else title_at(document, passage.start)
        tokens, title = tokenized(self._scorer.tokenizer, [words, "" if words.startswith(above) else above])
        starts, ends = tokens.offsets[:, 0] + passage.start, tokens.offsets[:, 1] + passage.start
        inside = [clipped(each, Sentence(passage.start, passage.end)) for each in candidate.sentences]
        bounds = [
            (int(np.searchsorted(ends, each.start, "right")), int(np.searchsorted(starts, each.end))) for each in inside
        ]
        return title.part(0, LONGEST_TITLE), list(cut(tokens, candidate.sentences, bounds))


def cut(tokens: Tokens, sentences: Sequence[Sentence], bounds: Sequence[tuple[int, int]]) -> Iterator[Window]:
    """Windows of at most LONGEST tokens that begin at a sentence; a longer sentence is cut off."""
    begin = 0
    while begin < len(bounds):
        start, end = bounds[begin][0], begin
        while end < len(bounds) and (end == begin or bounds[end][1] - start <= LONGEST):
            end += 1
        stop = min(bounds[end - 1][1], start + LONGEST)
        yield Window(
            tokens.part(start, stop), tuple(sentences[begin:end]),
            tuple((a - start, min(b, stop) - start) for a, b in bounds[begin:end]),
        )  # fmt: skip
        if end == len(bounds):
            return
        begin = max(begin + 1, (begin + end) // 2)


def clipped(span: Sentence, within: Sentence) -> Sentence:
    return Sentence(max(span.start, within.start), min(span.end, within.end))


def figures(candidates: Sequence[Candidate], readings: Sequence[Reading]) -> tuple[float, ...]:
    """Of the first reading: the log-odds of its sentence, the share of the question's words in its passage, how far
    that passage's score is above those of the third to fifth (of others, where the library has them), whether it
    is in a script with spaces, where right answers have lower log-odds than in Chinese, the sentence's closeness, and
    whether the question is in another language."""
    first = readings[0]
    candidate = candidates[first.candidate]
    others = [each.score for each in candidates[2:5]]
    lead = candidate.score - sum(others) / len(others) if others else LEAD
    words = candidate.document.text[candidate.passage.start : candidate.passage.end]
    near = first.evidence[2] if len(first.evidence) > 2 else NEAR
    return first.evidence[1], candidate.words, lead, float(is_unspaced(words) is False), near, float(candidate.far)
