"""A library for one run: made of a corpus, or of the paragraphs that came with the questions.

It stands in the run folder while the run goes on, so that a stopped run, whatever stopped it, embeds nothing
again, and is removed when the run is done.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from corpus import Library, QuestionError, YinjuError
from embeddings import Encoder
from eval.question import QuestionSet
from eval.run import require_writable
from eval.writing import only_one
from rag import IndexReport, index_documents, index_paths
from rag.indexing import Progress, silent

PREFIX = ".library-"
# Held from the first document to the end; the lock of the run itself is taken only when all are there.
LOCK = ".library.lock"


@contextmanager
def derived_folder(corpus: Path | None, output: Path, encoder: Encoder) -> Iterator[Path]:
    """Where the library of this corpus (None: of the questions' own paragraphs) stands while the run goes on.

    It stays when the run is stopped or something is wrong, and goes when the run is done, with those of other corpora.
    Raises YinjuError where the run folder cannot be written or lies in the corpus, or another process makes a library in it.
    """
    if corpus is not None and output.resolve().is_relative_to(corpus.resolve()):
        raise QuestionError(f"{output} lies in {corpus}: the run's own answers would be indexed; choose another folder with --output")
    require_writable(output)
    said = f"{corpus.resolve() if corpus else ''}\0{encoder.name}"
    try:
        with only_one(output, LOCK):
            yield output / f"{PREFIX}{blake2b(said.encode('utf8', 'surrogateescape'), digest_size=6).hexdigest()}"
            for each in output.glob(f"{PREFIX}*"):
                shutil.rmtree(each, ignore_errors=True)
    finally:
        with suppress(OSError):  # it holds a run, or what is kept for one
            output.rmdir()


def fill(folder: Path, asked: QuestionSet, corpus: Path | None, encoder: Encoder, progress: Progress = silent) -> IndexReport:
    """Index the corpus into the folder: only what is not there yet. Raises YinjuError as `index_paths` does."""
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        try:
            if corpus is None:
                return index_documents(asked.corpus, library, encoder, progress)
            return index_paths([corpus], library, encoder, progress)
        except YinjuError:
            if not library.vectors.marks().count:  # nothing was embedded that could be kept
                library.discard()
            raise


def require_passages(report: IndexReport, folder: Path, asked: Path, corpus: Path | None) -> None:
    """Raises QuestionError, and removes the library in the folder, where nothing of the corpus could be read."""
    if report.passages:
        return
    shutil.rmtree(folder, ignore_errors=True)
    if corpus is None:
        raise QuestionError(f"{asked} holds no paragraph with words in it; correct it, or give the documents with --corpus")
    raise QuestionError(f"{corpus} holds no document that can be read; put documents with words into it, or give another --corpus")
