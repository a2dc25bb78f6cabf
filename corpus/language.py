"""The language of a text by its script and its smallest words; said only where they leave no doubt.

A guess from a few thousand characters, without a model: enough to filter by, and silent otherwise.
"""

import re
import unicodedata
from collections import Counter

# Characters looked at, from the text's beginning.
LOOKED_AT = 4000
# Letters a text must have, and the share of them that a script must make up.
FEWEST, MOST = 20, 0.6

# The commonest characters whose forms differ, in the same order.
SIMPLIFIED = frozenset("国为时会个对来学发们这过后说开经关长动车见现门无马书电业区产当点将还进问间应样实体万与东儿两")
TRADITIONAL = frozenset("國為時會個對來學發們這過後說開經關長動車見現門無馬書電業區產當點將還進問間應樣實體萬與東兒兩")

# Words so common that a text of some sentences in the language holds many, and others hold few.
_WORDS = {
    "en": "the of and to in that is was for on with as it by at from are be were have has this which not",
    "es": "el la los las de del y que en un una por con para se su al es como más pero lo fue ha este",
    "fr": "le la les des du de et que en un une pour dans qui sur au est avec pas plus par ne ce sont cette",
    "de": "der die das und den dem von zu mit ist im für auf nicht ein eine des sich auch als werden wurde",
    "pt": "o a os as de do da dos das e que em um uma para com não por no na ao é mais se foi como",
    "it": "il lo la gli le di del della e che in un una per con non da al si è sono più come ha nel alla",
}
SMALL_WORDS = {code: frozenset(words.split()) for code, words in _WORDS.items()}
# A share of the words, and a lead over the next language.
SMALL_WORDS_SHARE, LEAD = 0.2, 1.35
LATIN_WORD = re.compile(r"[a-zà-öø-ÿ]+")


def language(text: str) -> str | None:
    """The BCP 47 code of a text's language (`zh`, `zh-Hant`, `ja`, `en`, …), or None where that is not sure."""
    part = text[:LOOKED_AT]
    scripts = Counter(filter(None, map(_script, part)))
    letters = sum(scripts.values())
    if letters < FEWEST:
        return None
    han, kana = scripts["CJK"], scripts["HIRAGANA"] + scripts["KATAKANA"]
    if han + kana > MOST * letters:
        return _chinese(part) if kana < 0.02 * (han + kana) else "ja" if kana > 0.1 * (han + kana) else None
    script, count = scripts.most_common(1)[0]
    if script == "HANGUL" and count + han > MOST * letters:
        return "ko"
    if count <= MOST * letters:
        return None
    if script == "CYRILLIC":
        return "ru" if re.search("[ыэъ]", part) and not re.search("[іїєґўђћџљњјѓќ]", part) else None
    if script == "ARABIC":
        return "ar" if re.search("[ةىأإ]", part) and not re.search("[پچژگکیےہٹڈ]", part) else None
    return _latin(part) if script == "LATIN" else None


def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    return unicodedata.name(character, "").split(" ", 1)[0]


def _chinese(text: str) -> str | None:
    simplified = sum(each in SIMPLIFIED and each not in TRADITIONAL for each in text)
    traditional = sum(each in TRADITIONAL and each not in SIMPLIFIED for each in text)
    if simplified == traditional:
        return None
    return "zh" if simplified > 4 * traditional else "zh-Hant" if traditional > 4 * simplified else None


def _latin(text: str) -> str | None:
    words = LATIN_WORD.findall(text.casefold())
    counts = sorted(((sum(w in small for w in words), code) for code, small in SMALL_WORDS.items()), reverse=True)
    (first, code), (second, _) = counts[:2]
    return code if len(words) >= 8 and first >= SMALL_WORDS_SHARE * len(words) and first >= LEAD * second else None
