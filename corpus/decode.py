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

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
SIGNATURES = (b"\x89PNG", b"%PDF", b"PK\x03\x04", b"\x7fELF", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"SQLite format 3")
# How much of a text is priced: enough to be sure, and no more than takes a few milliseconds.
SAMPLE = 4096
# Dearer than this many bits a byte, no candidate reads as a language (measured: text stays below 8).
TOO_DEAR = 9.5
MIXED = re.compile(
    r"(?<=[a-zà-ÿа-яё])[A-ZÀ-ÞА-Я]|(?<=[A-Za-z])[\u3041-\uD7A3]|(?<=[\u3041-\uD7A3])[A-Za-z]"
    r"|(?<=[A-Za-zÀ-ɏ])[\u0370-\u0eff]|(?<=[\u0370-\u0eff])[A-Za-zÀ-ɏ]"
)


def decode(data: bytes) -> Decoded:
    """The text of these bytes: by their byte-order mark, as UTF-8, or by the least surprising encoding.

    A bad byte in a long text is replaced by U+FFFD. Raises NotText where no encoding gives text.
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return Decoded(data.decode(codec, "replace"), codec)
    if data.startswith(SIGNATURES):
        raise NotText("its bytes are a picture, an archive or a program")
    if b"\0" not in data:
        try:
            return Decoded(data.decode("utf-8"), "utf-8")
        except UnicodeDecodeError:
            text = data.decode("utf-8", "replace")
            if text.count("\ufffd") <= len(text) // 1000:
                return Decoded(text, "utf-8")
    ranked = _ranking(data)
    if not ranked or ranked[0][0] > TOO_DEAR * min(len(data), SAMPLE):
        raise NotText("its bytes are of no encoding this program knows")
    codec = ranked[0][1]
    text = data.decode(codec, "replace")
    if text.count("\0") > len(text) // 1000:
        raise NotText("it is full of NUL bytes, as programs and pictures are")
    return Decoded(text, codec)


def _ranking(data: bytes) -> list[tuple[float, str]]:
    """(bits, codec) of every candidate that decodes the bytes, cheapest first."""
    sample = data[:SAMPLE]
    cut = len(data) > SAMPLE
    ranked = []
    for codec, language, doubt in CANDIDATES:
        text = sample.decode(codec, "replace")
        # The end of a sample, or of a file cut short, may fall inside a character.
        if text.count("\ufffd") > max(2 if cut else 0, len(text) // 500):
            continue
        ranked.append((doubt + _surprise(text, language), codec))
    return sorted(ranked)


def _surprise(text: str, language: Language) -> float:
    """Bits that the text costs when its characters are as common as the language makes them."""
    bits = sum(count * _bits(each, language.standard) for each, count in Counter(text).items())
    return bits + 4 * len(MIXED.findall(text))


BY_STANDARD = {language.standard: language for language in ALL}


@lru_cache(maxsize=1 << 16)
def _bits(character: str, standard: str) -> float:
    language = BY_STANDARD[standard]
    if character in language.ranks:
        return language.ranks[character]
    if character < "\x7f":
        if character.islower() or character == " ":
            return 5.0
        if character.isalnum():
            return 7.0
        return 7.5 if character in "\t\n\r\f" or character.isprintable() else 25.0
    if character == "\ufffd":
        return 25.0
    if unicodedata.category(character) in ("Cn", "Co", "Cc", "Cs"):
        return 30.0
    try:
        code = int.from_bytes(character.encode(language.standard), "big")
    except UnicodeError:
        if language.standard != "ascii":
            return 24.0
        return 13.0 if character < "\u1000" else 18.0
    if language.usual[0] <= code <= language.usual[1]:
        return 15.0
    return 20.0 if language.rare[0] <= code <= language.rare[1] else 17.0
