"""Train the second look's matrices: python -m rag.reader.train_closeness DATASETS --work FOLDER [--out FILE]

On the training part's questions, ours among them: a softmax of each question's closeness to the sentences of its paragraph
and to those of others that are nearest to it (InfoNCE, van den Oord et al. 2018, section 2.3), the matrices held near
nothing by weight decay. Only vectors are needed, so nearly all of the time (about half an hour on two cores) goes into
embedding; those are kept in FOLDER piece by piece, and a training that was stopped goes on from there. Prints how often
the closest sentence of the right paragraph answers, by cosine and by the matrices, on questions kept aside.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from corpus.sentences import sentences
from embeddings import load_encoder
from embeddings.index import Vectors
from rag.reader.closeness import MATRICES
from rag.reader.data import (
    Asked,
    Paragraph,
    Part,
    exercise_files,
    read_about,
    read_exercises,
    read_squad,
    read_stories,
    read_translated,
)
from rag.reader.train import SETS, STORIES

EPOCHS, BATCH, RATE, DECAY = 5, 128, 5e-4, 2e-3
# The scale of closeness in the softmax to begin with, and the rate at which it is learnt.
SCALE, SCALE_RATE = 45.0, 0.05
# Sentences that a question is compared with: at most so many that answer, of its paragraph's others, of other paragraphs; in all.
RIGHT, INSIDE, OUTSIDE, TOGETHER = 2, 10, 14, 16
# Questions of a set in its own language; the largest would outweigh all others.
MOST, MOST_ASIDE = 3000, 400
PIECE = 2000


@dataclass(frozen=True)
class Example:
    """A question, its paragraph's sentences and those of them that answer, as numbers."""

    group: str
    question: int
    inside: tuple[int, ...]
    right: tuple[int, ...]


@dataclass(frozen=True)
class Data:
    """Vectors of questions (n, dimension) and sentences (m, dimension); each sentence's language and paragraph."""

    questions: Tensor
    sentences: Tensor
    languages: Sequence[str]
    owners: Sequence[int]
    examples: Mapping[Part, Sequence[Example]]


class Near(nn.Module):
    """`scale · cos(q + q M, s + s N)`, of questions (b, dimension) and their sentences (b, n, dimension)."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.question = nn.Parameter(torch.zeros(dimension, dimension))
        self.sentence = nn.Parameter(torch.zeros(dimension, dimension))
        self.scale = nn.Parameter(torch.tensor(SCALE))

    def forward(self, questions: Tensor, of: Tensor) -> Tensor:
        turned = functional.normalize(questions + questions @ self.question, dim=-1)
        theirs = functional.normalize(of + of @ self.sentence, dim=-1)
        return self.scale * (turned[:, None] * theirs).sum(-1)


def read(datasets: Path, part: Part) -> list[tuple[str, Asked]]:
    """The part's answerable questions, each with the name of its set."""
    own = exercise_files()
    shared: list[Asked] = []
    found: list[tuple[str, Asked]] = []
    for name, (patterns, language, _) in SETS.items():
        files = sorted(file for pattern in patterns for file in datasets.glob(pattern))
        some = [each for each in read_squad(files, language, part) if each.answers]
        shared += some
        found += [(name, each) for each in _some(some, MOST if part == "train" else MOST_ASIDE)]
    for file in own.texts:
        found += [(file.stem if file.stem.endswith("_articles") else "exercises", each) for each in read_exercises([file], part)]
    found += [("translated", each) for each in read_translated(own.translated, shared)]
    found += [("news", each) for each in read_about(own.stories, read_stories(sorted(datasets.glob(STORIES)), part))]
    return [(name, each) for name, each in found if each.answers]


def _some(asked: list[Asked], most: int) -> list[Asked]:
    """All questions of some paragraphs, so that few paragraphs are embedded."""
    counts = Counter(each.paragraph for each in asked)
    paragraphs = list(counts)
    Random(3).shuffle(paragraphs)
    chosen: set[Paragraph] = set()
    for each in paragraphs:
        if sum(counts[one] for one in chosen) >= most:
            break
        chosen.add(each)
    return [each for each in asked if each.paragraph in chosen]


def prepared(parts: Mapping[Part, list[tuple[str, Asked]]], work: Path) -> Data:
    """Everything embedded."""
    encoder = load_encoder()
    paragraphs = list(dict.fromkeys(each.paragraph for some in parts.values() for _, each in some))
    texts: list[str] = []
    languages: list[str] = []
    owners: list[int] = []
    spans: list[tuple[int, int]] = []
    starts: dict[Paragraph, int] = {}
    for number, paragraph in enumerate(paragraphs):
        starts[paragraph] = len(texts)
        for span in sentences(paragraph.text):
            texts.append(paragraph.text[span.start : span.end])
            spans.append((span.start, span.end))
            languages.append(paragraph.language)
            owners.append(number)
    ends = {paragraph: start for paragraph, start in zip(paragraphs, [*list(starts.values())[1:], len(texts)], strict=True)}
    questions: list[str] = []
    examples: dict[Part, list[Example]] = {}
    for part, some in parts.items():
        examples[part] = []
        for name, asked in some:
            inside = tuple(range(starts[asked.paragraph], ends[asked.paragraph]))
            right = tuple(each for each in inside if any(spans[each][0] <= a and b <= spans[each][1] for a, b in asked.answers))
            if right and len(inside) > 1:
                group = name + (" in another language" if asked.language != asked.paragraph.language else "")
                examples[part].append(Example(group, len(questions), inside, right))
                questions.append(asked.question)
    return Data(
        embedded(encoder.encode_queries, questions, work), embedded(encoder.encode_passages, texts, work), languages, owners, examples
    )  # fmt: skip


def embedded(encode: Callable[[Sequence[str]], Vectors], texts: Sequence[str], work: Path) -> Tensor:
    """Vectors (texts, dimension), those that are in the folder read from there."""
    pieces = []
    for at in range(0, len(texts), PIECE):
        some = texts[at : at + PIECE]
        file = work / f"{encode.__name__}-{sha1(chr(0).join(some).encode()).hexdigest()[:16]}.npy"
        if not file.is_file():
            vectors = encode(some)
            with file.with_suffix(".part").open("wb") as whole:
                np.save(whole, vectors)
            file.with_suffix(".part").replace(file)
            print(f"{at + len(some):,} of {len(texts):,} embedded", flush=True)
        pieces.append(np.load(file, allow_pickle=False))
    return torch.from_numpy(np.concatenate(pieces))


def compared(data: Data, examples: Sequence[Example], random: Random) -> tuple[Tensor, Tensor, Tensor]:
    """For each question the sentences it is compared with, which of these places are taken, and which answer: (n, TOGETHER) each."""
    others = _nearest_elsewhere(data, examples)
    numbers = torch.zeros(len(examples), TOGETHER, dtype=torch.long)
    taken, right = (torch.zeros(len(examples), TOGETHER, dtype=torch.bool) for _ in range(2))
    for row, each in enumerate(examples):
        rest = [one for one in each.inside if one not in each.right]
        chosen = [*each.right[:RIGHT], *random.sample(rest, min(INSIDE, len(rest))), *others[row]][:TOGETHER]
        numbers[row, : len(chosen)] = torch.tensor(chosen)
        taken[row, : len(chosen)] = True
        right[row, : len(each.right[:RIGHT])] = True
    return numbers, taken, right


def _nearest_elsewhere(data: Data, examples: Sequence[Example]) -> list[list[int]]:
    """For each question the nearest sentences, by cosine, of other paragraphs in its text's language."""
    found: list[list[int]] = [[] for _ in examples]
    by_language: dict[str, list[int]] = defaultdict(list)
    for number, language in enumerate(data.languages):
        by_language[language].append(number)
    for language, numbers in by_language.items():
        theirs = data.sentences[numbers]
        rows = [row for row, each in enumerate(examples) if data.languages[each.inside[0]] == language]
        for at in range(0, len(rows), 512):
            some = rows[at : at + 512]
            cosines = data.questions[[examples[row].question for row in some]] @ theirs.T
            for row, best in zip(some, cosines.topk(min(OUTSIDE, len(numbers))).indices.tolist(), strict=True):
                home = data.owners[examples[row].inside[0]]
                found[row] = [numbers[each] for each in best if data.owners[numbers[each]] != home]
    return found


def train(data: Data, seed: int = 0) -> Near:
    examples = data.examples["train"]
    torch.manual_seed(seed)
    numbers, taken, right = compared(data, examples, Random(seed))
    asked = torch.tensor([each.question for each in examples])
    model = Near(data.questions.shape[1])
    optimiser = torch.optim.Adam([{"params": [model.question, model.sentence], "lr": RATE}, {"params": [model.scale], "lr": SCALE_RATE}])
    steps = EPOCHS * (len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: max(0.02, 1 - step / steps))
    for epoch in range(EPOCHS):
        losses = []
        order = torch.randperm(len(examples))
        for at in range(0, len(examples) - BATCH + 1, BATCH):
            some = order[at : at + BATCH]
            scores = model(data.questions[asked[some]], data.sentences[numbers[some]]).masked_fill(~taken[some], -1e4)
            likely = scores.log_softmax(-1).masked_fill(~right[some], -1e4).logsumexp(-1)
            loss = -likely.mean() + DECAY * ((model.question**2).sum() + (model.sentence**2).sum())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}", flush=True)
    return model.eval()


def answered(data: Data, model: Near) -> Mapping[str, tuple[int, float]]:
    """By group of the questions kept aside: how many, and how often the closest sentence of their paragraph answers."""
    found: dict[str, list[bool]] = defaultdict(list)
    with torch.no_grad():
        for each in data.examples["aside"]:
            near = model(data.questions[each.question][None], data.sentences[list(each.inside)][None])[0]
            found[each.group].append(each.inside[int(near.argmax())] in each.right)
    return {group: (len(hits), float(np.mean(hits))) for group, hits in sorted(found.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MATRICES)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    data = prepared({"train": read(given.datasets, "train"), "aside": read(given.datasets, "aside")}, given.work)
    print({part: len(examples) for part, examples in data.examples.items()}, "questions", flush=True)
    before = answered(data, Near(data.questions.shape[1]))
    model = train(data)
    matrices = {"question": model.question, "sentence": model.sentence}
    save_file({name: each.detach().numpy().astype(np.float16) for name, each in matrices.items()}, given.out)
    print("| kept aside | questions | by cosine | by closeness |\n| --- | --- | --- | --- |")
    for group, (count, share) in answered(data, model).items():
        print(f"| {group} | {count} | {before[group][1]:.3f} | {share:.3f} |")


if __name__ == "__main__":
    main()
