"""Bytes to text when nobody says which encoding they are in.

One idea carries the module: the right encoding is the one under which the bytes are least surprising.  Every
candidate decodes the same bytes, and the text it gives is priced in bits by how common its characters are in the
language that writes with that encoding.  Six Chinese characters already differ by dozens of bits between their own
encoding and a wrong one, where detectors that look for patterns of bytes need several sentences.

Byte-order marks and valid UTF-8 are certain enough to be believed without pricing.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from corpus import frequent


class NotText(ValueError):
    """The bytes are a picture, a program or the like; the message is one sentence for the person."""


@dataclass(frozen=True)
class Decoded:
    text: str  # byte-order mark removed, not yet normalised
    encoding: str  # the Python codec that turns the bytes into this text


@dataclass(frozen=True)
class Language:
    """How the characters of one language are ranked, and which standard tells its usual ones from its rare ones."""

    ranks: dict[str, float]  # price in bits of the characters that make up nine tenths of any text
    standard: str  # codec of the national standard
    usual: tuple[int, int]  # range of its two-byte codes that everyday characters fall in
    rare: tuple[int, int]  # range of the codes its less common ones fall in


def _ranked(characters: str) -> dict[str, float]:
    # Fitted to counts over Chinese and Japanese: close to Zipf's law, falling faster towards the end.
    return {c: 5 + 0.65 * math.log2(r) + r / 1000 for r, c in enumerate(characters, 1)}


SIMPLIFIED = Language(_ranked(frequent.SIMPLIFIED), "gb2312", (0xB0A1, 0xD7FE), (0xD8A1, 0xF7FE))
TRADITIONAL = Language(_ranked(frequent.TRADITIONAL), "big5", (0xA440, 0xC67E), (0xC940, 0xF9D5))
JAPANESE = Language(_ranked(frequent.JAPANESE), "euc_jp", (0xB0A1, 0xCFFE), (0xD0A1, 0xF4FE))
KOREAN = Language(_ranked(frequent.KOREAN), "euc_kr", (0xB0A1, 0xC8FE), (0xCAA1, 0xFDFE))
LETTERS = {c: float(bits) for bits, group in frequent.LETTERS.items() for c in group}
ALPHABETIC = Language(LETTERS, "ascii", (0, 0), (0, 0))
ALL = (SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN, ALPHABETIC)

SINGLE = ("cp1252", "cp1251", "cp1250", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874")

# (codec, language, how many bits of evidence it takes to prefer this to the usual encodings)
CANDIDATES: tuple[tuple[str, Language, float], ...] = (
    ("gb18030", SIMPLIFIED, 0),
    ("cp950", TRADITIONAL, 0),
    ("big5hkscs", TRADITIONAL, 1),
    ("cp932", JAPANESE, 0),
    ("euc_jp", JAPANESE, 1),
    ("cp949", KOREAN, 0),
    ("gb18030", TRADITIONAL, 10),
    *((codec, ALPHABETIC, float(i)) for i, codec in enumerate(SINGLE)),
    *((codec, language, 8.0) for codec in ("utf-16-le", "utf-16-be") for language in ALL),
    *((codec, language, 12.0) for codec in ("utf-32-le", "utf-32-be") for language in ALL),
)

def rank(data: bytes) -> list[tuple[float, str, str]]:
    out = []
    for codec, language, doubt in CANDIDATES:
        try:
            text = data.decode(codec)
        except UnicodeError:
            text = data.decode(codec, "replace")
            if text.count("\ufffd") > max(1, len(text) // 1000):
                continue
        out.append((doubt + surprise(text, language), codec, text))
    return sorted(out)


MIXED = re.compile(r"(?<=[a-zà-ÿа-яё])[A-ZÀ-ÞА-Я]|(?<=[A-Za-z])[\u3041-\uD7A3]|(?<=[\u3041-\uD7A3])[A-Za-z]"
  r"|(?<=[A-Za-zÀ-ɏ])[\u0370-\u0eff]|(?<=[\u0370-\u0eff])[A-Za-zÀ-ɏ]")

def surprise(text: str, language: Language) -> float:
    return sum(n * _bits(c, language.standard) for c, n in Counter(text).items()) + 4*len(MIXED.findall(text))

BY={l.standard:l for l in ALL}

@lru_cache(maxsize=1 << 16)
def _bits(c: str, std: str) -> float:
    language = BY[std]
    if c in language.ranks:
        return language.ranks[c]
    if c < "\x7f":
        if c.islower() or c == " ":
            return 5.0
        if c.isalnum(): return 7.0
        if c in "\t\n\r\f\x1b" or c.isprintable(): return 7.5
        return 25.0
    if c == "\ufffd": return 25.0
    cat = unicodedata.category(c)
    if cat in ("Cn", "Co", "Cc", "Cs"): return 30.0
    try:
        b = c.encode(language.standard)
    except UnicodeError:
        return 24.0 if language.standard != "ascii" else 13.0 if c < "\u1000" else 18.0
    code = int.from_bytes(b, "big")
    if language.usual[0] <= code <= language.usual[1]:
        return 15.0
    if language.rare[0] <= code <= language.rare[1]:
        return 20.0
    return 17.0
