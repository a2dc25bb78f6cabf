"""An issue into its articles: which headline begins one, which is a subhead, and where one begins without any.

A headline begins an article where what follows it speaks of other things than what came before:
lexical cohesion after Hearst 1997, "TextTiling", Computational Linguistics 23(1), with the headline's
own words, datelines, bylines and end marks as further evidence.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from corpus.lines import ARTICLE_END, INSTITUTION, NUMBERED, SERIES, Line, columns, is_heading
from corpus.stray import DATELINE
from corpus.units import Unit, is_body

# Characters of running text compared on either side of a headline.
WINDOW = 600
# Headings that stand in a row are a list or a poem when they are more than these.
STACK = 4
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{4,}|\d{2,}")

# Numbers and marks that a heading may begin with; others begin the items of lists.
HEADED = re.compile(rf"{NUMBERED.pattern}|[■◆●▲★◎▶►○]", re.I)

Bag = Counter[str]


@dataclass(frozen=True)
class Placed:
    """A unit in reading order: its kind as a block, the article it is of (from 0), a heading's level (else 0)."""

    unit: Unit
    kind: str
    article: int
    level: int = 0


def articles(lines: Sequence[Line], units: Sequence[Unit]) -> list[Placed]:
    """The units with kinds and articles. A headline that fell inside its article stands before it."""
    kinds = _kinds(lines, units)
    placed: list[Placed] = []
    begun = 0  # where the current article begins in `placed`
    article = 0
    for number, unit in enumerate(units):
        kind = kinds[number]
        here = placed[begun:]
        if _begins_article(lines, units, kinds, number, here):
            article += 1
            begun = len(placed)
            here = []
        if kind != "heading":
            placed.append(Placed(unit, kind, article))
        elif unit.displaced and not _has_headline(lines, here):
            placed.insert(begun, Placed(unit, kind, article, 1))
            placed[begun + 1 :] = [replace(each, level=2) if each.level else each for each in placed[begun + 1 :]]
        else:
            placed.append(Placed(unit, kind, article, 2 if any(each.kind == "heading" for each in here) else 1))
    return placed


def _text(lines: Sequence[Line], unit: Unit) -> str:
    return "".join(lines[each].text for each in unit.members)


def _kinds(lines: Sequence[Line], units: Sequence[Unit]) -> list[str]:
    """The block kind of each unit; headings only where running text or another heading follows."""
    kinds = []
    for number, unit in enumerate(units):
        text = _text(lines, unit)
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
        elif len(run) > 1 and INSTITUTION.match(_text(lines, units[run[-1]])) and not units[run[-1]].displaced:
            kinds[run[-1]] = "byline"
        run = []
    return kinds


def _has_headline(lines: Sequence[Line], article: Sequence[Placed]) -> bool:
    """Whether the article begins with a headline of its own; the name of a series is none."""
    for each in article:
        if each.kind == "heading" and not SERIES.search(_text(lines, each.unit)):
            return each.level == 1 or True
        if each.kind == "paragraph":
            return False
    return False


def _begins_article(
    lines: Sequence[Line], units: Sequence[Unit], kinds: Sequence[str], number: int, article: Sequence[Placed]
) -> bool:
    body = [each for each in article if each.kind == "paragraph"]
    if not body or kinds[number] not in ("heading", "paragraph"):
        return False
    text = _text(lines, units[number])
    if kinds[number] == "paragraph":
        last = next(each for each in reversed(article) if each.kind != "furniture")
        return bool(DATELINE.match(text)) and last.kind not in ("heading",) and not units[number].displaced
    return border_score(features(lines, units, kinds, number, article)) > 0


def features(
    lines: Sequence[Line], units: Sequence[Unit], kinds: Sequence[str], number: int, article: Sequence[Placed]
) -> tuple[float, ...]:
    """What speaks for a headline beginning an article (see `WEIGHTS`)."""
    text = _text(lines, units[number])
    following = next((each for each in range(number + 1, len(units)) if kinds[each] == "paragraph" and not units[each].displaced), None)
    after_text = _after(lines, units, kinds, number)
    before_text = _before(lines, article)
    head, before, after = _bag(text), _bag(before_text), _bag(after_text)
    last = next((each for each in reversed(article) if each.kind not in ("furniture", "caption")), None)
    return (
        _cosine(before, after),
        _share(head, after),
        _share(head, before),
        float(following is not None and bool(DATELINE.match(_text(lines, units[following])))),
        float("byline" in kinds[number + 1 : following]),
        float(last is not None and last.kind == "byline"),
        float(last is not None and bool(ARTICLE_END.search(_text(lines, last.unit)))),
        float(bool(NUMBERED.match(text))),
        float(units[number].displaced),
        float(bool(SERIES.search(text))),
        float(sum(1 for each in kinds[number:following] if each == "heading") > 1),
    )


# Of the features in their order, fitted by bench/articles.py.
INTERCEPT = 2.0
WEIGHTS = (-20.0, 1.0, -3.0, 5.0, 2.0, 3.0, 4.0, -8.0, -5.0, 1.0, 0.5)


def border_score(values: Sequence[float]) -> float:
    """Log-odds that an article begins here."""
    return INTERCEPT + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))


def _after(lines: Sequence[Line], units: Sequence[Unit], kinds: Sequence[str], number: int) -> str:
    parts: list[str] = []
    seen = 0
    for each in range(number + 1, len(units)):
        if kinds[each] == "heading" and parts and not units[each].displaced:
            break
        if kinds[each] == "paragraph":
            parts.append(_text(lines, units[each]))
            seen += len(parts[-1])
            if seen > WINDOW:
                break
    return "".join(parts)[:WINDOW]


def _before(lines: Sequence[Line], article: Sequence[Placed]) -> str:
    parts: list[str] = []
    seen = 0
    for each in reversed(article):
        if each.kind in ("paragraph", "heading"):
            parts.append(_text(lines, each.unit))
            seen += len(parts[-1])
            if seen > WINDOW:
                break
    return "".join(reversed(parts))[-WINDOW:]


def _bag(text: str) -> Bag:
    """Words of four letters or more, and pairs of characters in scripts without spaces."""
    found: Bag = Counter()
    for word in WORD.findall(text.casefold()):
        if word[0] >= "\u3040":
            found.update(word[at : at + 2] for at in range(len(word) - 1))
        else:
            found[word[:6]] += 1
    return found


def _cosine(one: Bag, other: Bag) -> float:
    shared = sum(min(count, 3) * min(other[term], 3) for term, count in one.items() if term in other)
    norms = sum(min(each, 3) ** 2 for each in one.values()) * sum(min(each, 3) ** 2 for each in other.values())
    return shared / sqrt(norms) if norms else 0.0


def _share(part: Bag, whole: Bag) -> float:
    return sum(1 for term in part if term in whole) / len(part) if part else 0.0
