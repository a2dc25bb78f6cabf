"""Which words of a sentence answer: a plain baseline by the kind of thing that is asked for."""

import re

from corpus import Sentence
from rag.terms import RUN, UNSPACED, terms

# Measure words of more than one character.
MEASURES = (
    "平方公里|平方千米|平方米|立方米|公里|千米|厘米|毫米|英里|海里|公顷|公頃|公斤|千克|小时|小時|分钟|分鐘|个月|個月|周年|週年|人次|人民币|美元|欧元|日元|英镑"
    "|港元|卢布|千瓦时|千瓦|兆瓦|摄氏度|百分点|个百分点|車次|车次|ヶ月|か月|カ月|時間|ドル|キロ|メートル|パーセント"
)
NUMBER = (
    r"(?:约|約|近|超过|超過|about |over |nearly )?[$€£¥第]?(?:\d[\d,.]*\d|\d|[零〇一二三四五六七八九十百千万萬亿億两兩半]+)"
    rf"\s?(?:%|％|‰|percent|per cent|million|billion|thousand|millones|[万萬亿億千百兆]*(?:{MEASURES}|[A-Za-zµ°]{{1,3}}\b|[^\W\d_a-zA-Z])?)"
)
DATE = (
    r"(?:公元前|西元前|前)?\d{1,4}\s?年(?:\s?\d{1,2}\s?月(?:底|初|中旬|上旬|下旬)?(?:份)?(?:\s?\d{1,2}\s?[日号號])?)?"
    r"|\d{1,2}\s?月\s?\d{1,2}\s?[日号號]|\d{1,2}\s?月(?:底|初|份)?|\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?"
    r"|(?:\d{1,2}(?:st|nd|rd|th)?\s)?(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?:\s\d{1,2}(?:st|nd|rd|th)?\b)?(?:,?\s\d{4})?"
    r"|\d{1,2}\s+de\s+\w+(?:\s+de\s+\d{4})?|\b(?:1\d|20)\d\d\b(?:s|年代)?|\d{1,2}[:：]\d{2}|\d{1,2}世[纪紀]"
)
KINDS = [
    (re.compile(r"什么时候|什麼時候|何时|何時|哪一?年|哪[天日]|几[年月日号]|幾[年月日]|什么时间|いつ|何[年月日]|\bwhen\b|what (?:year|date|month|day)"
                r"|\bcuándo\b|qué (?:año|día|mes|fecha)|\bwann\b|\bquand\b|\bкогда\b|متى", re.I), re.compile(DATE)),
    (re.compile(r"多少|几|幾|多[高长大远深重久]|いくつ|いくら|何[人個本回%割歳台つ倍]|どのくらい|how (?:many|much|long|far|old|tall|high|large|big)"
                r"|what (?:percentage|proportion|share)|\bcuánt[oa]s?\b|\bwie ?viele?\b|\bcombien\b|\bсколько\b|\bكم\b", re.I), re.compile(NUMBER, re.I)),
]  # fmt: skip
# 多少公里: what is counted.
COUNTED = re.compile(r"(?:多少|几|幾|何)(?:个|個)?([\u4e00-\u9fff]{1,2})")
CLAUSE = re.compile(r"[^，,；;：:。！？!?\n]+")
BARE = re.compile(r"\d{1,4}")
EDGES = " \t\n\u3000、，。；：,.;:!?！？—-–·"
# Particles and verbs that only lean on what follows.
LEADING = re.compile(r"(?:是|为|為|在|于|於|由|被|与|與|和|及|的|了|即|叫|有|达|達|は|が|を|に|で|の|と|was|is|are|were|by|the|in|at|to|of|que|es|el|la)(?=\s|[^\x00-\x7f])", re.I)  # fmt: skip


def holds_kind(question: str, text: str) -> bool:
    """Whether the question asks for a date or a number, and the text holds one the question does not say."""
    for wanted, form in KINDS:
        if wanted.search(question):
            return any(found.group() not in question for found in form.finditer(text))
    return False


def dated(question: str, text: str, sentence: Sentence, answer: Sentence) -> Sentence:
    """The answer to when: where it is a bare number that is no date (`2023` of 2023重庆民营企业100强), the one date of the sentence that the
    question does not say; otherwise as it is."""
    wanted, form = KINDS[0]
    if not BARE.fullmatch(text, answer.start, answer.end) or not wanted.search(question):
        return answer
    dates = [Sentence(m.start(), m.end()) for m in form.finditer(text, sentence.start, sentence.end) if m.group() not in question]
    if len(dates) != 1 or (dates[0].start < answer.end and answer.start < dates[0].end):
        return answer
    return dates[0]


def mark(question: str, text: str, sentence: Sentence) -> Sentence | None:
    """The span of the answering words in `text`, inside the sentence, or None where none stand out.

    Dates and numbers are taken where the question asks for them; otherwise the longest run of
    the best clause that the question does not already say.
    """
    asked = terms(question)
    for wanted, form in KINDS:
        if wanted.search(question):
            spans = [(m.start(), m.end()) for m in form.finditer(text, sentence.start, sentence.end)]
            spans = _counted(question, text, [each for each in spans if text[each[0] : each[1]] not in question])
            if spans:
                return _nearest(text, spans, _said(asked, text, sentence))
    said = _said(asked, text, sentence)
    clauses = [(m.start(), m.end()) for m in CLAUSE.finditer(text, sentence.start, sentence.end)]
    best: tuple[float, Sentence] | None = None
    for start, end in clauses:
        overlap = sum(1 for at in range(start, end) if at in said) / max(end - start, 1)
        for run in _runs(text, start, end, said):
            value = overlap + min(run.end - run.start, 12) / 24
            if best is None or value > best[0]:
                best = (value, run)
    return best[1] if best else None


def _counted(question: str, text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans that count what the question asks for, where any do."""
    asked = COUNTED.search(question)
    counted = [each for each in spans if asked and asked[1][0] in text[each[0] : each[1]]]
    return counted or spans


def _said(asked: set[str], text: str, sentence: Sentence) -> set[int]:
    """The positions in the sentence of characters that the question says as well."""
    said: set[int] = set()
    for run in RUN.finditer(text, sentence.start, sentence.end):
        if re.match(f"[{UNSPACED}]", run.group()):
            for at in range(run.start(), run.end() - 1):
                if terms(text[at : at + 2]) & asked:
                    said |= {at, at + 1}
        elif terms(run.group()) & asked:
            said |= set(range(run.start(), run.end()))
    return said


def _nearest(text: str, spans: list[tuple[int, int]], said: set[int]) -> Sentence:
    """The span closest to words that the question says."""
    def distance(span: tuple[int, int]) -> float:
        near = [min(abs(at - span[0]), abs(at - span[1])) for at in said]
        return sum(sorted(near)[:4]) if near else 0

    start, end = min(spans, key=distance)
    while end > start and text[end - 1] in EDGES:
        end -= 1
    return Sentence(start, end)


def _runs(text: str, start: int, end: int, said: set[int]) -> list[Sentence]:
    """Runs of unsaid characters in a clause, without what only leans on them; single letters left out."""
    runs = []
    at = start
    while at < end:
        if at in said:
            at += 1
            continue
        stop = at
        while stop < end and stop not in said:
            stop += 1
        left, right = at, stop
        while left < right and (text[left] in EDGES or LEADING.match(text, left, right)):
            found = LEADING.match(text, left, right)
            left = found.end() if found and text[left] not in EDGES else left + 1
        while right > left and text[right - 1] in EDGES + "的了":
            right -= 1
        if right - left >= 2:
            runs.append(Sentence(left, right))
        at = stop
    return runs
