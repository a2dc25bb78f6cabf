"""Which words of the candidates answer: a trained cross-encoder, or the plain baseline without its weights."""

from rag.reader.baseline import WordsAndCosine
from rag.reader.reading import Asked, Candidate, Margins, Reader, Reading

__all__ = ["Asked", "Candidate", "Margins", "Reader", "Reading", "WordsAndCosine"]
