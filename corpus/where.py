"""Which documents are asked: `date >= 2024-01 and section = "国际" and not author ~ 王`.

A condition is read into a small frozen tree and judged in Python over each document's metadata.

    condition  := all ("or" all)*
    all        := one ("and" one)*
    one        := "not" one | "(" condition ")" | field operator value
    operator   := = | != | < | <= | > | >= | ~            (~ is "contains")

A field or value with white space, brackets or operators in it stands in quotation marks. Names of
fields and text are compared without regard to case. A date may be given in part: `date = 2024-01` is
any day of that month. A document without the field fulfils no comparison but `!=`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from corpus.errors import QuestionError

OPERATORS = ("<=", ">=", "!=", "=", "<", ">", "~")
# Full-width forms that a Chinese keyboard gives.
WIDE = {"＝": "=", "＜": "<", "＞": ">", "≤": "<=", "≥": ">=", "≠": "!=", "！＝": "!=", "～": "~", "（": "(", "）": ")"}
WORDS = ("and", "or", "not")
QUOTES = {'"': '"', "'": "'", "“": "”", "「": "」"}
TOKEN = re.compile(
    r"\s*(?:(?P<sign><=|>=|!=|！＝|[=<>~()＝＜＞≤≥≠～（）])|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|“[^”]*”|「[^」]*」)"
    r"|(?P<bare>[^\s=<>~()!\"'＝＜＞≤≥≠～（）“”「」]+))",
    re.S,
)
LONGEST, DEEPEST = 10_000, 50
# Characters of a field or value, and names of fields, that a message repeats.
MOST_SAID, MOST_NAMED = 60, 40

DATE = re.compile(
    r"\D{0,8}?(\d{4})(?:\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+(\d{1,2})[:：](\d{2}).*)?)?)?\s*[年月]?\s*\Z", re.S
)
COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
# Where a part of a date is not given, it begins with these and ends with those.
FIRST, LAST = (1, 1, 1, 0, 0), (9999, 12, 31, 23, 59)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?\Z")


@dataclass(frozen=True)
class Comparison:
    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True)
class All:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Any:
    conditions: tuple["Condition", ...]


Condition = Comparison | Not | All | Any
# The first and the last moment of a date.
Moments = tuple[tuple[int, ...], tuple[int, ...]]


def parse_where(text: str) -> Condition:
    """The condition that a text says. Raises QuestionError, naming the place, where it says none."""
    if len(text) > LONGEST:
        raise QuestionError(f"the condition has {len(text):,} characters, more than {LONGEST:,}; ask with fewer")
    parser = _Parser(text)
    condition = parser.condition(0)
    parser.end()
    return condition


def where_text(condition: Condition) -> str:
    """The condition as text that reads as the same condition."""
    match condition:
        case Comparison(field, operator, value):
            return f"{_quoted(field)} {operator} {_quoted(value)}"
        case Not(inner):
            return f"not ({where_text(inner)})"
        case All(parts):
            return " and ".join(f"({where_text(each)})" for each in parts)
        case Any(parts):
            return " or ".join(f"({where_text(each)})" for each in parts)


def fields_of(condition: Condition) -> Iterator[str]:
    """The names of fields that a condition asks about."""
    match condition:
        case Comparison(field, _, _):
            yield field
        case Not(inner):
            yield from fields_of(inner)
        case All(parts) | Any(parts):
            for each in parts:
                yield from fields_of(each)


def fulfils(metadata: Mapping[str, str], condition: Condition) -> bool:
    """Whether a document with this metadata (names of fields in case-folded form) fulfils a condition."""
    match condition:
        case Comparison(field, operator, value):
            found = metadata.get(folded_field(field))
            return operator == "!=" if found is None else _compares(folded_field(field), found, operator, value)
        case Not(inner):
            return not fulfils(metadata, inner)
        case All(parts):
            return all(fulfils(metadata, each) for each in parts)
        case Any(parts):
            return any(fulfils(metadata, each) for each in parts)


def searchable(name: str, title: str, metadata: Mapping[str, str]) -> dict[str, str]:
    """What conditions may ask of a document: its metadata, name and title; a byline is an author."""
    fields = {folded_field(key): value for key, value in metadata.items()}
    if "byline" in fields:
        fields.setdefault("author", fields["byline"])
    return fields | {"name": name, "title": title}


def require_known(condition: Condition, known: set[str]) -> None:
    """Raises QuestionError where a condition asks about a field that no document has."""
    for field in fields_of(condition):
        if folded_field(field) not in known:
            names = sorted(known)
            more = f", and {len(names) - MOST_NAMED:,} others" if len(names) > MOST_NAMED else ""
            raise QuestionError(f"no document has the field {_short(field)}; known fields are {', '.join(names[:MOST_NAMED])}{more}")


def folded_field(text: str) -> str:
    """A field's name or text as it is compared: width, case and the white space around it make no difference."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def is_dated(field: str) -> bool:
    """Whether a field's values are compared as dates, where they are any."""
    return "date" in field or "日期" in field


def date_span(text: str) -> Moments | None:
    """The first and the last minute of a date (year, month, day, hour, minute), given whole or in part; None where it is none."""
    date = _date(text)
    return None if date is None else _span(date)


def number_of(text: str) -> float | None:
    """The number that a text is; None where it is none."""
    folded = folded_field(text)
    return float(folded) if NUMBER.match(folded) else None


# Comparing


def _compares(field: str, found: str, operator: str, value: str) -> bool:
    if operator == "~":
        return folded_field(value) in folded_field(found)
    if operator == "!=":
        return not _compares(field, found, "=", value)
    spans = (date_span(found), date_span(value)) if is_dated(field) else (None, None)
    if spans[0] is not None and spans[1] is not None:
        return _dates_compare(spans[0], operator, spans[1])
    left, right = number_of(found), number_of(value)
    if left is not None and right is not None:
        return _ORDER[operator](left, right)
    return _ORDER[operator](folded_field(found), folded_field(value))


_ORDER: dict[str, Callable[..., bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _dates_compare(found: Moments, operator: str, asked: Moments) -> bool:
    """Each date is the span from its first minute to its last: `< 2024-01` is before all of January."""
    (first, last), (begin, end) = found, asked
    return {
        "=": begin <= first and last <= end,
        "<": last < begin,
        "<=": last <= end,
        ">": first > end,
        ">=": first >= begin,
    }[operator]


def _span(date: tuple[int, ...]) -> Moments:
    return date + FIRST[len(date) :], date + LAST[len(date) :]


def _date(text: str) -> tuple[int, ...] | None:
    """Year, and as much of month, day, hour and minute as a text says; None where it is no date."""
    # White space as one blank: between the parts of a date the pattern would try every share of a long stretch of it.
    folded = " ".join(unicodedata.normalize("NFKC", text).split())
    match = COMPACT_DATE.match(folded) or DATE.match(folded)
    if match is None:
        return None
    parts = [int(each) for each in match.groups() if each is not None]
    if (len(parts) > 1 and not 1 <= parts[1] <= 12) or (len(parts) > 2 and not 1 <= parts[2] <= 31):
        return None
    return tuple(parts)


# Reading


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            closing = QUOTES.get(text[place])
            wrong = f"the quotation mark is not closed with {closing}" if closing else f"{text[place]!r} cannot stand here"
            raise _problem(text, place, wrong)
        kind = str(match.lastgroup)
        found = match[kind]
        if kind == "sign":
            found = WIDE.get(found, found)
        elif kind == "quoted":
            found = re.sub(r"\\(.)", r"\1", found[1:-1], flags=re.S) if found[0] in "\"'" else found[1:-1]
        elif found.lower() in WORDS:
            kind, found = "word", found.lower()
        yield _Token(kind, found, match.start(str(match.lastgroup)))
        place = match.end()


def _short(text: str) -> str:
    return repr(text if len(text) <= MOST_SAID else text[:MOST_SAID] + "…")


def _problem(text: str, place: int, wrong: str) -> QuestionError:
    # What is far from the place is left out.
    first = place - MOST_SAID if place > MOST_SAID else 0
    near = ("…" if first else "") + text[first : place + MOST_SAID].strip() + ("…" if len(text) > place + MOST_SAID else "")
    return QuestionError(
        f"the condition cannot be read at character {place + 1} of {near!r}: {wrong}; "
        "write it like: date >= 2024-01 and not author ~ 王"
    )


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [*_tokens(text), _Token("end", "", len(text))]
        self._at = 0

    def condition(self, depth: int) -> Condition:
        parts = [self._all(depth)]
        while self._take("word", "or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def end(self) -> None:
        token = self._tokens[self._at]
        if token.kind != "end":
            hint = '; a value of several words stands in quotation marks' if token.kind in ("bare", "quoted") else ""
            raise _problem(self._text, token.place, f"{_short(token.text)} where `and`, `or` or the end was expected{hint}")

    def _all(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("word", "and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Condition:
        token = self._tokens[self._at]
        if depth > DEEPEST:
            raise _problem(self._text, token.place, f"more than {DEEPEST} conditions stand inside one another")
        if self._take("word", "not"):
            return Not(self._one(depth + 1))
        if self._take("sign", "("):
            inner = self.condition(depth + 1)
            if not self._take("sign", ")"):
                raise self._expected("a closing bracket")
            return inner
        field = self._text_of("a field's name")
        operator = self._tokens[self._at]
        if operator.kind != "sign" or operator.text not in OPERATORS:
            raise self._expected(f"one of {' '.join(OPERATORS)}")
        self._at += 1
        return Comparison(field, operator.text, self._text_of("a value"))

    def _text_of(self, what: str) -> str:
        token = self._tokens[self._at]
        if token.kind not in ("bare", "quoted"):
            raise self._expected(what)
        self._at += 1
        return token.text

    def _take(self, kind: str, text: str) -> bool:
        token = self._tokens[self._at]
        taken = (token.kind, token.text) == (kind, text)
        self._at += taken
        return taken

    def _expected(self, what: str) -> QuestionError:
        token = self._tokens[self._at]
        found = "the end" if token.kind == "end" else _short(token.text)
        return _problem(self._text, token.place, f"{found} where {what} was expected")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
