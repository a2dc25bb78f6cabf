"""sentence-transformers with FAISS, as the tutorials have it: the best passage is the answer.

As its quote counts the best passage's sentence of the highest cosine. There is no reader, and it never says that there
is no answer.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

from bench.peers.shape import PASSAGE, QUERY, Ask, Document, Models

PACKAGES = ("sentence-transformers", "faiss-cpu")
SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")


def build(documents: Sequence[Document], folder: Path, models: Models) -> None:
    passages = [(each.name, part) for each in documents for part in each.text.split("\n") if part.strip()]
    model = SentenceTransformer(models.encoder)
    vectors = model.encode([PASSAGE + text for _, text in passages], normalize_embeddings=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    folder.mkdir()
    faiss.write_index(index, str(folder / "passages.faiss"))
    (folder / "passages.json").write_text(json.dumps(passages), "utf8")


def load(folder: Path, models: Models) -> Ask:
    model = SentenceTransformer(models.encoder)
    index = faiss.read_index(str(folder / "passages.faiss"))
    passages = json.loads((folder / "passages.json").read_text("utf8"))

    def ask(question: str) -> tuple[str, str]:
        asked = model.encode([QUERY + question], normalize_embeddings=True)
        _, found = index.search(asked, 1)
        name, text = passages[found[0, 0]]
        sentences = [each.strip() for each in SENTENCE.split(text) if each.strip()]
        vectors = model.encode([PASSAGE + each for each in sentences], normalize_embeddings=True)
        return name, sentences[int((vectors @ asked[0]).argmax())]

    return ask
