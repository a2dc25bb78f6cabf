"""Numbers as a spreadsheet shows them: rounded, with thousands apart and with the units that their format adds (ECMA-376, part 1, 18.8.31).

Of formats that say more than that (fractions, powers of ten, conditions) the number itself is shown.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

LITERAL = r'(?:"[^"]*"|\\.|[¥￥$€£₩₹元()+-]|_.|\*.| )'
FORMAT = re.compile(
    rf"(?:\[(?:Red|Black|Blue|Green|White|Yellow|Cyan|Magenta|Color\d+|\$(?P<sign>[^\]-]*)[^\]]*)\])*(?P<before>{LITERAL}*)"
    rf"(?P<whole>#,##0|#,###|0|#)(?:\.(?P<decimals>0+))?(?P<percent>%?)(?P<after>{LITERAL}*)\Z"
)
SECTIONS = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*\Z)')
# A number of more digits is none that was written for people.
LARGEST = 1e15


def shown_number(value: int | float, form: str) -> str:
    """The number as it is shown in that format, or as it is."""
    match = FORMAT.match(_section(value, form))
    if match is None or abs(value) >= LARGEST:
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    number = abs(Decimal(repr(value))) * (100 if match["percent"] else 1)
    rounded = number.quantize(Decimal(1).scaleb(-len(match["decimals"] or "")), ROUND_HALF_UP)
    written = f"{rounded:,f}" if "," in match["whole"] else f"{rounded:f}"
    # A section of its own for what is below zero says itself how that looks.
    minus = "-" if value < 0 and rounded and len(SECTIONS.split(form)) < 2 else ""
    return f"{minus}{match['sign'] or ''}{_words(match['before'])}{written}{match['percent']}{_words(match['after'])}".strip()


def _section(value: int | float, form: str) -> str:
    """The part of a format that is for such a number."""
    sections = SECTIONS.split(form)
    if value < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if value == 0 and len(sections) > 2 else sections[0]


def _words(literal: str) -> str:
    """What is shown of the literal parts: blanks as wide as a character, and fillings, are not."""
    return "".join(each[1] or each[2] or each[3] or "" for each in re.finditer(r'"([^"]*)"|\\(.)|[_*].|(.)', literal))
