"""Who wrote a piece and when, out of its byline, its dateline and the running head of its page."""

import re
from collections.abc import Mapping, Sequence

from corpus.document import Block

DATE = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})(?:\s*[日号號])?(?!\d)")
ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ENGLISH_DATE = re.compile(
    r"\b(?:(\d{1,2})\s+)?(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?(?:\s+(\d{1,2})(?:st|nd|rd|th)?)?,?\s+(\d{4})\b", re.I
)
# （记者 王翔 通讯员 李明）, 记者王翔报道
REPORTERS = re.compile(r"(?:记者|記者|通讯员|通訊員|特派员|撰稿人)\s*[:：]?\s*([\u4e00-\u9fff]{2,4}(?:[ 、　]+[\u4e00-\u9fff]{2,4})*)")
ROLES = re.compile(r"(?:见习|見習|特约|首席|实习|本报|本報|全媒体)?(?:记者|記者|通讯员|通訊員|文/图|图文|摄影|报道)")
ENGLISH_BY = re.compile(r"^by\s+(.+?)(?:,\s*(?:staff|special).*)?$", re.I)
# How much of a piece's beginning a dateline may take.
DATELINE_CHARACTERS = 80


def dateline(text: str, blocks: Sequence[Block]) -> Mapping[str, str]:
    """`author` and `date` (ISO) of a file, each where it says so plainly; an issue of several articles has no author."""
    found: dict[str, str] = {}
    first = next((each for each in blocks if each.kind == "paragraph"), None)
    opening = text[first.start : first.start + DATELINE_CHARACTERS] if first else ""
    page = [text[each.start : each.end] for each in blocks if each.kind in ("furniture", "byline")][:20]
    date = next((said for said in map(_date, [*page, opening.split("日电")[0] if "日电" in opening else ""]) if said), None)
    if date:
        found["date"] = date
    if all(each.article == 0 for each in blocks):
        bylines = [text[each.start : each.end] for each in blocks if each.kind == "byline"]
        author = next((said for said in map(_author, [*bylines, opening]) if said), None)
        if author:
            found["author"] = author
    return found


def _date(text: str) -> str | None:
    match = DATE.search(text)
    if match:
        year, month, day = map(int, match.groups())
    elif english := ENGLISH_DATE.search(text):
        before, name, after, said = english.groups()
        year, month, day = int(said), ENGLISH_MONTHS.index(name[:3].lower()) + 1, int(before or after or 0)
    else:
        return None
    return f"{year:04}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _author(text: str) -> str | None:
    if english := ENGLISH_BY.match(text):
        return english[1].strip()
    names = [name for group in REPORTERS.findall(text) for name in re.split("[ 、　]+", ROLES.sub(" ", group).strip()) if name]
    return "、".join(dict.fromkeys(names)) or None
