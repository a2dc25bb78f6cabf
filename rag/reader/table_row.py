"""Rows of tables, `column: value; column: value`: the one whose values the question names, and the value in the column it asks for.

To a reader of running text all rows of a table look alike, and the names between the values are words like any other.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from corpus import Document, Sentence
from corpus.document import Block, block_at
from corpus.sentences import trimmed
from rag.folding import folded
from rag.terms import terms

# Letters that a value takes at its end in the sentence of a question, in languages that inflect.
ENDING = 2
BRACKETED = re.compile(r"\s*[(（\[【].*[)）\]】]\s*\Z")
HAS_LETTER = re.compile(r"[^\W\d_]")
LETTERS = r"A-Za-z0-9\u00c0-\u052f"
SPACED = re.compile(f"[{LETTERS}]")
# Numbers of fewer digits stand in any question by chance.
DIGITS = 3
LONGEST_VALUE = 80
STROKE = re.compile(r"(?<!\\)\|")
# Of a table in Markdown, above the row.
MOST_ROWS = 500


@dataclass(frozen=True)
class Cell:
    """The name of a column and a value in it, as they stand in the text; a table may be without names."""

    name: Sentence
    value: Sentence


def row_at(document: Document, place: int) -> Block | None:
    """The row of a table that stands there."""
    block = block_at(document, place)
    return block if block is not None and block.kind == "table" and place < block.end else None


def cells(document: Document, row: Block) -> list[Cell]:
    """The cells of a row, as it was put together (`corpus.readers.table`), or as it stands in Markdown below the names, which have none."""
    text = document.text
    words = text[row.start : row.end]
    if words.startswith("|") or (" | " in words and ": " not in words):
        head = _head(document, row)
        if head == row:
            return []
        names, values = _between_strokes(text, head), _between_strokes(text, row)
        return [Cell(name or Sentence(value.start, value.start), value) for name, value in zip_longest(names, values) if value is not None]
    found = []
    start = row.start
    while start < row.end:
        end = text.find("; ", start, row.end)
        end = row.end if end < 0 else end
        colon = text.find(": ", start, end)
        value = start if colon < 0 else colon + 2
        found.append(Cell(Sentence(start, start if colon < 0 else colon), Sentence(value, end)))
        start = end + 2
    return found


def _head(document: Document, row: Block) -> Block:
    """The first row of the same table, if it is not far above."""
    at = bisect_right(document.blocks, row.start, key=lambda each: each.start) - 1
    for above in reversed(document.blocks[max(0, at - MOST_ROWS) : at]):
        if above.kind != "table" or document.text[above.end : row.start].count("\n\n"):
            break
        row = above
    return row


def _between_strokes(text: str, row: Block) -> list[Sentence]:
    edges = [row.start - 1, *(each.start() for each in STROKE.finditer(text, row.start, row.end)), row.end]
    parts = [trimmed(text, before + 1, after) or Sentence(after, after) for before, after in pairwise(edges)]
    # Strokes at the ends stand between nothing.
    return parts[text[row.start] == "|" : len(parts) - (text[row.end - 1] == "|")]


def named(question: str, values: Iterable[str]) -> int:
    """How many characters of these values the question says, each as a whole."""
    return _said_of(folded(question), values)


def _said_of(asked: str, values: Iterable[str]) -> int:
    return sum(len(each) for each in {_bare(value) for value in values} if _is_said(each, asked))


def _bare(value: str) -> str:
    return folded(BRACKETED.sub("", value[:LONGEST_VALUE]) or value[:LONGEST_VALUE]).strip()


def _is_said(value: str, asked: str) -> bool:
    if len(value) < 2 or not (HAS_LETTER.search(value) or sum(map(str.isdigit, value)) >= DIGITS):
        return False
    before = f"(?<![{LETTERS}])" if SPACED.match(value) else ""
    after = f"[{LETTERS}]{{0,{ENDING}}}(?![{LETTERS}])" if SPACED.match(value[-1]) else ""
    return re.search(before + re.escape(value) + after, asked) is not None


class AskedRow:
    """A question about tables: of each table, how much of it the best row names. Tables of a document are told apart by their first column's
    name: where those are alike, so is what a row stands for."""

    def __init__(self, question: str, read: Iterable[tuple[Document, Sequence[Sentence]]]) -> None:
        self._asked = folded(question)
        self._terms = terms(self._asked)
        self._said: dict[tuple[str, int], tuple[str, int]] = {}  # which table a row is of, and how much of it is named
        self._best: dict[tuple[str, str], int] = {}
        for document, sentences in read:
            text = document.text
            for row in {row for each in sentences if (row := row_at(document, each.start)) is not None}:
                if (document.id, row.start) not in self._said:
                    found = cells(document, row)
                    said = _said_of(self._asked, (text[each.value.start : each.value.end] for each in found))
                    table = text[found[0].name.start : found[0].name.end] if found else ""
                    self._said[document.id, row.start] = table, said
                    self._best[document.id, table] = max(said, self._best.get((document.id, table), 0))

    def _named(self, document: Document, sentence: Sentence) -> tuple[Block | None, int, int]:
        """The row that a sentence is in, how much of it is named, and how much of the best row of its table."""
        row = row_at(document, sentence.start) if self._best else None
        if row is None or (document.id, row.start) not in self._said:
            return row, 0, 0
        table, said = self._said[document.id, row.start]
        return row, said, self._best[document.id, table]

    def is_another(self, document: Document, sentence: Sentence) -> bool:
        """Whether the question names more of another row of the table than of the one that the sentence is in."""
        _, said, best = self._named(document, sentence)
        return said < best

    def is_the_one(self, document: Document, sentence: Sentence) -> bool:
        """Whether the question names the row that the sentence is in, and a column of it by a word of its own."""
        row, said, best = self._named(document, sentence)
        if row is None or not said or said < best:
            return False
        column = self._column(document.text, cells(document, row))
        if column is None or not sentence.start <= column.value.start < sentence.end:
            return False
        name = terms(folded(document.text[column.name.start : column.name.end]))
        return any(not term.isdigit() for term in name & self._terms)

    def value(self, document: Document, sentence: Sentence, answer: Sentence) -> Sentence:
        """The value that answers: in the one column that the question names, of a row that it names too, or else the one where the
        reader's answer is. What is no row of a table stays as it is."""
        row, said, _ = self._named(document, sentence)
        if row is None:
            return answer
        text = document.text
        inside = [each for each in cells(document, row) if sentence.start <= each.value.start < each.value.end <= sentence.end]
        if not inside:
            return answer
        column = self._column(text, inside) if said else None
        if column is None:
            column = max(inside, key=lambda each: min(answer.end, each.value.end) - max(answer.start, each.name.start))
        if column.value.start <= answer.start and answer.end <= column.value.end:
            return answer
        return column.value

    def _column(self, text: str, inside: Sequence[Cell]) -> Cell | None:
        """The cell whose column the question names, and no other as well."""
        names = [terms(folded(text[each.name.start : each.name.end])) for each in inside]
        often = Counter(term for name in names for term in name)
        scores = [
            0.0 if _said_of(self._asked, [text[cell.value.start : cell.value.end]]) else sum(1 / often[term] for term in name & self._terms)
            for cell, name in zip(inside, names, strict=True)
        ]
        best = max(scores)
        return inside[scores.index(best)] if best and scores.count(best) == 1 else None
