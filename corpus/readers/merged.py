"""Tables whose cells go over several rows and columns, as a person reads them: what stands beside rows is said of each of them, and
names in two lines are one name (`产量 2023年`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from corpus.readers.table import LONGEST_NAME

# Columns that a row may have, and those that a cell may go over.
MOST_COLUMNS, MOST_ACROSS = 1_000, 100
# Places that cells from above may take, and how many more for each cell that there is.
FEW_OTHERS, MOST_OTHERS = 100_000, 20
# Lines that the names of columns may have.
MOST_NAMES = 4


@dataclass(frozen=True)
class Spot:
    """One place of a grid. `below` and `beside`: it belongs to the cell above, or to its left, and has no words of its own."""

    text: str = ""
    below: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell as HTML has it: over so many columns and rows."""

    text: str
    across: int = 1
    down: int = 1


def spots(rows: Iterable[Iterable[Cell]]) -> Iterator[list[Spot]]:
    """The grid that the cells make, each placed in the first columns that none from above reaches into."""
    reach: dict[int, tuple[int, bool]] = {}  # by column: how many more rows it is taken, and whether as beside another
    own = others = 0
    for row in rows:
        made: list[Spot] = []
        further: dict[int, tuple[int, bool]] = {}
        for cell in row:
            own += 1
            made += _reached(reach, len(made))
            for step in range(max(1, min(cell.across, MOST_ACROSS, MOST_COLUMNS - len(made)))):
                if cell.down > 1:
                    further[len(made)] = (cell.down - 1, step > 0)
                made.append(Spot("" if step else cell.text, beside=step > 0))
        made += _reached(reach, len(made))
        others += len(reach)
        # A few characters could ask for places without end.
        if others > FEW_OTHERS + MOST_OTHERS * own:
            reach = further = {}
        reach = {column: (left - 1, beside) for column, (left, beside) in reach.items() if left > 1} | further
        yield made


def _reached(reach: Mapping[int, tuple[int, bool]], column: int) -> Iterator[Spot]:
    while column in reach:
        yield Spot(below=True, beside=reach[column][1])
        column += 1


def merged(rows: Iterable[Sequence[Spot]]) -> Iterator[list[str]]:
    """The words of each row, with those of cells that go on into it; lines of names at the top are one."""
    return (words for words, _ in merged_rows(rows))


def merged_rows(rows: Iterable[Sequence[Spot]]) -> Iterator[tuple[list[str], int]]:
    """`merged`, each row with the number of those that it is made of."""
    filled = _filled(rows)
    for row in filled:
        if _is_title(row):
            yield _said(row), 1
            continue
        names = [row]
        if any(each.beside for each in row):
            following = next(filled, None)
            while following is not None and len(names) < MOST_NAMES and _are_names(names[-1], following):
                names.append(following)
                following = next(filled, None)
            yield [" ".join(dict.fromkeys(filter(None, column))) for column in _columns(names)], len(names)
            filled = filled if following is None else chain([following], filled)
        else:
            yield _said(row), 1
        break
    yield from ((_said(row), 1) for row in filled)


def _filled(rows: Iterable[Sequence[Spot]]) -> Iterator[list[Spot]]:
    """The grid with each cell's words in all of its places, where they are not so many that nobody would say them again.

    A row without words of its own is empty."""
    above: list[Spot] = []
    for row in rows:
        found: list[Spot] = []
        for column, spot in enumerate(row):
            if spot.below:
                from_above = above[column].text if column < len(above) else ""
                spot = replace(spot, text=from_above if len(from_above) <= LONGEST_NAME else "")
            elif spot.beside and found:
                spot = replace(spot, text=found[-1].text if len(found[-1].text) <= LONGEST_NAME else "")
            found.append(spot)
        above = found
        yield found if any(each.text and not each.below and not each.beside for each in found) else [replace(each, text="") for each in found]


def _is_title(row: Sequence[Spot]) -> bool:
    """Whether a row above the names has no more than one cell with words, which goes over all columns or stands before them."""
    return sum(bool(each.text) and not each.beside for each in row) < 2 and (not any(each.beside for each in row) or bool(row[0].text))


def _said(row: Sequence[Spot]) -> list[str]:
    return ["" if each.beside else each.text for each in row]


def _are_names(above: Sequence[Spot], row: Sequence[Spot]) -> bool:
    """Whether a row goes on with the names: it names the parts of those that go over several columns, and nothing else."""
    if any(each.below and not each.beside for each in row):
        return True
    parted = [place for place, each in enumerate(above) if each.beside or (place + 1 < len(above) and above[place + 1].beside)]
    return all(bool(each.text) == (place in parted) for place, each in enumerate(row))


def _columns(rows: Sequence[Sequence[Spot]]) -> Iterator[list[str]]:
    for column in range(max(map(len, rows))):
        yield [row[column].text for row in rows if column < len(row)]
