"""When a quote holds a gold answer: white space, width and Traditional or Simplified forms aside.

The rule, character by character: NFKC, white space out, then OpenCC's Simplified form of the single
character. By the character, for OpenCC's own conversion looks at the words around, and would fold an
answer otherwise than the sentence that holds it.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache


def holds(quote: str, answers: Iterable[str]) -> bool:
    """Whether the quote holds one of the answers, as the rule above folds both."""
    text = folded(quote)
    return any(each in text for each in map(folded, answers) if each)


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """The text as answers are compared."""
    return "".join("".join(unicodedata.normalize("NFKC", text).split()).translate(_forms()))


@cache
def _forms() -> dict[int, str]:
    """The Simplified form of every character that has another."""
    from opencc import OpenCC

    simplified = OpenCC("t2s")
    planes = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
    forms: dict[int, str] = {}
    for first, last in planes:
        characters = [chr(code) for code in range(first, last)]
        # A line each, so that no two stand together as a word.
        for before, after in zip(characters, simplified.convert("\n".join(characters)).split("\n"), strict=True):
            if before != after:
                forms[ord(before)] = after
    return forms
