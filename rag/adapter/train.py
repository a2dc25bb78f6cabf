"""Train the adapter: python -m rag.adapter.train DATASETS [--out FILE]

On the training part's questions that are asked in another script than their text, ours among them: a softmax of
each question's cosines with all paragraphs in its text's language (InfoNCE, van den Oord et al. 2018,
section 2.3), the matrix held near nothing by weight decay. Takes some minutes, nearly all of them for
embedding. Prints recall on the questions kept aside, without the adapter and with it.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor
from torch.nn import functional

from embeddings import Encoder, load_encoder
from rag.adapter import MATRIX
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
from rag.words import is_unspaced

TEMPERATURE, DECAY, RATE = 0.02, 0.1, 1e-3
# A cosine's spread once it is turned, to what it was; and how much less a right passage in another script counts.
SLOPE, LESS = 0.8, 0.01
# Questions of each set in its own language, for the level of their cosines.
NEAR = 300
STEPS, BATCH = 1500, 256
# Paragraphs of the largest set, which has no questions in other languages.
MOST_PARAGRAPHS = 1500


def read(datasets: Path, part: Part) -> tuple[list[Asked], list[Paragraph]]:
    """The part's answerable questions in another script than their text, and the paragraphs to find them among."""
    shared: list[Asked] = []
    paragraphs: list[Paragraph] = []
    for patterns, language, _ in SETS.values():
        asked = read_squad(sorted(file for pattern in patterns for file in datasets.glob(pattern)), language, part)
        shared += asked
        paragraphs += list(dict.fromkeys(each.paragraph for each in asked))[:MOST_PARAGRAPHS]
    own = exercise_files()
    found = read_exercises(own.texts, part) + read_translated(own.translated, shared)
    found += read_about(own.stories, read_stories(sorted(datasets.glob(STORIES)), part))
    paragraphs += [each.paragraph for each in found]
    far = [each for each in found if each.answers and is_unspaced(each.question) != is_unspaced(each.paragraph.text)]
    return far, list(dict.fromkeys(paragraphs))


class Embedded:
    """Questions with their vectors, by the language of their texts: (vectors, place of the right paragraph, paragraphs)."""

    def __init__(self, asked: list[Asked], paragraphs: list[Paragraph], encoder: Encoder) -> None:
        by_language: dict[str, list[Paragraph]] = {}
        for each in paragraphs:
            by_language.setdefault(each.language, []).append(each)
        self.groups: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
        for language, some in by_language.items():
            here = [each for each in asked if each.paragraph.language == language]
            if here:
                places = {each: number for number, each in enumerate(some)}
                self.groups[language] = (
                    embedded(encoder.encode_queries, [each.question for each in here]),
                    torch.tensor([places[each.paragraph] for each in here]),
                    embedded(encoder.encode_passages, [f"{each.title}\n{each.text}".strip() for each in some]),
                )

    def batches(self, random: Random) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Questions of one language at a time, without end, those of many questions less often than they would be."""
        names = list(self.groups)
        shares = [len(self.groups[name][1]) ** 0.7 for name in names]
        while True:
            vectors, places, paragraphs = self.groups[random.choices(names, shares)[0]]
            chosen = torch.tensor(random.sample(range(len(places)), min(BATCH, len(places))))
            yield vectors[chosen], places[chosen], paragraphs


def embedded(encode, texts: list[str]) -> Tensor:  # type: ignore[no-untyped-def]
    with torch.autocast("cpu", torch.bfloat16):
        return torch.from_numpy(np.concatenate([encode(texts[at : at + 512]) for at in range(0, len(texts), 512)]))


def turned(vectors: Tensor, matrix: Tensor) -> Tensor:
    return functional.normalize(vectors + vectors @ matrix, dim=1)


def train(data: Embedded, seed: int = 0) -> Tensor:
    """The matrix, of shape (dimension, dimension)."""
    dimension = next(iter(data.groups.values()))[0].shape[1]
    matrix = torch.zeros(dimension, dimension, requires_grad=True)
    optimiser = torch.optim.Adam([matrix], lr=RATE)
    for step, (vectors, places, paragraphs) in zip(range(STEPS), data.batches(Random(seed)), strict=False):
        scores = turned(vectors, matrix) @ paragraphs.T / TEMPERATURE
        loss = functional.cross_entropy(scores, places) + DECAY * (matrix**2).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
    return matrix.detach()


def levels(data: Embedded, near: Embedded, matrix: Tensor) -> np.ndarray:
    """Slope and the two offsets (`rag.adapter.Adapter`), from the mean cosines of right passages."""
    at = np.mean([float(_right(each, torch.zeros_like(matrix))) for each in near.groups.values()])
    far: dict[bool, list[float]] = {True: [], False: []}
    for language, each in data.groups.items():
        if len(each[1]) >= NEAR:
            far[language in ("zh", "ja")].append(float(_right(each, matrix)))
    return np.array([SLOPE, *(at - SLOPE * np.mean(far[unspaced]) - LESS for unspaced in (True, False))], np.float32)


def _right(group: tuple[Tensor, Tensor, Tensor], matrix: Tensor) -> Tensor:
    vectors, places, paragraphs = group
    return (turned(vectors, matrix) * paragraphs[places]).sum(1).mean()


def own_questions(datasets: Path) -> list[Asked]:
    """Some questions of each set, in its own language."""
    found = []
    for patterns, language, _ in SETS.values():
        files = sorted(file for pattern in patterns for file in datasets.glob(pattern))
        asked = [each for each in read_squad(files, language, "train") if each.answers]
        found += Random(0).sample(asked, NEAR)
    return found


def recall(data: Embedded, matrix: Tensor) -> Mapping[str, tuple[float, float]]:
    """By language of the text: recall@1 and recall@5."""
    found = {}
    for language, (vectors, places, paragraphs) in data.groups.items():
        scores = turned(vectors, matrix) @ paragraphs.T
        better = (scores > scores.gather(1, places[:, None])).sum(1)
        found[f"{language} ({len(places)})"] = (float((better < 1).float().mean()), float((better < 5).float().mean()))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--out", type=Path, default=MATRIX)
    given = parser.parse_args()
    encoder = load_encoder()
    learnt = Embedded(*read(given.datasets, "train"), encoder)
    print("training questions by language of the text:", {name: len(each[1]) for name, each in learnt.groups.items()}, flush=True)
    matrix = train(learnt)
    own = own_questions(given.datasets)
    near = Embedded(own, list(dict.fromkeys(each.paragraph for each in own)), encoder)
    save_file({"matrix": matrix.numpy().astype(np.float16), "levels": levels(learnt, near, matrix)}, given.out)
    aside = Embedded(*read(given.datasets, "aside"), encoder)
    print("| texts kept aside | recall@1 | recall@5 | with the adapter: recall@1 | recall@5 |\n| --- | --- | --- | --- | --- |")
    before, after = recall(aside, torch.zeros_like(matrix)), recall(aside, matrix)
    for name in before:
        print(f"| {name} | " + " | ".join(f"{each:.3f}" for each in (*before[name], *after[name])) + " |")


if __name__ == "__main__":
    main()
