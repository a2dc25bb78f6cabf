"""Which words of the candidates answer: a trained cross-encoder, or the plain baseline without its weights."""

import logging

from embeddings import Encoder
from rag.reader.baseline import WordsAndCosine
from rag.reader.reading import ACROSS, Asked, Candidate, Margins, Reader, Reading, to_read
from rag.settings import Settings

__all__ = ["ACROSS", "Asked", "Candidate", "Margins", "Reader", "Reading", "WordsAndCosine", "load_reader", "to_read"]

LOG = logging.getLogger(__name__)


def load_reader(encoder: Encoder, settings: Settings) -> Reader:
    """The trained reader; where its weights are not there, the baseline, and a line in the log that says so."""
    from rag.reader.closeness import second_look
    from rag.reader.scoring import WEIGHTS
    from rag.reader.trained import CrossEncoder

    if WEIGHTS.is_file():
        return CrossEncoder(settings=settings, look=second_look(encoder))
    LOG.warning(
        "the trained reader's weights are not installed (%s): sentences are chosen by the plain baseline", WEIGHTS.name
    )
    return WordsAndCosine(encoder, settings)
