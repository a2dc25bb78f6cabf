"""CSV and TSV: one block a row, each value with the name of its column."""

import csv
import io
import re
from collections import Counter

from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.one_line import CONTROLS
from corpus.readers.build import bounded, build
from corpus.readers.characters import text_of
from corpus.readers.table import table_parts

DELIMITERS = ",;\t|"
# The longest cell that is read; the csv module's own bound is 131,072.
LONGEST_CELL = 10_000_000
SNIFFED = 20
# Line ends of running text that end no row.
BREAKS_IN_CELLS = re.compile("[\x0b\x0c\x85\u2028\u2029]")


def read(data: bytes, name: str) -> Document:
    """A table of values as a document, in any common encoding.

    Raises UnreadableFile where the bytes are not text or are no such table.
    """
    text = CONTROLS.sub("", BREAKS_IN_CELLS.sub(" ", text_of(data, name, "CSV")))
    csv.field_size_limit(LONGEST_CELL)
    delimiter = _delimiter(text)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        parts = list(bounded(table_parts(rows), name))
    except csv.Error:
        # Quotation marks that quote no cell (inches, a title in a sentence) stand for themselves.
        rows = csv.reader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE)
        try:
            parts = list(bounded(table_parts(rows), name))
        except csv.Error as reason:
            raise UnreadableFile(
                f"{name} is not a table of values at line {rows.line_num} ({reason}); save it again as CSV"
            ) from None
    return build(name, parts)


def _delimiter(text: str) -> str:
    """The mark that splits the first lines into the same number of cells, more than one."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:SNIFFED]

    def evenness(mark: str) -> tuple[int, int]:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=mark))
        width, lines_alike = max(counts.items(), key=lambda each: (each[0] > 1, each[1]), default=(1, 0))
        return (lines_alike if width > 1 else 0), width

    return max(DELIMITERS, key=evenness)
