"""Choosing a library's settings by a question set: on one half of it, and measured on the other.

The weights by which passages are found are chosen first, by whether the right document is first. Weights of
readings and the number of passages read are searched over readings that are made once; the length of
passages needs the documents cut and embedded anew, into a library that is thrown away; the threshold is
chosen last, by the answers that the other settings give.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import sha1
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import Library, QuestionError
from corpus.store import Store, open_store
from embeddings import Encoder
from embeddings.index import Vectors
from eval import asking
from eval.compare import COMPARED
from eval.fold import holds
from eval.metrics import MEANS
from eval.outcome import Outcome, outcomes
from eval.question import Question
from eval.significance import Difference, differences
from rag import Assistant, Settings, index_documents
from rag.reader import ACROSS
from rag.recut import recut, recut_begun
from rag.settings import library_settings, save_settings

Progress = Callable[[str], None]
LENGTHS = (150, 250, 400)
# Weights tried: of a passage's shares of words, pairs and translations (its cosine weighs 1); then how much
# its score counts beside what is read in it, and how many passages are read.
BY = (0.0, 0.05, 0.1, 0.2, 0.4)
PASSAGE, READ = (0.25, 0.5, 1.0, 2.0, 4.0), (1, 2, 3, 5, 8)
# Fewer on a side say nothing; of more passages, cutting anew would take hours.
FEWEST, MOST_PASSAGES = 10, 20_000
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))
# Of a reading: its score without its passage's, its passage's, its passage's rank, whether it is right. NaN where there is none.
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Tuned:
    """What was chosen on the development half, and what it changes on the other."""

    before: Settings
    after: Settings
    development: int
    measuring: int
    tried: tuple[tuple[int, float], ...]
    differences: dict[str, Difference]

    @property
    def worse(self) -> bool:
        """Whether the other half is answered worse: then the choice followed chance, and is not saved."""
        return self.differences["quotes.hit@1"].delta < 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def tune(questions: Sequence[Question], folder: str | Path, encoder: Encoder, tell: Progress, lengths: Sequence[int] = LENGTHS) -> Tuned:
    """The best settings by `quotes.hit@1`. Changes nothing; see `save`.

    Raises QuestionError where too few questions have a gold answer.
    """
    development, measuring = halves(questions)
    if min(len([q for q in half if q.has_gold]) for half in (development, measuring)) < FEWEST:
        raise QuestionError(f"fewer than {2 * FEWEST} questions have a gold answer to tune by; give a larger set")
    with open_store(folder) as library:
        before = library_settings(library)
        small = library.passage_count() <= MOST_PASSAGES
    tried: list[tuple[int, float]] = []
    best, highest = before, -1.0
    for length in dict.fromkeys([before.passage_tokens, *(lengths if small else ())]):
        tell(f"passages of {length} tokens")
        with _cut(folder, encoder, replace(before, passage_tokens=length)) as cut:
            asked = [q for q in development if q.has_gold]
            settings = _finding(cut, encoder, replace(before, passage_tokens=length), asked)
            settings, hit = _weights(cut, encoder, settings, asked)
        tried.append((length, round(hit, 6)))
        if hit > highest:  # where nothing is better, what is there stays
            best, highest = settings, hit
    tell("the threshold, and the measuring half")
    with _cut(folder, encoder, best) as cut:
        with Assistant.open(cut, encoder, best) as assistant:
            best = replace(best, threshold=_threshold(_asked(assistant, development), best.threshold))
        with Assistant.open(cut, encoder, best) as assistant:
            after = _asked(assistant, measuring)
    with Assistant.open(folder, encoder, before) as assistant:
        changed = differences(_values(_asked(assistant, measuring)), _values(after))
    return Tuned(before, best, len(development), len(measuring), tuple(tried), changed)


def save(folder: str | Path, encoder: Encoder, settings: Settings) -> None:
    """Write settings into a library, cutting its documents anew where their length has changed; stopped, it goes on."""
    with open_store(folder) as library:
        if not _is_cut_by(library, settings):
            recut(library, encoder, settings)
            return
        with library.writing():
            save_settings(library, settings)


def halves(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """Development and measuring: what is asked of one document is on one side, so that nothing of it is learnt."""
    sides: tuple[list[Question], list[Question]] = ([], [])
    for each in questions:
        name = each.documents[0] if each.documents else each.question
        sides[int(sha1(name.encode("utf8", "surrogatepass")).hexdigest(), 16) % 2].append(each)
    return sides


@contextmanager
def _cut(folder: str | Path, encoder: Encoder, settings: Settings) -> Iterator[str | Path]:
    """The library itself, or one of its documents cut otherwise."""
    with open_store(folder) as library:
        if _is_cut_by(library, settings):
            yield folder
            return
        with tempfile.TemporaryDirectory(prefix="yinju-tune-") as scratch:
            other = Path(scratch) / "library"
            documents = (library.document(name) for _, name, _, _ in library.labels())
            with Library.create(other, encoder.name, encoder.dimension) as made:
                with made.writing():
                    save_settings(made, settings)
                index_documents((each for each in documents if each is not None), made, encoder)
            yield other


def _is_cut_by(library: Store, settings: Settings) -> bool:
    return not recut_begun(library) and library_settings(library).passage_tokens == settings.passage_tokens


def _finding(folder: str | Path, encoder: Encoder, settings: Settings, questions: Sequence[Question]) -> Settings:
    """The weights by which a right document comes first (MRR); the given ones where none are better."""
    chosen = [each for each in questions if each.documents]
    with Assistant.open(folder, encoder, settings) as assistant:
        vectors = encoder.encode_queries([each.question for each in chosen])
        rows = [_parts(assistant, each, vector) for each, vector in zip(chosen, vectors, strict=True)]
    best, highest = settings, -1.0
    present = (settings.by_words, settings.by_pairs, settings.by_translation)
    for words, pairs, translation in dict.fromkeys([present, *product(BY, BY, BY)]):
        weights = np.array([1.0, words, pairs, translation, 0.0])
        mean = float(np.mean([_reciprocal(each @ weights, each[:, 4] > 0) for each in rows])) if rows else 0.0
        if mean > highest:
            best, highest = replace(settings, by_words=words, by_pairs=pairs, by_translation=translation), mean
    return best


def _parts(assistant: Assistant, question: Question, vector: Vectors) -> Figures:
    """(candidates × five): cosine, words, pairs, translated, and whether its document is right."""
    hits = assistant.hits(question.question, vector, assistant.settings.pool)
    passages = {each.id: each.document_id for each in assistant.library.passages([each.id for each in hits])}
    right = [assistant.library.name_of(passages[each.id]) in question.documents for each in hits]
    rows = [(h.cosine, h.words, h.pairs, h.translated, each) for h, each in zip(hits, right, strict=True)]
    return np.array(rows, float).reshape(-1, 5)


def _reciprocal(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """One over the rank of the best right one; 0 where there is none."""
    return 1.0 / (1 + int((scores > scores[right].max()).sum())) if right.any() else 0.0


def _weights(folder: str | Path, encoder: Encoder, settings: Settings, questions: Sequence[Question]) -> tuple[Settings, float]:
    """The weights whose best reading is right most often, and how often; the given ones where none are better."""
    with Assistant.open(folder, encoder, replace(settings, read=max(READ))) as assistant:
        rows = np.concatenate([_figures(assistant, block) for block in asking.blocks(questions, 0)])
        weight = assistant.reader.passage_weight / settings.passage if settings.passage else 1.0
    best, highest = settings, -1.0
    for passage, read in dict.fromkeys([(settings.passage, settings.read), *product(PASSAGE, READ)]):
        score = rows[..., 0] + passage * weight * rows[..., 1]
        score = np.where((rows[..., 2] < read) & ~np.isnan(score), score, -np.inf)
        hit = float(np.take_along_axis(rows[..., 3], score.argmax(1)[:, None], 1).mean())
        if hit > highest:
            best, highest = replace(settings, passage=passage, read=read), hit
    return best, highest


def _figures(assistant: Assistant, block: Sequence[Question]) -> Figures:
    """(questions × readings × four) figures."""
    texts = [each.question for each in block]
    vectors = assistant.encoder.encode_queries(texts)
    candidates = [assistant.candidates(text, each, ACROSS * max(READ)) for text, each in zip(texts, vectors, strict=True)]
    found = assistant.reader.read_many(list(zip(texts, vectors, candidates, strict=True)))
    rows = np.full((len(block), 64, 4), np.nan)
    rows[..., 3] = 0.0
    for row, question, some, readings in zip(rows, block, candidates, found, strict=True):
        for at, each in enumerate(readings[:64]):
            document, span = some[each.candidate].document, each.sentence
            right = holds(document.text[span.start : span.end], question.answers) if question.answers else any(
                gold.document == document.name and gold.start < span.end and span.start < gold.end for gold in question.spans
            )  # fmt: skip
            passage = some[each.candidate].score
            rank = each.candidate // (ACROSS if some[0].far else 1)
            row[at] = (each.score - assistant.reader.passage_weight * passage, passage, rank, right)
    return rows


def _threshold(found: Sequence[Outcome], present: float) -> float:
    """The threshold of the largest answered-when-answerable less answered-when-not (Youden 1950, J).

    F1 would not do: where most questions have an answer, it is best to answer them all. The present
    threshold stays where no question is without an answer, or none is better.
    """
    sure = np.array([each.confidence for each in found])
    answerable = np.array([each.question.answerable for each in found], bool)
    if answerable.all() or not answerable.any():
        return present
    gains = {each: float((sure >= each)[answerable].mean() - (sure >= each)[~answerable].mean()) for each in (present, *THRESHOLDS)}
    return max(gains, key=lambda each: gains[each])


def _asked(assistant: Assistant, questions: Sequence[Question]) -> list[Outcome]:
    found: list[Outcome] = []
    blocks = asking.blocks(questions, 0)
    for block, kept in zip(blocks, asking.answers(assistant, blocks, 1), strict=True):
        found += outcomes(list(zip(block, kept, strict=True)))
    return found


def _values(found: Sequence[Outcome]) -> dict[str, NDArray[np.float64]]:
    names = [each for each in MEANS if each in COMPARED]
    return {name: np.array([each.values.get(name, np.nan) for each in found]) for name in names}
