"""txtai: vectors and words together, then its pipeline of extractive question answering.

The pipeline joins the three best passages (its own number) and reads as much of them as 512 tokens hold. Its answer is
from the best first token to the best last token, wherever they are, and in whole words: from white space to white
space, since this model's tokenizer knows no other words, which in Chinese is a whole passage. It has none where it is
less than 0.05 sure.

Two things are made easier for it. It would take tokens of the question, which the reader was never scored on: they are
left out here, as a model trained in the ordinary way leaves them out. And it can name the passage of an answer only by
encoding the three again (`output="reference"`): here it is the first of them that has those words.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertForQuestionAnswering
from txtai import Embeddings
from txtai.pipeline import RAG, Questions

from bench.peers.shape import PASSAGE, QUERY, Ask, Document, Models

PACKAGES = ("txtai",)
# The number of </s>.
END = 2


def build(documents: Sequence[Document], folder: Path, models: Models) -> None:
    instructions = {"query": QUERY, "data": PASSAGE}
    embeddings = Embeddings(path=models.encoder, hybrid=True, content=True, instructions=instructions)
    embeddings.index((each.name, each.text, None) for each in documents)
    embeddings.save(str(folder))


def load(folder: Path, models: Models) -> Ask:
    embeddings = Embeddings()
    embeddings.load(str(folder))
    tokenizer = AutoTokenizer.from_pretrained(models.reader)
    reader = Questions((Reader.from_pretrained(models.reader, use_safetensors=True), tokenizer))
    found: list[dict[str, Any]] = []

    def search(questions: list[str], count: int) -> list[list[dict[str, Any]]]:
        found[:] = embeddings.batchsearch(questions, count)[0]
        return [found]

    pipeline = RAG(search, reader)

    def ask(question: str) -> tuple[str, str]:
        quote = pipeline([{"query": question, "question": QUERY + question}])[0]["answer"] or ""
        names = [each["id"] for each in found if quote in each["text"]] or [each["id"] for each in found]
        return (names[0] if names else ""), quote

    return ask


class Reader(BertForQuestionAnswering):
    """Scores only tokens of the passage: those between the last two ends, of `<s> question </s> </s> passage </s>`."""

    def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
        scores = super().forward(input_ids=input_ids, **others)
        ends = input_ids == END
        outside = (ends.cumsum(1) < 2) | ends
        for each in (scores.start_logits, scores.end_logits):
            each.masked_fill_(outside, -1e4)
        return scores
