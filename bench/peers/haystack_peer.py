"""Haystack 2: its store in memory, its embedders over sentence-transformers, and its ExtractiveReader.

The store is the one of its tutorials: `faiss-haystack` 3.0.0 would hold everything here to numpy below 2 on Python
3.11. The reader reads windows of 384 tokens of each passage, a batch, and does not use a null score; that it might
add "no answer" by itself is switched off, since all these questions have one.
"""

from collections.abc import Sequence
from pathlib import Path

from haystack import Document as Kept
from haystack import Pipeline
from haystack.components.embedders import SentenceTransformersDocumentEmbedder, SentenceTransformersTextEmbedder
from haystack.components.readers import ExtractiveReader
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from bench.peers.shape import PASSAGE, QUERY, READ, Ask, Document, Models

PACKAGES = ("haystack-ai",)
STORE = "store.json"


def build(documents: Sequence[Document], folder: Path, models: Models) -> None:
    embedder = SentenceTransformersDocumentEmbedder(
        models.encoder, prefix=PASSAGE, normalize_embeddings=True, progress_bar=False
    )
    kept = [Kept(content=each.text, meta={"name": each.name}) for each in documents]
    embedder.warm_up()
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(embedder.run(kept)["documents"])
    folder.mkdir()
    store.save_to_disk(str(folder / STORE))


def load(folder: Path, models: Models) -> Ask:
    store = InMemoryDocumentStore.load_from_disk(str(folder / STORE))
    pipeline = Pipeline()
    pipeline.add_component(
        "embedder",
        SentenceTransformersTextEmbedder(models.encoder, prefix=QUERY, normalize_embeddings=True, progress_bar=False),
    )
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=READ))
    pipeline.add_component("reader", ExtractiveReader(models.reader, top_k=1, no_answer=False))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    pipeline.connect("retriever.documents", "reader.documents")

    def ask(question: str) -> tuple[str, str]:
        given = {"embedder": {"text": question}, "reader": {"query": QUERY + question}}
        answers = pipeline.run(given)["reader"]["answers"]
        return (answers[0].document.meta["name"], answers[0].data) if answers else ("", "")

    return ask
