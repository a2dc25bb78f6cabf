"""A document's fields as its passages carry them, and a condition as Milvus judges it over them.

What `corpus.where.fulfils` says of a document, the expression says of its passages: dates are kept as their first and last minute,
numbers as numbers, everything else as folded text. A condition that has no such form (a text with the signs % or _, which a
pattern takes for others) is judged here, and the documents that fulfil it are named.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from corpus.where import All, Comparison, Condition, Not, date_span, folded_field, is_dated, number_of, searchable
from corpus.where import Any as AnyOf

# Characters of a value that a passage carries; what is longer is judged by its beginning.
LONGEST = 2000


def carried(name: str, title: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """`t`: texts by field, `n`: numbers, `a` and `z`: the first and last minute of dates."""
    texts: dict[str, str] = {}
    numbers: dict[str, float] = {}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for key, value in searchable(name, title, metadata).items():
        texts[key] = folded_field(value)[:LONGEST]
        number = number_of(value)
        if number is not None and isfinite(number):
            numbers[key] = number
        span = date_span(value) if is_dated(key) else None
        if span is not None:
            first[key], last[key] = map(_minutes, span)
    return {"t": texts, "n": numbers, "a": first, "z": last}


def expression(condition: Condition) -> str | None:
    """The condition over `fields`; None where it has no such form."""
    match condition:
        case Comparison():
            return _compared(condition)
        case Not(inner):
            # Of a missing field a comparison is neither true nor false to some: each says itself whether the field is there.
            said = expression(inner)
            return None if said is None else f"(not {said})"
        case All(parts) | AnyOf(parts):
            each = [expression(one) for one in parts]
            joined = " and " if isinstance(condition, All) else " or "
            return None if None in each else "(" + joined.join(map(str, each)) + ")"


def _compared(condition: Comparison) -> str | None:
    field, operator, value = folded_field(condition.field), condition.operator, condition.value
    if operator == "!=":
        equal = _compared(Comparison(condition.field, "=", value))
        return None if equal is None else f"(not {equal})"
    text, there = _path("t", field), f"exists {_path('t', field)}"
    folded = folded_field(value)
    if len(folded) >= LONGEST:
        return None
    if operator == "~":
        return None if any(each in folded for each in "%_\\") else f"({there} and {text} like {_said('%' + folded + '%')})"
    sign = "==" if operator == "=" else operator
    as_text = f"{text} {sign} {_said(folded)}"
    number = number_of(value)
    if number is not None and not isfinite(number):
        return None
    if number is not None:
        has = f"exists {_path('n', field)}"
        as_text = f"(({has} and {_path('n', field)} {sign} {number!r}) or ((not {has}) and {as_text}))"
    span = date_span(value) if is_dated(field) else None
    if span is None:
        return f"({there} and {as_text})"
    begin, end = map(_minutes, span)
    first, last, dated = _path("a", field), _path("z", field), f"exists {_path('a', field)}"
    as_date = {
        "=": f"{first} >= {begin} and {last} <= {end}",
        "<": f"{last} < {begin}",
        "<=": f"{last} <= {end}",
        ">": f"{first} > {end}",
        ">=": f"{first} >= {begin}",
    }[operator]
    return f"({there} and (({dated} and {as_date}) or ((not {dated}) and {as_text})))"


def _minutes(moment: tuple[int, ...]) -> int:
    """Year, month, day, hour and minute as one number that is in order as they are."""
    year, month, day, hour, minute = moment
    return (((year * 100 + month) * 100 + day) * 100 + hour) * 100 + minute


def _path(kind: str, field: str) -> str:
    return f'fields["{kind}"][{_said(field)}]'


def _said(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
