"""What the page says, in the reader's language: Simplified and Traditional Chinese, and English.

A panel keeps its own words as a table, `{key: (Simplified Chinese, English)}`; Traditional Chinese is made of the Simplified
by OpenCC, in the words of Taiwan. What documents say is never translated.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

Words = Mapping[str, tuple[str, str]]
# Code, and what a language calls itself.
LANGUAGES = {"zh": "简体中文", "zh-Hant": "繁體中文", "en": "English"}
_TRADITIONAL = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")


def said(words: Words, key: str, language: str, **values: object) -> str:
    """The words of a key, with `{name}` filled from the values."""
    chinese, english = words[key]
    text = english if language == "en" else _traditional(chinese) if language == "zh-Hant" else chinese
    return text.format(**values) if values else text


def preferred(header: str | None) -> str:
    """The page's language for a browser that sends this Accept-Language header; English where it asks for neither."""
    for _, tag in sorted(map(_weighed, enumerate((header or "zh").split(",")))):
        if tag.startswith(_TRADITIONAL):
            return "zh-Hant"
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"


def _weighed(numbered: tuple[int, str]) -> tuple[tuple[float, int], str]:
    """What sorts first is wanted most: by `q`, then as it stands in the header (RFC 9110, section 12.4.2)."""
    place, part = numbered
    tag, _, quality = part.strip().lower().partition(";q=")
    try:
        weight = float(quality or 1)
    except ValueError:
        weight = 0.0
    return (-weight, place), tag


@cache
def _traditional(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("s2twp")
