"""Questions to begin with, made of the library's own headlines and of the facts that stand below them.

A question is offered only where the library answers it with the fact it was made of: what a wrong pattern
asks for is asked in vain.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from random import Random
from typing import Literal

import regex
import rjieba
from opencc import OpenCC

from corpus import Block, Document, title_at
from corpus.language import language
from corpus.lines import columns
from corpus.stray import DATELINE, is_furniture
from rag import Answer, Assistant
from ui.suggestion_wording import HAN_DATES, UNKNOWN, WORDINGS, ZH_COUNTS, Wording

# Documents read at most, and characters of one; candidates asked, all together.
DRAWN, LONGEST_DOCUMENT, ASKED = 36, 1_000_000, 12
# Paragraphs whose facts are asked about, characters of each, and characters in which a thing is counted only once.
OPENING, LOOKED_AT, ALONE_IN = 2, 600, 6000
# Characters of a headline and of a question, in wide scripts and in others; a headline's fewest.
HEADLINE, QUESTION, FEWEST = {True: 40, False: 90}, {True: 60, False: 110}, {True: 6, False: 3}

Kind = Literal["when", "how many", "about"]


@dataclass(frozen=True)
class Candidate:
    """A question, and where the fact that answers it stands: `document.text[start:end]`.

    Of a question `about` a headline that is the article's first paragraph.
    """

    question: str
    start: int
    end: int
    kind: Kind


WIDE = ("zh", "zh-Hant", "ja", "ko")
SECTION = regex.compile(
    r"(?:[\p{Han}]{0,4}(?:新闻|新聞|要闻|要聞|综合|綜合|副刊|专版|專版|广告|廣告|公告|目录|目錄|导读|導讀|简讯|簡訊|日报|日報|晚报|晚報|周刊)(?:海外版|农村版)?[\s·]*)+"
    r"|(?:news in brief|table of contents|letters to the editor|in this issue|aus aller welt|noticias del día)",
    regex.I,
)
SERIES = regex.compile(r"\s*(?:[①-⑳]|[（(][上中下一二三四五六七八九十]{1,2}[）)])$")
ASKS = ("?", "？", "؟")
# What is to come did not happen yet, and what is a text does not happen.
NO_EVENT = regex.compile(
    r"(?:办法|辦法|规定|規定|条例|條例|解读|解讀|问答|問答|摘要|指南|方案|意见|意見|细则|細則|须知|須知)(?:[（(].{1,9}[）)])?$|将[^军领士帅门]|將[^軍領士帥門]|拟|擬|有望|[へ]$|へ |\b(?:to|will|wird|werden|va a|sera)\b|\bбуд[еу]т"
)
# “…发布会举行”: …发布会是什么时候举行的？
HELD = regex.compile(
    r"(?P<what>[^\s，。：:；！、“”「」《》…—]{4,}?)(?P<how>(?:[在于於][^\s，。：；在于於]{2,8})?(?:正式|首次|隆重|顺利|順利|圆满|圓滿|全面)?)"
    r"(?P<done>举行|舉行|召开|召開|开幕|開幕|闭幕|閉幕|举办|舉辦|开通|開通|通车|通車|投产|投產|开工|開工|竣工|揭牌|成立|启动|啟動|发布|發布|公布|施行|落成)"
)
LEANS = regex.compile(r"(?:[将將即已今昨明再又被获獲]|今日|昨日|明日|近日|今天|昨天|同步|成功|重新|宣布|修缮完工)$")
NOUN, NOT_COUNTED = frozenset({"n", "nz", "vn", "ns", "nr", "nrt", "l"}), frozenset({"全部", "全体", "全面", "整体", "部分", "左右", "以上", "以下", "大小"})


def suggestions(assistant: Assistant, count: int = 4, seed: int = 0) -> list[str]:
    """At most `count` questions that the library answers, the same for a seed; none of an empty library.

    Some dozens of documents are read, and a dozen questions asked together. Raises as `ask_many` does.
    """
    chance = Random(seed)
    names = [each.name for each in assistant.library.list_documents() if each.characters <= LONGEST_DOCUMENT]
    drawn: list[list[tuple[Document, Candidate]]] = []
    for name in chance.sample(names, min(DRAWN, len(names))):
        document = assistant.library.document(name)
        if document is None:
            continue
        found = candidates(document)
        chance.shuffle(found)
        found.sort(key=lambda each: each.kind == "about")
        drawn.append([(document, each) for each in found[:ASKED]])
        if sum(map(bool, drawn)) >= ASKED:
            break
    # One of each document first, then a second: a library of one issue still has its articles.
    asked: dict[str, tuple[Document, Candidate]] = {}
    for each in chain.from_iterable(zip_longest(*drawn)):
        if each is not None and len(asked) < min(ASKED, 3 * count):
            asked.setdefault(each[1].question, each)
    if not asked:
        return []
    answers = zip(asked.values(), assistant.ask_many(list(asked)), strict=True)
    return [of.question for (document, of), answer in answers if _holds(answer, document, of)][:count]


def candidates(document: Document) -> list[Candidate]:
    """What may be asked about each article's headline: when, how many, or, where no fact is plain, what it says."""
    found: list[Candidate] = []
    articles: dict[int, list[Block]] = {}
    for block in document.blocks:
        if block.kind == "paragraph":
            articles.setdefault(block.article, []).append(block)
    for paragraphs in articles.values():
        text = "\n".join(document.text[each.start : each.end] for each in paragraphs[:8])
        code = language(text) or _code(document.metadata.get("language", ""))
        headline = _headline(document, paragraphs[0].start, code)
        if headline:
            found += _of_article(document, paragraphs, headline, code)
    return found


def _of_article(document: Document, paragraphs: Sequence[Block], headline: str, code: str) -> list[Candidate]:
    wording, first = WORDINGS.get(code, UNKNOWN), paragraphs[0]
    if headline.endswith(ASKS):
        facts, about = [], headline
    else:
        facts = [*_when(document, first, headline, wording), *_how_many(document, paragraphs, headline, wording)]
        about = _filled(wording.about, wording, headline)
    for tried in (facts, [Candidate(about, first.start, first.end, "about")]):
        if fitting := [each for each in tried if len(each.question) <= QUESTION[code in WIDE]]:
            return fitting
    return []


def _headline(document: Document, position: int, code: str) -> str | None:
    """The headline that is the subject of a question; None where it is the page's, a section's or a file's name."""
    text = " ".join(title_at(document, position).split())
    file = document.name.rsplit("/", 1)[-1]
    if text in (document.name, file, file.rsplit(".", 1)[0]):
        return None
    text = SERIES.sub("", text)
    wide = regex.search(r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]", text) is not None
    if len(text) > HEADLINE[wide] or (text.isupper() and not wide) or SECTION.fullmatch(text) or is_furniture(text, columns(text)):
        return None
    if wide:
        # A second line says what else happened.
        head = text.split(" ")[0]
        text = head if code != "ko" and len(head) >= 8 else text
    size = len(regex.findall(r"\p{L}", text)) if wide else len(regex.findall(r"\p{L}{2,}", text))
    return text if size >= FEWEST[wide] else None


def _code(said: str) -> str:
    """The language that a document's metadata names, as WORDINGS has it."""
    lowered = said.lower().replace("_", "-")
    return "zh-Hant" if regex.match("zh-(?:hant|tw|hk|mo)", lowered) else lowered.split("-")[0]


def _when(document: Document, paragraph: Block, headline: str, wording: Wording) -> Iterator[Candidate]:
    """When the headline happened: the first date of its article."""
    text = document.text[paragraph.start : min(paragraph.end, paragraph.start + LOOKED_AT)]
    if not wording.dates or NO_EVENT.search(headline) or regex.search(wording.dates, headline):
        return
    # A dateline says when it was written.
    dateline = DATELINE.match(text)
    date = regex.search(wording.dates, text, pos=dateline.end() if dateline else 0)
    if date is None or _digits(date[0]) <= _digits(headline):
        return
    held = HELD.fullmatch(headline) if wording.dates == HAN_DATES else None
    if held and not LEANS.search(held["what"]) and wording is not WORDINGS["ja"]:
        when = "什麼時候" if wording is WORDINGS["zh-Hant"] else "什么时候"
        question = f"{held['what']}是{when}{held['how']}{held['done']}的？"
    else:
        question = _filled(wording.when, wording, headline)
    yield Candidate(question, paragraph.start + date.start(), paragraph.start + date.end(), "when")


def _how_many(document: Document, paragraphs: Sequence[Block], headline: str, wording: Wording) -> Iterator[Candidate]:
    """How many there are of what the article counts only once."""
    found: list[tuple[int, int, str]] = []
    for block in paragraphs:
        if block.start > paragraphs[0].start + ALONE_IN or not wording.counts:
            break
        text = document.text[block.start : min(block.end, block.start + ALONE_IN)]
        for match in regex.finditer(wording.counts, text):
            things = _counted(text, match) if wording.counts == ZH_COUNTS else match["things"]
            if things:
                found.append((block.start + match.start(), block.start + match.start("things") + len(things), things))
    often = Counter(things for *_, things in found)
    last = paragraphs[:OPENING][-1]
    for start, end, things in found:
        said = _digits(document.text[start:end]) <= _digits(headline)
        if often[things] == 1 and not said and end <= min(last.end, last.start + LOOKED_AT):
            form = next(form for pattern, form in wording.many if regex.match(pattern, things))
            yield Candidate(_filled(form, wording, headline, things), start, end, "how many")
            return


def _counted(text: str, match: "regex.Match[str]") -> str | None:
    """A Chinese counter and the noun after it (个摊位), or a measure alone (公里)."""
    counter, rest = match["things"], regex.match(r"\p{Han}*", text, pos=match.end())[0][:12]
    if len(counter) > 1 or counter in "亩畝吨噸":
        return None if regex.match("[的长長宽寬高]", rest) else counter
    simplified = _simplified().convert(rest)
    size = 0
    for word, tag in rjieba.tag(simplified if len(simplified) == len(rest) else rest):
        if tag not in NOUN or len(word) < 2 or word in NOT_COUNTED or not rjieba.has_word(word):
            break
        size += len(word)
    # Before 的 or 级 it is no noun yet.
    return counter + rest[:size] if 0 < size <= 6 and rest[size : size + 1] not in ("的", "级", "級", "化", "性") else None


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")


def _filled(form: str, wording: Wording, headline: str, things: str = "") -> str:
    return form.format(it="".join(wording.inner.get(each, each) for each in headline), things=things)


def _digits(text: str) -> Counter[str]:
    """The runs of digits in a text, width aside, and how often each stands there."""
    return Counter(regex.findall(r"\d+", unicodedata.normalize("NFKC", text)))


def _holds(answer: Answer, document: Document, candidate: Candidate) -> bool:
    """Whether the first quote is of the document, and its marked words hold the fact's digits."""
    if not answer.answered or not answer.quotes or answer.quotes[0].document != document.name:
        return False
    first = answer.quotes[0]
    if candidate.kind == "about":
        return first.start < candidate.end and candidate.start < first.end
    if first.answer_start is None or first.answer_end is None:
        return False
    marked = first.text[first.answer_start - first.start : first.answer_end - first.start]
    return _digits(document.text[candidate.start : candidate.end]) <= _digits(marked)
