"""Dates as files write them, to yyyy-mm-dd."""

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime

# 2024-03-05T08:00:00Z, 2024/3/5, 2024.3.5, 2024年3月5日, D:20240305080000+08'00'
YEAR_FIRST = re.compile(
    r"\s*(?:D:)?(\d{4})(?:\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})|(\d{2})(\d{2}))(?!\d{1,3}(?!\d))"
)


def iso_date(value: object) -> str:
    """The day as yyyy-mm-dd, or "" where the value is none that can be told for certain."""
    if isinstance(value, date):  # a datetime is a date
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    if not isinstance(value, str):
        return ""
    match = YEAR_FIRST.match(value)
    try:
        if match:
            year, month, day = (int(each) for each in match.groups() if each)
            return date(year, month, day).isoformat()
        found: datetime = parsedate_to_datetime(value)
        return found.date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
