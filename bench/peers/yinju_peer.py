"""Yinju as it ships, of the same weights: its own form of the two models is in the user's cache."""

from collections.abc import Sequence
from pathlib import Path

from bench.peers.shape import Ask, Document, Models
from corpus import Block, Library
from corpus import Document as Read
from embeddings import load_encoder
from rag import Assistant, index_documents

PACKAGES: tuple[str, ...] = ()


def build(documents: Sequence[Document], folder: Path, models: Models) -> None:
    encoder = load_encoder()
    read = [Read(each.name, "", each.text, (Block("paragraph", 0, len(each.text)),)) for each in documents]
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        index_documents(read, library, encoder)


def load(folder: Path, models: Models) -> Ask:
    assistant = Assistant.open(folder)

    def ask(question: str) -> tuple[str, str]:
        answer = assistant.ask(question)
        if answer.quotes:
            return answer.quotes[0].document, answer.quotes[0].text
        return (answer.passages[0].document if answer.passages else ""), ""

    return ask
