"""Sentences in any language, as exact spans.

A sentence ends at its full stop together with whatever closes after it: `他说：“好。”` is one
sentence, quotation mark included. Not every stop ends one: not the point of `3.5`, `Dr.` or `U.S.`,
nor the full stop inside a bracket or a short quotation that the sentence goes on after.

The rules follow Unicode Standard Annex 29, section 5 (sentence boundaries), with the Chinese and
Japanese habits, abbreviations and ordinals that it leaves to the implementation.
"""

import re
from bisect import bisect_left

from corpus.document import Sentence

WIDE_STOPS = "。！？｡"
OTHER_STOPS = "।॥؟۔።፧။។៕։"
CLOSERS = "”’」』）】》〉〕］｝\"')]}»›"
# An ellipsis or a dash may follow a stop: 什么？！…… is one ending.
STOP = re.compile(
    rf"(?:[{WIDE_STOPS}{OTHER_STOPS}!?]+[…！？!?。]*|(?:…|\.\.\.)+[。.!?！？]*|\.+[!?]*)([{re.escape(CLOSERS)}]*)"
)
PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》", "【": "】"}
# A stop inside a quotation or bracket of up to this many characters does not end the sentence
# around it; in a longer one each sentence stands alone, or a quoted speech would be one quote.
HELD = {"“": 40, "「": 40, "『": 40, "（": 120, "(": 120, "《": 60, "【": 60}
LONGEST_HELD = max(HELD.values())

# After 。” or 。」 the same sentence goes on when a speaker or a particle follows directly.
SPEECH = re.compile(
    r"[^。！？!?\n“「]{0,40}?(?:说|說|道|表示|介绍|介紹|指出|强调|強調|称|稱|认为|認為|透露|告诉记者|告訴記者|坦言|回忆|回憶|解释|解釋"
    r"|问|問|答|写道|寫道|补充|補充|感慨|感叹|感嘆|直言)(?:[。，！,]|$)"
)
JAPANESE_GOES_ON = re.compile(r"(?:と|って|という|などと|は|が|を|に|の|も|で|へ|や|、|，)")

ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "rev", "gen", "col", "lt", "sgt", "capt", "cmdr", "adm", "gov", "sen", "rep", "hon", "pres", "messrs", "mme", "mlle", "vs", "etc", "eg", "ie", "cf", "viz", "al", "approx", "est", "dept", "univ", "assn", "bros", "inc", "ltd", "co", "corp", "no", "nos", "vol", "vols", "pp", "fig", "figs", "eq", "ch", "sec", "art", "ed", "eds", "trans", "repr", "op", "cit", "ca", "ave", "blvd", "rd", "mt", "ft", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "tel", "ext", "sra", "srta", "dra", "ud", "uds", "vd", "pág", "págs", "núm", "av", "avda", "admón", "aprox", "depto", "ee", "uu", "excmo", "bzw", "usw", "evtl", "ggf", "inkl", "vgl", "nr", "str", "hr", "fr", "frl", "dipl", "ing", "bspw", "geb", "gest", "jh", "jhd", "mio", "mrd", "z.b", "d.h", "u.a", "m", "mm", "dra", "n°", "art", "p.ex", "env", "г", "гг", "в", "вв", "им", "др", "пр", "т.д", "т.п", "т.е", "т.к", "ул", "руб", "тыс", "млн", "млрд", "стр", "рис", "см", "проф", "акад"]
)
# Abbreviations that also end sentences: a capital after them decides nothing unless it starts
# a word that usually opens a sentence.
OPENERS = frozenset(
    ["the", "a", "an", "this", "that", "these", "those", "it", "he", "she", "they", "we", "i", "you", "in", "on", "at", "for", "from", "but", "and", "however", "there", "when", "while", "after", "before", "if", "as", "although", "his", "her", "its", "their", "our", "my", "some", "many", "most", "several", "el", "la", "los", "las", "un", "una", "este", "esta", "en", "con", "por", "para", "pero", "sin", "der", "die", "das", "ein", "eine", "es", "er", "sie", "wir", "ich", "le", "les", "l'un", "il", "elle", "ils", "nous", "dans", "mais", "он", "она", "они", "это", "в", "на", "но"]
)
GERMAN_ORDINAL = re.compile(
    r"(?:^|\s)(?:am|vom|zum|bis|der|dem|den|des|die|das|im|und|ab|seit|beim|ein|–|-)\s+\d{1,2}\.$", re.I
)
WORD = re.compile(r"\S")
# Characters before a full stop that can tell whether it ends a sentence.
LOOK_BACK = 60
MONTH = re.compile(
    r"\s+(?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    r"|Jahrhundert|Jh|Liga|Bundesliga|Klasse|Auflage)\b"
)


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Sentence]:
    """The sentences of `text[start:end]` in order; together they cover all but white space.

    Every span begins and ends on a character that is not white space.
    """
    end = len(text) if end is None else end
    spans = []
    held = _held(text, start, end)
    begin = start
    for match in STOP.finditer(text, start, end):
        if _ends_sentence(text, match, begin, end, held):
            spans.append((begin, match.end()))
            begin = match.end()
    spans.append((begin, end))
    return [span for span in (trimmed(text, *each) for each in spans) if span is not None]


def trimmed(text: str, start: int, end: int) -> Sentence | None:
    """The span without the white space at its ends, or None where nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Sentence(start, end) if start < end else None


def _held(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The short quotations and brackets, as (opening, closing) positions in order."""
    spans: list[tuple[int, int]] = []
    open_at: list[int] = []
    for position in range(start, end):
        character = text[position]
        if character in PAIRS:
            open_at.append(position)
        elif open_at and character == PAIRS[text[open_at[-1]]]:
            opening = open_at.pop()
            if position - opening <= HELD[text[opening]]:
                spans.append((opening, position))
    return sorted(spans)


def _ends_sentence(text: str, stop: re.Match[str], begin: int, end: int, held: list[tuple[int, int]]) -> bool:
    after = stop.end()
    if after >= end:
        return False
    # The stop itself counts, not the closers after it: 。” ends inside the quotation it closes.
    last_stop = stop.start(1)
    near = held[bisect_left(held, (stop.start() - LONGEST_HELD, 0)) : bisect_left(held, (stop.start(), 0))]
    enclosing = [span for span in near if span[1] >= last_stop]
    if any(closing >= after for _, closing in enclosing):
        return False
    # （…。）in the middle of a sentence: the bracket closes, the sentence goes on.
    if any(text[opening] in "（(" and WORD.search(text, begin, opening) for opening, _ in enclosing) and not text[
        after
    ].isspace():
        return False
    closers = stop.group(1)
    kind = stop.group()[0]
    if kind in WIDE_STOPS or (kind in "!?…" and _is_wide(text, stop, end)):
        return not _goes_on_wide(text, kind, closers, after, end)
    if kind in OTHER_STOPS:
        return True
    return _ends_narrow(text, stop, begin, end)


def _is_wide(text: str, stop: re.Match[str], end: int) -> bool:
    """Whether an ASCII mark or an ellipsis stands in Chinese or Japanese text."""
    before = text[stop.start() - 1] if stop.start() else ""
    after = text[stop.end()] if stop.end() < end else ""
    return before >= "⺀" or (after >= "⺀" and not after.isspace())


def _goes_on_wide(text: str, kind: str, closers: str, after: int, end: int) -> bool:
    if kind == "…" and not closers and text[after] not in "\n":
        return True  # 一个……的人: without a closing mark, an ellipsis pauses more often than it ends
    if text[after] in "，、；：,;:)）—…":
        return True
    if not closers:
        return False
    if closers[-1] in "」』" and JAPANESE_GOES_ON.match(text, after, end):
        return True
    return closers[0] in "”’」』\"'" and SPEECH.match(text, after, end) is not None


def _ends_narrow(text: str, stop: re.Match[str], begin: int, end: int) -> bool:
    """Latin, Cyrillic and the other scripts that put a space after the full stop."""
    after = stop.end()
    following = text[after]
    if not following.isspace():
        return following >= "⺀" and not text[stop.start() - 1 : stop.start()].isdigit()
    rest = text[after : min(after + 60, end)]
    word = rest.split(maxsplit=1)[0] if rest.strip() else ""
    opening = word.lstrip("\"'“‘«([¿¡")
    if opening[:1].islower():
        # Not even a stop inside quotation marks ends a sentence that goes on in lower case.
        return False
    if stop.group()[0] != "." or stop.group(1):
        return True
    before = text[max(begin, stop.start() - LOOK_BACK) : stop.start() + 1]
    last = before.split()[-1].lstrip("\"'“‘«([¿¡") if before.split() else ""
    bare = last.rstrip(".").lower()
    if len(before) < LOOK_BACK and before.strip().rstrip(".").isdigit():
        return False  # "1." opens a list item
    if GERMAN_ORDINAL.search(before[-24:]) or (bare.isdigit() and MONTH.match(rest)):
        return False
    if len(bare) == 1 and bare.isalpha() and last[0].isupper():
        return False  # an initial: J. Smith
    if bare in ABBREVIATIONS:
        return bare == "etc" and opening[:1].isupper()
    if re.fullmatch(r"(?:\w\.)+\w", last.rstrip(".")):
        return opening.lower().strip(",") in OPENERS  # U.S., e.g., z.B.
    return True
