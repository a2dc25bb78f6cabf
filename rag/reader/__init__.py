"""Which words of the candidates answer: a trained cross-encoder, or the plain baseline without its weights."""

import logging

from embeddings import Encoder
from embeddings.encoder import BUNDLED
from embeddings.remembered import forgetting
from rag.reader.baseline import WordsAndCosine
from rag.reader.reading import ACROSS, Asked, Candidate, Margins, Reader, Reading, to_read
from rag.settings import Settings

__all__ = ["ACROSS", "Asked", "Candidate", "Margins", "Reader", "Reading", "WordsAndCosine", "load_reader", "to_read"]

LOG = logging.getLogger(__name__)


def load_reader(encoder: Encoder, settings: Settings) -> Reader:
    """The trained reader; where its weights are not there, the baseline, and a line in the log that says so."""
    from rag.reader.scoring import WEIGHTS
    from rag.reader.trained import CrossEncoder

    if WEIGHTS.is_file():
        # Cosines of other encoders are spread otherwise than those that it was fitted on.
        return CrossEncoder(settings=settings, embed=forgetting(encoder).encode_passages if encoder.name == BUNDLED else None)
    LOG.warning(
        "the trained reader's weights are not installed (%s): sentences are chosen by the plain baseline", WEIGHTS.name
    )
    return WordsAndCosine(encoder, settings)
