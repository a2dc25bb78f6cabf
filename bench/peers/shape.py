"""What each of those compared is to its module: two functions, and a name to look its version up by.

    PACKAGES: tuple[str, ...]
    def build(documents: Sequence[Document], folder: Path, models: Models) -> None
    def load(folder: Path, models: Models) -> Ask

A passage is named by its document, which is one paragraph of a set.
"""

from collections.abc import Callable
from dataclasses import dataclass

# The passages that a reader is given, where it may be said: as many as Yinju's.
READ = 5
QUERY, PASSAGE = "query: ", "passage: "
# A question in; the name of the passage that the quote is from and the quote out, "" where there is none.
Ask = Callable[[str], tuple[str, str]]


@dataclass(frozen=True)
class Document:
    name: str
    text: str


@dataclass(frozen=True)
class Models:
    """Folders of the encoder (sentence-transformers) and of the reader (transformers' question answering)."""

    encoder: str
    reader: str
