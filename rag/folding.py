"""Text as it is compared: what is written in several ways is written in one.

Full and half width, ligatures (NFKC) and case are one; so are Traditional, Simplified and Japanese forms
of a character (OpenCC's tables, character by character, so that no context can make the question's
form another than the passage's), Arabic letters' variants, and, once words are stemmed, accents.
"""

import unicodedata
from functools import cache

import regex
from opencc import OpenCC

# What is written or left out as one pleases: soft hyphen, joiners, tatweel, vowel signs of Arabic and Hebrew.
_LEFT_OUT = regex.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0591-\u05c7\ufe00-\ufe0f]")
_ARABIC = {ord(old): ord(new) for old, new in zip("أإآٱىیئؤکةۀہھ", "اااايييوكهههه", strict=True)}
# Letters that Unicode does not decompose, as Lucene's ASCIIFoldingFilter has them.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"})
_ACCENTS = regex.compile(r"[\u0300-\u036f]+")
_DIGIT_GROUPS = regex.compile(r"(?<=\d)[,，](?=\d{3}(?!\d))")
# Directions of OpenCC, one after the other: Japanese and regional forms to Traditional ones, those to Simplified.
_CHAIN = ("jp2t", "tw2t", "hk2t", "t2s")
_HAN = range(0x3400, 0xA000)


def folded(text: str) -> str:
    """NFKC and case folding, and one form for each character that has several. Accents stay (`plain`)."""
    if text.isascii():
        return str(_DIGIT_GROUPS.sub("", text.lower()))
    # Folding case can undo normal form, and the other way about: Unicode 16, definition D146.
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = _LEFT_OUT.sub("", text).translate(_forms())
    return str(_DIGIT_GROUPS.sub("", text))


def plain(word: str) -> str:
    """A folded word without its accents."""
    if word.isascii():
        return word
    apart = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", apart).translate(_PLAIN)


@cache
def _forms() -> dict[int, int]:
    """Of each character with several forms, the one it is folded to, which is folded to itself."""
    characters = [chr(code) for code in _HAN]
    simplified = _each(OpenCC("t2s"), characters)
    forms = characters
    for name in _CHAIN:
        forms = _each(OpenCC(name), forms)
    # A character of everyday Simplified Chinese stays: Japan's older forms of some (飜 of 翻) are in no dictionary.
    forms = [near if _is_everyday(near) else far for near, far in zip(simplified, forms, strict=True)]
    table = {ord(old): ord(new) for old, new in zip(characters, forms, strict=True) if old != new} | _ARABIC
    for code in table:
        seen = {code}
        while table.get(table[code], table[code]) != table[code] and table[code] not in seen:
            seen.add(table[code])
            table[code] = table[table[code]]
    return table


def _each(converter: OpenCC, characters: list[str]) -> list[str]:
    """Characters converted one by one: a line each, so that there are no neighbours to decide by."""
    changed = converter.convert("\n".join(characters)).split("\n")
    return [new if len(new) == 1 else old for old, new in zip(characters, changed, strict=True)]


def _is_everyday(character: str) -> bool:
    """Whether it is one of the 6,763 of GB 2312."""
    try:
        return len(character.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False
