"""An issue into its articles: which headline begins one, which is a subhead, and where one begins without any.

A headline begins an article where what follows it speaks of other things than what came before
(corpus/cohesion.py), with the headline's own words, datelines, bylines and end marks as further
evidence, weighed together by a logistic regression that bench/articles.py fits.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import log

from corpus.cohesion import Rarity, bag, cosine, rarity, share
from corpus.lines import ARTICLE_END, INSTITUTION, NUMBERED, SERIES, Line, columns, is_heading
from corpus.stray import DATELINE
from corpus.units import Unit, is_body

# Characters of running text compared on either side of a headline.
WINDOW = 600
# Headings that stand in a row are a list or a poem when they are more than these.
STACK = 4
# Numbers and marks that a heading may begin with; others begin the items of lists.
HEADED = re.compile(rf"{NUMBERED.pattern}|[■◆●▲★◎▶►○]", re.I)

# A piece of news of one paragraph, marked at its beginning; and how little it shares with what came before.
BRIEF = re.compile(r"[●■◆★▲□○◎][^。]{12,}[。！？]")
UNRELATED = 0.06

# Of the features in their order, fitted by bench/articles.py. By hand: the end mark, which its pages
# lack; numbers, which headlines lack; and an intercept one lower, for sections of long real articles
# share fewer words than its stories do.
INTERCEPT = -0.7
WEIGHTS = (-37.85, 1.19, -3.76, 7.95, 1.58, 1.00, 2.00, -6.00, -0.75, -0.78, -1.09, -22.30, 0.11, 1.74)


@dataclass(frozen=True)
class Placed:
    """A unit in reading order: its kind as a block, the article it is of (from 0), a heading's level (else 0)."""

    unit: Unit
    kind: str
    article: int
    level: int = 0


@dataclass(frozen=True)
class Issue:
    """The units of a file with their texts and kinds, and what its paragraphs tell apart."""

    units: Sequence[Unit]
    texts: Sequence[str]
    kinds: Sequence[str]
    rare: Rarity
    # How many paragraphs there are before each unit: a file may be one article of a hundred thousand units.
    paragraphs: Sequence[int]

    @classmethod
    def of(cls, lines: Sequence[Line], units: Sequence[Unit]) -> "Issue":
        texts = ["".join(lines[each].text for each in unit.members) for unit in units]
        kinds = _kinds(lines, units, texts)
        paragraphs = [text for text, kind in zip(texts, kinds, strict=True) if kind == "paragraph"]
        # Nothing is compared where there is no headline: a long clean text costs nothing here.
        before = list(accumulate((kind == "paragraph" for kind in kinds), initial=0))
        return cls(units, texts, kinds, rarity(paragraphs) if "heading" in kinds else {}, before)

    def paragraphs_of(self, article: Sequence[int]) -> int:
        """How many of the article's units, which follow one another, are paragraphs."""
        return self.paragraphs[article[-1] + 1] - self.paragraphs[article[0]] if article else 0


def articles(lines: Sequence[Line], units: Sequence[Unit]) -> list[Placed]:
    """The units with kinds and articles. A headline that fell inside its article stands before it."""
    issue = Issue.of(lines, units)
    placed: list[Placed] = []
    numbers: list[int] = []  # of the current article's units, in the order they were met
    begun = article = 0
    for number, unit in enumerate(units):
        kind = issue.kinds[number]
        if begins_article(issue, number, numbers):
            article += 1
            begun = len(placed)
            numbers = []
        if kind != "heading":
            placed.append(Placed(unit, kind, article))
        elif unit.displaced and not _has_headline(issue, numbers):
            placed.insert(begun, Placed(unit, kind, article, 1))
            placed[begun + 1 :] = [replace(each, level=2) if each.level else each for each in placed[begun + 1 :]]
        else:
            first = not any(each.kind == "heading" for each in placed[begun:])
            placed.append(Placed(unit, kind, article, 1 if first else 2))
        numbers.append(number)
    return placed


def _kinds(lines: Sequence[Line], units: Sequence[Unit], texts: Sequence[str]) -> list[str]:
    """The block kind of each unit; more headings in a row than a headline has parts are a list."""
    kinds = []
    for number, unit in enumerate(units):
        text = texts[number]
        heading = unit.kind in ("text", "list") and is_heading(text) and not is_body(lines, unit.members)
        if unit.kind == "list" and heading:
            beside = [units[each].kind for each in (number - 1, number + 1) if 0 <= each < len(units)]
            heading = bool(HEADED.match(text)) and columns(text) <= 60 and "list" not in beside
        if heading:
            kinds.append("heading")
        else:
            kinds.append("paragraph" if unit.kind in ("text", "list") else unit.kind)
    run: list[int] = []
    for number in range(len(units) + 1):
        if number < len(units) and kinds[number] == "heading":
            run.append(number)
            continue
        if len(run) > STACK:
            for each in run[1:]:
                kinds[each] = "paragraph"
        elif len(run) > 1 and INSTITUTION.match(texts[run[-1]]) and not units[run[-1]].displaced:
            kinds[run[-1]] = "byline"
        run = []
    return kinds


def _has_headline(issue: Issue, numbers: Sequence[int]) -> bool:
    """Whether the article begins with a headline of its own; the name of a series is none."""
    for number in numbers:
        if issue.kinds[number] == "heading" and not SERIES.search(issue.texts[number]):
            return True
        if issue.kinds[number] == "paragraph":
            return False
    return False


def begins_article(issue: Issue, number: int, article: Sequence[int]) -> bool:
    """Whether an article begins at the unit `number`; `article` are the units of the one under way."""
    kind = issue.kinds[number]
    if kind not in ("heading", "paragraph") or not issue.paragraphs_of(article):
        return False
    if kind == "heading":
        return border_score(features(issue, number, article)) > 0
    last = next(each for each in reversed(article) if issue.kinds[each] != "furniture")
    if BRIEF.match(issue.texts[number]) and not BRIEF.match(issue.texts[last]) and issue.kinds[last] != "heading":
        before = bag(_before(issue, article))
        return cosine(before, bag(issue.texts[number]), issue.rare) < UNRELATED
    dated = DATELINE.match(issue.texts[number]) and not issue.units[number].displaced
    return bool(dated) and issue.kinds[last] != "heading"


def features(issue: Issue, number: int, article: Sequence[int]) -> tuple[float, ...]:
    """What speaks for a headline beginning an article, in the order of `WEIGHTS`."""
    kinds, texts = issue.kinds, issue.texts
    ahead = next((each for each in range(number + 1, len(texts)) if kinds[each] == "paragraph" and not issue.units[each].displaced), None)
    following = len(texts) if ahead is None else ahead
    body = next((each for each in reversed(article) if kinds[each] == "paragraph"), None)
    last = next((each for each in reversed(article) if kinds[each] not in ("furniture", "caption")), None)
    head, before, after = bag(texts[number]), bag(_before(issue, article)), bag(_after(issue, number))
    near = cosine(bag(texts[body]), bag(texts[following]), issue.rare) if ahead is not None and body is not None else 0.0
    shared = sum(1 for term in before if term in after and issue.rare.get(term, 0.0) > 0.5)
    return (
        cosine(before, after, issue.rare),
        share(head, after, issue.rare),
        share(head, before, issue.rare),
        float(ahead is not None and bool(DATELINE.match(texts[following]))),
        float("byline" in kinds[number + 1 : following]),
        float(last is not None and kinds[last] == "byline"),
        float(last is not None and bool(ARTICLE_END.search(texts[last]))),
        float(bool(NUMBERED.match(texts[number]))),
        float(issue.units[number].displaced),
        float(bool(SERIES.search(texts[number]))),
        float(kinds[number:following].count("heading") > 1),
        near,
        log(1 + shared),
        log(1 + issue.paragraphs_of(article)),
    )


def border_score(values: Sequence[float]) -> float:
    """Log-odds that an article begins here."""
    return INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))


def _after(issue: Issue, number: int) -> str:
    """The running text from here to the next headline, as much as is compared."""
    parts: list[str] = []
    for each in range(number + 1, len(issue.texts)):
        if issue.kinds[each] == "heading" and parts and not issue.units[each].displaced:
            break
        if issue.kinds[each] == "paragraph":
            parts.append(issue.texts[each])
            if sum(map(len, parts)) > WINDOW:
                break
    return "".join(parts)[:WINDOW]


def _before(issue: Issue, article: Sequence[int]) -> str:
    """The last running text and headings of the article under way, as much as is compared."""
    parts: list[str] = []
    for each in reversed(article):
        if issue.kinds[each] in ("paragraph", "heading"):
            parts.insert(0, issue.texts[each])
            if sum(map(len, parts)) > WINDOW:
                break
    return "".join(parts)[-WINDOW:]
