"""What can be tuned of a library: how passages are cut, how readings are weighed, when to answer.

Kept in the library's meta table, so that whoever opens it asks as it was tuned (`yinju tune --save`).
"""

import json
from dataclasses import asdict, dataclass

from corpus import LibraryError
from corpus.store import Store

KEY = "settings"


@dataclass(frozen=True)
class Settings:
    """`passage_tokens` is how passages are cut; the rest is read at every question.

    Passages are found by `cosine + by_words · words + by_pairs · pairs + by_translation · translated` (`rag.retrieve`),
    among the `pool` nearest and as many or more by words; weights of 0 leave vectors alone. The best `read` passages are read,
    twice as many where the best is in another language than the question. `passage`
    is how much a passage's own score counts beside what is read in it (1: as the reader was fitted);
    an answer is given from a confidence of `threshold` on, of three quarters of it across languages.
    """

    # A paragraph of an encyclopedia or a newspaper mostly fits whole.
    passage_tokens: int = 400
    by_words: float = 0.2
    by_pairs: float = 0.1
    by_translation: float = 0.2
    pool: int = 50
    read: int = 5
    passage: float = 1.0
    threshold: float = 0.2


def library_settings(library: Store) -> Settings:
    """The library's own settings; where it has none, the defaults. Raises LibraryError where they are damaged."""
    value = library.meta(KEY)
    if value is None:
        return Settings()
    try:
        content = json.loads(value)
        known = {name: type(value) for name, value in asdict(Settings()).items()}
        return Settings(**{name: known[name](found) for name, found in content.items() if name in known})
    except (ValueError, TypeError, AttributeError):
        raise LibraryError(f"the settings of {library.address} are damaged; write them anew with: yinju tune --save") from None


def save_settings(library: Store, settings: Settings) -> None:
    """Keep the settings in the library; for who may write."""
    library.set_meta(KEY, json.dumps(asdict(settings)))
