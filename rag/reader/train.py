"""Train the reader: python -m rag.reader.train DATASETS --work FOLDER

From the bundled encoder, on the training part of the shared question sets, with words of other
languages put in (`rag.reader.switching`) and passages that share words but not the answer. It may
be stopped and goes on where it was. The rate is held constant and falls at the end ("warmup,
stable, decay": Hu et al. 2024, "MiniCPM", section 4), so a longer training goes on from a shorter
one's last checkpoint before its fall.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor
from torch.nn import functional

from corpus.sentences import sentences
from embeddings.bundled import model_folder, packaged_engine, packaged_weights
from embeddings.onnx import read_tokenizer
from rag.reader.checkpoint import load_checkpoint, save_checkpoint
from rag.reader.data import (
    Asked,
    Paragraph,
    exercise_files,
    read_about,
    read_exercises,
    read_squad,
    read_stories,
    read_translated,
)
from rag.reader.network import Network, load_encoder
from rag.reader.scoring import ENCODER
from rag.reader.switching import Switcher, load_switcher
from rag.reader.weights import load_weights
from rag.reader.windows import PROMPT, Batch, Tokens, batched, covering, grown, joined, sentence_bounds, tokenized

FROZEN_LAYERS = 4
BATCH = 16
# Windows drawn at once, then sorted by length into batches: little padding.
POOL = 8 * BATCH
RATE, HEAD_RATE, DECAY, WARMUP = 1e-4, 1e-3, 0.01, 100
# Tokens of a window: log-uniform; what is read later has up to 400.
SHORTEST, LONGEST = 60, 400
# Attention written out is faster than torch's fused one up to about this many tokens (where memory is kept: MODEL.md).
LONG = 400
# Share of the questions drawn from each set; of those without an answer, where a set has them, this share of it: half of
# SQuAD's are, and what was taught so found "not here" likelier in English than in Chinese.
IMPOSSIBLE = 0.3
SETS = {
    "cmrc": (("cmrc2018/cmrc2018_dev.json", "cmrc2018/cmrc2018_trial.json"), "zh", 0.16),
    "drcd": (("drcd/DRCD_dev.json",), "zh", 0.11),
    "squad": (("squad2/squad2_part.json",), "en", 0.17),
    "jaquad": (("jaquad/*.json",), "ja", 0.08),
}
# Our own texts, in many languages, those of them that are several to an article, those that ask who someone is, the
# questions of the sets asked in other languages, and ours about news stories.
STORIES = "news/*.txt"
OWN, ARTICLES, WHO, TRANSLATED, NEWS = 0.20, 0.22, 0.05, 0.15, 0.08
NEGATIVE, SWITCHED, TITLED = 0.4, 0.3, 0.4
# Share of the negatives that are the question's own paragraph, the sentences that answer taken away; characters left at least.
CUT, LEFT = 0.3, 40
# Share of the questions that follow another, mostly one about the same paragraph: as in a conversation.
FOLLOWS, SAME_PARAGRAPH = 0.1, 0.8
NEIGHBOURS = 6
# Weight of the loss on the sentence, beside those on the answer's first and last token.
SENTENCE = 0.5


class Source:
    """Windows without end, each made from its own random numbers: the same at every run."""

    def __init__(self, datasets: Path, tokenizer: Any, switcher: Switcher, seed: int) -> None:
        self.tokenizer, self.switcher, self.seed = tokenizer, switcher, seed
        self.sets: list[list[Asked]] = []
        self.shares: list[float] = []
        self.near: dict[Paragraph, list[Paragraph]] = {}
        shared: list[Asked] = []
        for patterns, language, share in SETS.values():
            files = sorted(file for pattern in patterns for file in datasets.glob(pattern))
            asked = read_squad(files, language, "train")
            shared += asked
            answered = [each for each in asked if each.answers]
            impossible = [each for each in asked if not each.answers]
            self._add(answered, share * (1 - IMPOSSIBLE) if impossible else share)
            self._add(impossible, share * IMPOSSIBLE)
        own = exercise_files()
        kinds = {"who": WHO, "articles": ARTICLES}
        for kind, share in (("", OWN), *kinds.items()):
            files = [each for each in own.texts if each.stem.partition("_")[2] == kind]
            self._add(read_exercises(files, "train"), share)
        self._add(read_translated(own.translated, shared), TRANSLATED)
        self._add(read_about(own.stories, read_stories(sorted(datasets.glob(STORIES)), "train")), NEWS)
        self.about: dict[Paragraph, list[str]] = {}
        for each in (each for some in self.sets for each in some):
            self.about.setdefault(each.paragraph, []).append(each.question)

    def _add(self, asked: list[Asked], share: float) -> None:
        if not asked:
            return
        self.sets.append(asked)
        self.shares.append(share)
        by_language: dict[str, list[Paragraph]] = {}
        for each in dict.fromkeys(each.paragraph for each in asked):
            if each not in self.near:
                by_language.setdefault(each.language, []).append(each)
        for paragraphs in by_language.values():
            self.near |= neighbours(paragraphs)

    def pool(self, number: int) -> list["Window"]:
        """The windows of one pool, shortest first."""
        windows = [self.window(Random(f"{self.seed}/{number}/{each}")) for each in range(POOL)]
        return sorted(windows, key=lambda each: len(each.question) + len(each.passage))

    def window(self, random: Random) -> "Window":
        asked = random.choice(random.choices(self.sets, self.shares)[0])
        paragraph, answers = asked.paragraph, asked.answers
        if answers and random.random() < NEGATIVE:
            cut = without(paragraph, answers) if random.random() < CUT else None
            paragraph, answers = cut or self._other(asked, random), ()
        question, text = asked.question, paragraph.text
        span = [random.choice(answers)] if answers else []
        if random.random() < SWITCHED:
            which, share = random.random(), random.uniform(0.3, 1.0)
            if which < 0.75 and (to := self.switcher.languages(asked.language)):
                question, _ = self.switcher.switch(question, [], asked.language, random.choice(to), share, random)
            if which > 0.6 and (to := self.switcher.languages(paragraph.language)):
                text, span = self.switcher.switch(text, span, paragraph.language, random.choice(to), share, random)
        if random.random() < FOLLOWS:
            same = random.random() < SAME_PARAGRAPH
            before = random.choice(
                self.about[asked.paragraph] if same else [each.question for each in random.choice(self.sets)[:500]]
            )
            question = question if before == asked.question else f"{before} {question}"
        tokens, asking = tokenized(self.tokenizer, [text, PROMPT + question])
        bounds = sentence_bounds(text, tokens)
        length = int(np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST))))
        inside = covering(tokens, *span[0]) if span else None
        # Where there is no answer, some sentence stands in the answer's place.
        first, last = inside or [edge for edge in random.choice(bounds)]
        start, end = grown(bounds, first, max(first, last - (inside is None)), length, random)
        end = min(end, start + LONGEST)
        sentence = next(((a - start, b - start) for a, b in bounds if inside and a <= inside[0] < b), None)
        if inside and inside[1] >= end:
            inside = sentence = None
        passage, above = tokens.part(start, end), 0
        if paragraph.title and random.random() < TITLED:
            (title,) = tokenized(self.tokenizer, [paragraph.title])
            passage, above = joined(title, passage), len(title)
        if inside is None or sentence is None:
            return Window(asking, passage, None, None)
        return Window(
            asking, passage, (inside[0] - start + above, inside[1] - start + above),
            (sentence[0] + above, sentence[1] + above),
        )  # fmt: skip

    def _other(self, asked: Asked, random: Random) -> Paragraph:
        """A paragraph near to the question's own that does not hold its answer."""
        words = {asked.paragraph.text[start:end] for start, end in asked.answers}
        near = [each for each in self.near[asked.paragraph] if not any(word in each.text for word in words)]
        return random.choice(near or self.near[asked.paragraph])


def without(paragraph: Paragraph, answers: tuple[tuple[int, int], ...]) -> Paragraph | None:
    """The paragraph without every sentence that holds an answer or its words; None where too little is left.

    What is left is about the question and does not answer it.
    """
    words = {paragraph.text[start:end] for start, end in answers}
    edges = [*(each.start for each in sentences(paragraph.text)), len(paragraph.text)]
    kept = [
        paragraph.text[begin:stop]
        for begin, stop in pairwise(edges)
        if not any(begin < end and start < stop for start, end in answers)
    ]
    left = "".join(each for each in kept if not any(word in each for word in words)).strip()
    return replace(paragraph, text=left) if len(left) >= LEFT else None


class Window:
    """A question with some of a passage; the answer and its sentence as ranges of the passage's tokens."""

    def __init__(
        self, question: Tokens, passage: Tokens, answer: tuple[int, int] | None, sentence: tuple[int, int] | None
    ) -> None:
        self.question, self.passage, self.answer, self.sentence = question, passage, answer, sentence


def neighbours(paragraphs: list[Paragraph]) -> dict[Paragraph, list[Paragraph]]:
    """The paragraphs that share the most character pairs (or, with spaces, words) with each, without itself."""
    unspaced = paragraphs[0].language in ("zh", "ja")
    by = TfidfVectorizer(
        analyzer="char" if unspaced else "word", ngram_range=(2, 2) if unspaced else (1, 1), sublinear_tf=True
    )
    rows = by.fit_transform([each.title + " " + each.text for each in paragraphs])
    near: dict[Paragraph, list[Paragraph]] = {}
    for start in range(0, len(paragraphs), 512):
        close = (rows[start : start + 512] @ rows.T).toarray()
        for number, row in enumerate(close, start):
            row[number] = -1
            best = np.argsort(-row)[:NEIGHBOURS]
            near[paragraphs[number]] = [paragraphs[each] for each in best]
    return near


def loss_of(scores: Tensor, windows: list[Window], batch: Batch) -> Tensor:
    """Cross-entropy of the answer's first and last token (token 0: no answer), and of the answer's sentence."""
    begins = [int(at) for at in batch.starts]
    first = torch.tensor([at + each.answer[0] if each.answer else 0 for at, each in zip(begins, windows, strict=True)])
    last = torch.tensor([at + each.answer[1] if each.answer else 0 for at, each in zip(begins, windows, strict=True)])
    sentence = torch.zeros(scores.shape[:2], dtype=torch.bool)
    for row, (at, each) in enumerate(zip(begins, windows, strict=True)):
        start, end = each.sentence or (-at, 1 - at)
        sentence[row, at + start : at + end] = True
    inside = [
        torch.logsumexp(scores[..., edge].masked_fill(~sentence, -1e9), 1) - torch.logsumexp(scores[..., edge], 1)
        for edge in (0, 1)
    ]
    spans = functional.cross_entropy(scores[..., 0], first) + functional.cross_entropy(scores[..., 1], last)
    return spans / 2 - SENTENCE * (inside[0] + inside[1]).mean() / 2


def rate_at(step: int, steps: int, fall: int) -> float:
    """The share of the full rate: warming up, constant, and falling to nothing by 1 − √ (Hägele et al. 2024)."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    left = steps - step
    return 1.0 if left > fall else 1 - ((fall - left) / fall) ** 0.5


class Trainer:
    """A network with its optimiser, its place in the source, and its checkpoints."""

    def __init__(self, work: Path, halved: bool) -> None:
        self.work, self.halved = work, halved
        self.step = 0
        torch.manual_seed(0)
        self.network = Network(load_encoder(model_folder()))
        self.network.encoder.embeddings.requires_grad_(False)
        for layer in self.network.encoder.encoder.layer[:FROZEN_LAYERS]:
            layer.requires_grad_(False)
        heads = [*self.network.spans.parameters(), *self.network.null.parameters()]
        known = {id(each) for each in heads}
        body = [each for each in self.network.parameters() if each.requires_grad and id(each) not in known]
        self.optimiser = torch.optim.AdamW(
            [{"params": body, "base": RATE}, {"params": heads, "base": HEAD_RATE}], weight_decay=DECAY
        )

    def learn(self, windows: list[Window], tokenizer: Any, rate: float) -> tuple[float, int]:
        """One step; its loss and its tokens."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * rate
        batch = batched(tokenizer, [(each.question, each.passage) for each in windows])
        self.network.encoder.set_attn_implementation("eager" if batch.ids.shape[1] < LONG else "sdpa")
        with torch.autocast("cpu", torch.bfloat16, enabled=self.halved):
            scores = self.network(*(torch.from_numpy(each) for each in (batch.ids, batch.attention, batch.passage)))
        loss = loss_of(scores.float(), windows, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_((each for each in self.network.parameters() if each.requires_grad), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return float(loss.detach()), int(batch.attention.sum())

    def save(self, name: str) -> None:
        """A whole checkpoint under `name`, or the one that was there before."""
        trained = {key: value for key, value in self.network.state_dict().items() if not _frozen(key)}
        beside = self.work / f".{name}.new"
        save_checkpoint(beside, self.step, trained, self.optimiser.state_dict())
        beside.replace(self.work / f"{name}.safetensors")

    def resume(self, name: str) -> bool:
        file = self.work / f"{name}.safetensors"
        if not file.is_file():
            return False
        self.step, network, optimiser = load_checkpoint(file)
        self.network.load_state_dict(network, strict=False)
        self.optimiser.load_state_dict(optimiser)
        return True

    def start_from(self, weights: Path) -> None:
        """Begin at weights as they ship instead of at the bundled encoder. Raises ModelError: see `load_weights`."""
        base = {ENCODER + name: tensor for name, tensor in packaged_weights().items()}
        trained = load_weights(weights, base)
        self.network.load_state_dict({name: torch.from_numpy(each) for name, each in trained.items()}, strict=False)


def _frozen(key: str) -> bool:
    parts = key.split(".")
    return parts[1] == "embeddings" or (parts[1:3] == ["encoder", "layer"] and int(parts[3]) < FROZEN_LAYERS)


def batches(source: Source, step: int) -> Iterator[list[Window]]:
    """The batches from a step on; a pool's batches come in a random order, or lengths would rise and fall together."""
    each = POOL // BATCH
    while True:
        pool = source.pool(step // each)
        order = Random(step // each).sample(range(each), each)
        for number in order[step % each :]:
            yield pool[number * BATCH : (number + 1) * BATCH]
            step += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of checkpoints and log")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--fall", type=float, default=0.2, help="share of the steps in which the rate falls")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=1, help="of the windows that are drawn")
    parser.add_argument("--start", type=Path, metavar="WEIGHTS", help="go on from weights that ship, not from the encoder")
    parser.add_argument("--bf16", action="store_true", help="multiply in 16 bits: faster where the CPU has AVX512_BF16")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    tokenizer = read_tokenizer(packaged_engine())
    trainer = Trainer(given.work, given.bf16)
    fall = int(given.steps * given.fall)
    if not (trainer.resume("falling") or trainer.resume("constant")) and given.start:
        trainer.start_from(given.start)
    source = Source(given.datasets, tokenizer, load_switcher(), given.seed)
    print(f"{sum(map(len, source.sets)):,} questions; from step {trainer.step}", file=sys.stderr, flush=True)
    log = (given.work / "log.jsonl").open("a", encoding="utf8")
    begun, tokens, losses = time.monotonic(), 0, []
    for windows in batches(source, trainer.step):
        if trainer.step >= given.steps:
            break
        loss, count = trainer.learn(windows, tokenizer, rate_at(trainer.step, given.steps, fall))
        losses.append(loss)
        tokens += count
        if trainer.step % given.every == 0 or trainer.step == given.steps:
            row = {
                "step": trainer.step,
                "loss": round(float(np.mean(losses)), 4),
                "tokens/s": round(tokens / (time.monotonic() - begun)),
            }
            print(json.dumps(row), file=log, flush=True)
            print(row, file=sys.stderr, flush=True)
            losses = []
            trainer.save("constant" if trainer.step <= given.steps - fall else "falling")


if __name__ == "__main__":
    main()
