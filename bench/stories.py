"""What the page benchmark prints: stories from the shared data sets, and the gold that goes with a printed file.

A text of the measuring fifth (sha1 % 5 == 0) goes to the held part only, every other to the tune and clean parts only.
"""

import json
import random
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Literal

from corpus.sentences import sentences

SHARED = Path(__file__).parents[2] / "shared" / "datasets"

Language = Literal["zh", "zh-Hant", "ja", "en"]
Kind = Literal["paragraph", "heading", "caption", "byline", "furniture"]

PREFIX = re.compile(r"^.{0,40}?正文：\s*")
# What web sites put after a story; all from there on is left out.
TAIL = re.compile(
    r"分享让更多人看到|[【（(]?(?:责任)?编辑[：:]|责编[：:]|来源[：:]|搜狐，查看更多|[（(]本文图片|\[(?:专家|下载|扫码)"
    r"|特别声明|免责声明|风险提示|投资有风险|本网|版权|（本报|［"
)
# Stories that are not prose: lottery numbers, share tips, reposts that begin with a headline run into the text.
UNUSABLE = re.compile(
    r"双色球|大乐透|奖号|福彩|体彩|原标题|本文转自|下载APP|广告 |原创稿|直播间|https?:|www\.|股票行情|主力资金|\|"
)
# Sentences with a caption run into them say nothing of where it stood, and would be unfair.
IMPURE = re.compile(r"资料图|供图|记者\s*\S{2,8}\s*摄|摄[）)]|图为|图源|图自|图[/／]|截图|摄影|[●■▲◆]")
ENDED = re.compile(r"[。！？!?.…][”’」』）)\]】》\"']*$")
DATELINE = re.compile(
    r"^(?:[^，。：]{0,16}?(?:电|讯|消息|报道))\s*(?:[（(【][^）)】]{1,40}[）)】])?\s*|^【[^】]{2,20}】"
)
# Clauses that no one would set as a line of their own: they go on from something, or are a bare date.
NO_LINE = re.compile(
    r"[”》’并而但也以及其和与称]|记者|据|此外|因此|同时|截至|日前|近日|\d+\.\D|[\d年月日时上下半至]+$|.*[电讯]$"
)
CLAUSE = re.compile(r"[^，。；：！？、,;:!?（）()【】\[\]]+")


@dataclass(frozen=True)
class Stray:
    """A line that is no running text: a headline, caption, byline or piece of page furniture."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Story:
    """One article as it was before printing. `headline` is "" where the page lost it."""

    headline: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Gold:
    """What a reader should find in a file: its stories in order, and the lines between them in order."""

    style: str
    language: Language
    stories: tuple[Story, ...]
    strays: tuple[Stray, ...] = ()


@dataclass(frozen=True)
class Piece:
    """What the typesetter gets, in page order. `goes_on`: the rest of a paragraph that was cut."""

    kind: Kind
    text: str
    goes_on: bool = False


def is_measuring(text: str) -> bool:
    return int(sha1(text.encode("utf8")).hexdigest(), 16) % 5 == 0


def available() -> bool:
    return SHARED.is_dir()


def bare(text: str) -> str:
    """The text without any white space."""
    return "".join(text.split())


@cache
def news_lines(measuring: bool) -> tuple[str, ...]:
    lines = [
        line for file in sorted((SHARED / "news").glob("news_*.txt")) for line in file.read_text("utf8").split("\n")
    ]
    return tuple(each for each in lines if each.strip() and is_measuring(each) == measuring)


@cache
def wiki_articles(language: Language, measuring: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(title, paragraphs) of the encyclopaedia articles of a language, with at least two usable paragraphs."""
    pattern = {"ja": "jaquad/*.json", "en": "squad2/*.json", "zh-Hant": "drcd/*.json"}[language]
    found = []
    for file in sorted(SHARED.glob(pattern))[:6]:
        for article in json.loads(file.read_text("utf8"))["data"]:
            kept = [each["context"] for each in article["paragraphs"] if is_measuring(each["context"]) == measuring]
            paragraphs = tuple(each for text in kept for each in _wiki_paragraphs(text, language))
            if len(paragraphs) >= 2:
                found.append((article["title"].replace("_", " "), paragraphs))
    return tuple(found)


def draw(
    language: Language, measuring: bool, chance: random.Random, used: set[str] | None = None
) -> tuple[str, list[str]]:
    """A title ("" where the story has none of its own) and the paragraphs of a story.

    `used` holds the stories that the file has already, and takes this one.
    """
    while True:
        title, paragraphs = _draw(language, measuring, chance)
        key = title or paragraphs[0][:20]
        if used is None or key not in used:
            if used is not None:
                used.add(key)
            return title, paragraphs


def _draw(language: Language, measuring: bool, chance: random.Random) -> tuple[str, list[str]]:
    if language == "zh":
        while True:
            paragraphs = news_paragraphs(chance.choice(news_lines(measuring)), chance)
            if len(paragraphs) >= 2:
                return "", paragraphs
    title, article = chance.choice(wiki_articles(language, measuring))
    length = chance.randint(2, 5)
    start = chance.randrange(max(len(article) - length, 0) + 1)
    return title, list(article[start : start + length])


def news_paragraphs(line: str, chance: random.Random) -> list[str]:
    """A news story cut into paragraphs of 80 to 300 characters at sentence ends; [] where it is no prose."""
    prefix = PREFIX.match(line)
    if prefix is None or UNUSABLE.search(line):
        return []
    body = _tidy(line[prefix.end() :])
    if tail := TAIL.search(body, 40):
        body = body[: tail.start()]
    paragraphs: list[str] = []
    current, target = "", chance.randint(80, 220)
    for span in sentences(body):
        sentence = body[span.start : span.end]
        if IMPURE.search(sentence) or not ENDED.search(sentence) or len(sentence) > 180:
            if span.start < 40:
                return []  # without its first sentence a story would begin in the middle
            continue
        current += sentence
        balanced = current.count("“") == current.count("”")
        if len(current) >= 260 or (len(current) >= target and balanced):
            paragraphs.append(current)
            current, target = "", chance.randint(80, 220)
    if len(current) >= 40 and ENDED.search(current):
        paragraphs.append(current)
    return paragraphs[:8]


def headline(paragraphs: list[str], chance: random.Random, least: int = 8, most: int = 30) -> str:
    """A clause of the story, as a headline would say it; now and then two with a space between."""
    first = clauses(DATELINE.sub("", paragraphs[0]), least, most)
    later = clauses(paragraphs[1 % len(paragraphs)], 6, 14)
    if not first:
        first = [each for text in paragraphs for each in clauses(text, 6, most)]
    if not first:
        return paragraphs[0][:12].rstrip("，。、：；“（")
    chosen = max(first[:3], key=len) if chance.random() < 0.5 else chance.choice(first[:4])
    if later and len(chosen) <= 16 and chance.random() < 0.35:
        chosen += " " + chance.choice(later)
    return chosen


def clauses(text: str, least: int, most: int) -> list[str]:
    """The clauses of a Chinese text that could stand as a line of their own."""
    found = (match.group().strip(" 。") for match in CLAUSE.finditer(text))
    return [
        each
        for each in found
        if least <= len(each) <= most
        and each.count("“") == each.count("”")
        and each.count("《") == each.count("》")
        and not NO_LINE.match(each)
    ]


def has_dateline(paragraph: str) -> bool:
    """Whether a story's first words say where it comes from, so that it can be told without a headline."""
    known = r"(?:本报|新华社|中新[网社]|人民网|央视|【)[^，。]{0,24}(?:电|讯|报道|】|消息)"
    return bool(
        re.match(known + r"|[^，。：]{2,24}(?:[电讯]|报道|消息)\s*[（(：:】]|[^，。]{2,16}(?:记者|通讯员) ", paragraph)
    )


def _wiki_paragraphs(context: str, language: Language) -> list[str]:
    paragraphs = []
    for part in re.split(r"\n\s*\n", context):
        lines = [_tidy(line) for line in part.split("\n") if line.strip()]
        if not lines or not all(ENDED.search(line) for line in lines):
            continue
        text = (" " if language == "en" else "").join(lines)
        if 60 <= len(text) <= (1200 if language == "en" else 500) and _is_fair(text):
            paragraphs.append(text)
    return paragraphs


def _is_fair(text: str) -> bool:
    """Whether no sentence is of an odd length: a list run together, a table, a lone name."""
    lengths = [span.end - span.start for span in sentences(text)]
    return min(lengths) >= 6 and max(lengths) <= 500


def _tidy(text: str) -> str:
    text = re.sub(r"[\u200b\ufeff\u00ad]", "", unicodedata.normalize("NFC", text))
    return re.sub(r"\s+", " ", text).strip()
