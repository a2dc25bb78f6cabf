"""Is this library whole? Documents against themselves, vectors against their words, and what searches them against both."""

import sqlite3
from pathlib import Path

import numpy as np

from corpus import Library
from corpus.check import REPAIR, Problem, again, check_database
from corpus.errors import DamagedLibrary, LibraryError
from corpus.passages import text_with_key
from corpus.store import Store, open_store
from embeddings import Encoder, load_encoder
from embeddings.cache import damaged_folders
from rag.engines import engine_of
from rag.posting_index import torn_postings
from rag.reader.scoring import WEIGHTS, network_folder
from rag.vectors import KEY, is_whole, open_index

# Passages embedded again, spread over the library; and how near the stored vector must be: eight-bit weights of another
# processor, or of an earlier version, leave it at 0.997, and the nearest of other words, of 120 passages, was at 0.956.
SAMPLE, NEAR = 32, 0.995

REWRITE = "nothing is lost and questions are answered all the same; any `yinju index PATH` writes it anew"
MODEL = "delete it: it is made anew when something is asked"


def check_library(address: str | Path, encoder: Encoder | None = None) -> list[Problem]:
    """All that is wrong with the library at an address, with the remedy for each; nothing where it is whole.

    Raises LibraryError where there is no library, ModelError where its model is gone.
    """
    try:
        library = open_store(address)
    except DamagedLibrary as reason:
        return [_problem(reason)]
    with library:
        return engine_of(library).problems(library, encoder)


def folder_problems(library: Library, encoder: Encoder | None) -> list[Problem]:
    """All that is wrong with a library in a folder."""
    problems = check_database(library)
    if problems:
        return problems
    try:
        problems = _numbers(library)
        if not problems:
            problems += sample_problems(library, encoder)
            problems += _faiss(library)
            problems += _words(library)
        return problems
    except sqlite3.DatabaseError as reason:
        return [Problem(f"the vectors of {library.folder} cannot be read ({reason})", REPAIR)]
    except DamagedLibrary as reason:
        return [_problem(reason)]


def sample_problems(library: Store, encoder: Encoder | None) -> list[Problem]:
    """What is wrong with the models, and with the vectors of some passages, which are embedded again."""
    used = encoder or load_encoder(library.model)
    return [*([] if encoder else _models()), *_sample(library, used)]


def _problem(reason: LibraryError) -> Problem:
    what, _, remedy = str(reason).partition("; ")
    return Problem(what, remedy)


def _models() -> list[Problem]:
    """The models of this machine's cache that answers are made with are what was written."""
    if WEIGHTS.is_file():
        network_folder()
    return [Problem(f"the model's folder {each} is not what was written", MODEL) for each in damaged_folders()]


def _numbers(library: Library) -> list[Problem]:
    """Every vector has the library's dimension and unit length."""
    wrong = 0
    for _, vectors in library.vectors.chunks():
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        wrong += int(np.count_nonzero(~(np.abs(lengths - 1) < 0.01)))
    return [Problem(f"{wrong} vectors have not the length 1", REPAIR)] if wrong else []


def _sample(library: Store, encoder: Encoder) -> list[Problem]:
    """Some passages embedded again: each stored vector belongs to its words."""
    ids = library.passage_ids()
    chosen = [int(each) for each in ids[np.linspace(0, len(ids) - 1, min(SAMPLE, len(ids))).astype(int)]] if len(ids) else []
    names, places, texts, keys = [], [], [], []
    for passage in library.passages(chosen):
        entry = library.with_sentences(passage.document_id)
        key = dict((each.id, key) for each, key in library.passages_with_keys(passage.document_id))[passage.id]
        assert entry is not None  # check_database has seen it
        names.append(entry[0].name)
        places.append(f"{entry[0].name}, {passage.start}–{passage.end}")
        texts.append(text_with_key(entry[0], passage, key))
        keys.append(key)
    stored = library.vectors_of(keys)
    rows = encoder.encode_passages(texts)
    problems = []
    for name, place, key, row in zip(names, places, keys, rows, strict=True):
        cosine = float(row @ stored[key]) if key in stored else 0.0
        if not cosine >= NEAR:
            problems.append(Problem(f"{place}: the vector is not that of the words (cosine {cosine:.3f})", again(name)))
    return problems


def _faiss(library: Library) -> list[Problem]:
    """The derived index, with what came and went since it was written, has the texts and vectors of the database."""
    named = library.derived(KEY)
    if named is None:
        return []  # indexing was stopped: the index is made from the stored vectors when it is opened
    if not is_whole(named):
        return [Problem(f"the index file {named.path.name} is {'torn' if named.path.exists() else 'missing'}", REWRITE)]
    opened = open_index(library)
    count = 0
    for numbers, vectors in library.vectors.chunks():
        count += len(numbers)
        if not opened.alive[numbers].all():
            return [Problem(f"the index file {named.path.name} lacks texts", REWRITE)]
        if not np.allclose(opened.index.vectors(numbers), vectors.astype(np.float32), atol=1e-6):
            return [Problem(f"the index file {named.path.name} has other vectors than the database", REWRITE)]
    if count != len(opened.index):
        return [Problem(f"the index file {named.path.name} has texts that are gone", REWRITE)]
    return []


def _words(library: Library) -> list[Problem]:
    """The file of all words, where there is one, is what was written of the database."""
    torn = torn_postings(library)
    if torn is None:
        return []
    what = f"the index file {torn.path.name} is {'torn' if torn.path.exists() else 'missing'}"
    return [Problem(what, f"delete it, if it is there: {REWRITE}")]
