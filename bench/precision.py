"""What the engine's arithmetic costs: the packaged networks in eight bits beside the same weights in float32, by torch.

    python -m bench.precision [--count 100] [--sets cmrc,drcd,…]

Questions of the measuring fifth, of every set and across languages, among up to 350 paragraphs of each set: the right
paragraph first by vectors alone, and, given the right paragraph, the answer in the sentence that reads best.
"""

import argparse

import numpy as np

from bench.answer_sets import libraries
from bench.reader import candidate
from bench.speed import torch_reader
from embeddings import load_encoder
from embeddings.bundled import model_folder
from embeddings.index import Vectors
from eval.metrics import holds
from rag.reader.data import Asked, Paragraph
from rag.reader.trained import CrossEncoder


def found_first(questions: Vectors, passages: Vectors, right: list[int]) -> float:
    return float(np.mean((questions @ passages.T).argmax(axis=1) == right))


def quoted(reader: CrossEncoder, asked: list[Asked]) -> float:
    vector = np.zeros(1, np.float32)
    readings = reader.read_many([(each.question, vector, [candidate(each.paragraph)]) for each in asked])
    hits = []
    for each, read in zip(asked, readings, strict=True):
        text, best = each.paragraph.text, read[0].sentence
        hits.append(holds(text[best.start : best.end], tuple(text[start:end] for start, end in each.answers)))
    return float(np.mean(hits))


def main() -> None:
    from sentence_transformers import SentenceTransformer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--sets", default="")
    given = parser.parse_args()
    encoder, model = load_encoder(), SentenceTransformer(str(model_folder()))
    readers = CrossEncoder(), torch_reader()
    kept: dict[tuple[Paragraph, ...], tuple[Vectors, Vectors]] = {}
    rows = []
    print("| set | questions | recall@1 by vectors: engine / float32 | quote given the paragraph: engine / float32 |\n" + "| --- |" * 4)
    for name, (paragraphs, asked) in libraries("measure", given.count, set(filter(None, given.sets.split(",")))).items():
        texts = [f"{each.title}\n{each.text}".strip() for each in paragraphs]
        if tuple(paragraphs) not in kept:
            float32 = model.encode(["passage: " + each for each in texts], normalize_embeddings=True)
            kept[tuple(paragraphs)] = encoder.encode_passages(texts), float32
        questions = [each.question for each in asked]
        vectors = encoder.encode_queries(questions), model.encode(["query: " + each for each in questions], normalize_embeddings=True)
        right = [paragraphs.index(each.paragraph) for each in asked]
        recalls = [found_first(one, other, right) for one, other in zip(vectors, kept[tuple(paragraphs)], strict=True)]
        hits = [quoted(reader, asked) for reader in readers]
        rows.append((len(asked), *recalls, *hits))
        print(f"| {name} | {len(asked)} | {recalls[0]:.3f} / {recalls[1]:.3f} | {hits[0]:.3f} / {hits[1]:.3f} |", flush=True)
    total = np.array(rows)
    means = (total[:, :1] * total[:, 1:]).sum(0) / total[:, 0].sum()
    print(f"| all | {total[:, 0].sum():.0f} | {means[0]:.3f} / {means[1]:.3f} | {means[2]:.3f} / {means[3]:.3f} |")


if __name__ == "__main__":
    main()
