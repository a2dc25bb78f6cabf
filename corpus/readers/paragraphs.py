"""Lines of printed pages to the paragraphs and headings they were set from.

A paragraph begins where a line is indented, stands further off, is of another size, or follows one
that had room for more. One that is open at the foot of a column goes on at the head of the next.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from statistics import median

from corpus.lines import LIST_ITEM, is_closed
from corpus.readers.build import Part
from corpus.readers.columns import Column
from corpus.readers.lines import Line, glue, is_right_to_left, is_wide
from corpus.readers.table import table_parts

HEADING_SIZE = 1.12  # of the size of most letters
LONGEST_STRESSED = 60  # characters of a line in bold letters that is a heading
INDENT = 0.8  # of the size of the letters
LEADING = 1.35  # of the usual distance between lines
SHORT = 2.0  # letters' sizes that a line may end before the edge and still be full
NARROWEST = 0.5  # of a column that a quotation takes
# No line of running text begins with one.
BULLET = re.compile(r"[•●■◆▪‣○◎★▶►◦\uf0b7\uf0a7\uf06c\uf075]\s?\S")
CUT_WORD = re.compile(r"[^\W\d_]-$")
COMPOUND = re.compile(r"[^\W\d_]{2,}-[^\W\d_]{2,}")
CAPTION = re.compile(r"(?:图|表|圖|Fig(?:ure|\.)|Table|Tab\.)\s*\d+(?:[-.]\d+)?[\s:：.、]", re.I)


@dataclass
class _Draft:
    """A paragraph or heading in the making."""

    lines: list[Line]
    right: float  # edge of the column that the last line stands in
    kind: str = "paragraph"

    @property
    def last(self) -> Line:
        return self.lines[-1]


def parts_of(columns: Sequence[Column]) -> list[Part]:
    """The parts that columns of lines make, in reading order, with the pages they stand on."""
    letters: Counter[float] = Counter()
    bold = 0
    for column in columns:
        for line in column.lines:
            letters[line.size] += len(line.text)
            bold += len(line.text) * line.bold
    body = letters.most_common(1)[0][0] if letters else 0.0
    mostly_bold = bold * 2 > sum(letters.values())
    compounds = frozenset(
        match[0].lower() for column in columns for line in column.lines for match in COMPOUND.finditer(line.text)
    )
    sizes = sorted({each for each in letters if each >= HEADING_SIZE * body}, reverse=True)
    drafts: list[_Draft | Column] = []
    for column in map(_mirrored, columns):
        if column.rows:
            drafts.append(column)
            continue
        made = list(_drafts(column, body, mostly_bold))
        first = next((n for n, each in enumerate(made) if each.kind not in ("caption",)), None)
        open_draft = _open(drafts)
        if first is not None and open_draft and _goes_on(open_draft, made[first], column):
            open_draft.lines += made[first].lines
            open_draft.right = made[first].right
            del made[first]
        drafts += made
    parts: list[Part] = []
    for draft in drafts:
        if isinstance(draft, Column):
            parts += (_placed_row(each, draft) for each in table_parts(draft.rows, draft.page))
        else:
            parts.append(_part(draft, sizes, compounds))
    return parts


def _mirrored(column: Column) -> Column:
    """A column of right-to-left text with its sides exchanged, so that lines begin at the left."""
    if sum(is_right_to_left(each.text) for each in column.lines) * 2 <= len(column.lines):
        return column
    return replace(column, lines=tuple(replace(each, left=-each.right, right=-each.left, turned=True) for each in column.lines))


def _drafts(column: Column, body: float, mostly_bold: bool) -> Iterator[_Draft]:
    """The paragraphs and headings of one column."""
    step = _step(column.lines)
    whole = _edges(column.lines)
    for lines in _chunks(column.lines, step):
        # An abstract or a long quotation is narrower than its column; a list of a few words is not a quotation.
        left, right = _edges(lines)
        if len(lines) <= 2 or (right - left) < NARROWEST * (whole[1] - whole[0]):
            left, right = whole
        draft = None
        for line in lines:
            kind = _kind(line, body, mostly_bold)
            if draft and kind == draft.kind and not _begins(line, draft, left, right):
                draft.lines.append(line)
                continue
            if draft:
                yield draft
            draft = _Draft([line], right, kind)
        if draft:
            yield draft


def _chunks(lines: Sequence[Line], step: float) -> Iterator[list[Line]]:
    """Lines that stand at the usual distance from each other, and those of one heading."""
    chunk: list[Line] = []
    for line in lines:
        if chunk:
            last = chunk[-1]
            distance = line.middle - last.middle
            near = distance <= LEADING * step or (line.size > 1.05 * step / 1.5 and distance < 2 * line.size)
            if not near or abs(line.size - last.size) > 0.12 * last.size:
                yield chunk
                chunk = []
        chunk.append(line)
    if chunk:
        yield chunk


def _kind(line: Line, body: float, mostly_bold: bool) -> str:
    large = line.size >= HEADING_SIZE * body
    stressed = (
        line.bold and not mostly_bold and len(line.text) < LONGEST_STRESSED and not line.text.endswith(("。", "."))
    )
    goes_on = line.text.endswith((",", "，", "、", ";", "；"))
    if (large or stressed) and not goes_on and any(each.isalpha() for each in line.text):
        return "heading"
    return "caption" if CAPTION.match(line.text) and line.size <= body else "paragraph"


def _begins(line: Line, draft: _Draft, left: float, right: float) -> bool:
    """Whether a line begins a new paragraph below the draft's last."""
    last = draft.last
    if draft.kind == "heading":
        return line.bold != last.bold
    if BULLET.match(line.text) or _is_beside_item(line, draft):
        return True
    is_end = _is_end(last, line, right)
    if LIST_ITEM.match(line.text) and (is_end or is_closed(last.text)):
        return True
    hangs = len(draft.lines) == 1 and LIST_ITEM.match(last.text) is not None and line.left > last.left
    indented = line.left - left > INDENT * line.size and abs(line.left - last.left) > INDENT * line.size / 2
    return is_end or (indented and not hangs and is_closed(last.text))


def _is_beside_item(line: Line, draft: _Draft) -> bool:
    """Whether a line stands to the left of the words of the list's item above it, or of its mark."""
    first, *others = draft.lines
    if not LIST_ITEM.match(first.text):
        return False
    inside = others[0].left if others and others[0].left > first.left else first.left
    return line.left < inside - INDENT / 2 * line.size


def _is_end(last: Line, following: Line, right: float) -> bool:
    """Whether a line had room for what the next begins with, and does not say that it goes on."""
    if following.text[0].islower() and not is_closed(last.text):
        return False
    room = right - last.right
    if is_wide(following.text[0]):
        return room > SHORT * last.size
    word = len(following.text.split(maxsplit=1)[0]) * last.size * 0.55
    return room > word + SHORT * last.size


def _open(drafts: Sequence[_Draft | Column]) -> _Draft | None:
    """The last paragraph so far, where only captions and tables follow it."""
    for each in reversed(drafts):
        if isinstance(each, _Draft) and each.kind == "paragraph":
            return each
        if isinstance(each, _Draft) and each.kind == "heading":
            return None
    return None


def _goes_on(draft: _Draft, following: _Draft, column: Column) -> bool:
    """Whether a paragraph at the foot of a column goes on with the first of the next."""
    last, line = draft.last, following.lines[0]
    if following.kind != "paragraph" or abs(last.size - line.size) > 0.12 * last.size:
        return False
    indented = line.left - _edges(column.lines)[0] > INDENT * line.size
    if is_closed(last.text):
        # A sentence that ends at the very edge may be followed by more of its paragraph.
        begins_indented = draft.lines[0].left - min(each.left for each in draft.lines) > INDENT * last.size
        return begins_indented and not indented and not _is_end(last, line, draft.right)
    return not indented and not LIST_ITEM.match(line.text) and not _is_end(last, line, draft.right)


def _placed_row(part: Part, table: Column) -> Part:
    """The row of a table with the stretch of the page that it takes up: its cells are told one by one no more."""
    if part.row is None:
        return part
    cells = table.row_lines[part.row]
    whole = Line(
        part.text, min(each.left for each in cells), min(each.top for each in cells), max(each.right for each in cells),
        max(each.bottom for each in cells), cells[0].size, cells[0].page,
    )  # fmt: skip
    return replace(part, lines=((0, len(part.text), whole),), page=whole.page)


def _part(draft: _Draft, sizes: list[float], compounds: frozenset[str]) -> Part:
    texts: list[list[str]] = []
    pages: list[int] = []
    joints: list[str] = []
    for line in draft.lines:
        before = texts[-1][-1] if texts else ""
        joint = _joint(before, line.text)
        joints.append(joint)
        if texts and joint == "":
            texts[-1][-1] = before[:-1] if _is_cut(before, line.text, compounds) else before
        if not pages or pages[-1] != line.page:
            pages.append(line.page)
            texts.append([joint + line.text])
        else:
            texts[-1] += [joint + line.text]
    lines: list[tuple[int, int, Line]] = []
    length = 0
    for written, joint, line in zip(chain.from_iterable(texts), joints, draft.lines, strict=True):
        lines.append((length + len(joint), length + len(written), line))
        length += len(written)
    first, *others = ["".join(each) for each in texts]
    overleaf = tuple(zip(others, pages[1:], strict=True))
    if draft.kind == "heading":
        size = draft.lines[0].size
        level = sizes.index(size) + 1 if size in sizes else len(sizes) + 1
        return Part("heading", first, min(level, 6), pages[0], overleaf, lines=tuple(lines))
    if draft.kind == "caption":
        return Part("caption", first, 0, pages[0], overleaf, lines=tuple(lines))
    return Part("list" if LIST_ITEM.match(first) else "paragraph", first, 0, pages[0], overleaf, lines=tuple(lines))


def _joint(before: str, after: str) -> str:
    """What stands between a line and the next of its paragraph."""
    if before.endswith("-") and CUT_WORD.search(before) and after[:1].isalpha():
        return ""
    return "" if before.endswith("\u00ad") else glue(before, after)


def _is_cut(before: str, after: str, compounds: frozenset[str]) -> bool:
    """Whether the hyphen at a line's end was put in to cut a word, and is no part of it."""
    if before.endswith("\u00ad"):
        return True
    if not CUT_WORD.search(before) or not after[:1].islower():
        return False
    whole = re.sub(r"^.*?([^\W\d_]+-)$", r"\1", before) + re.match(r"[^\W\d_]*", after)[0]  # type: ignore[index]
    return whole.lower() not in compounds


def _edges(lines: Iterable[Line]) -> tuple[float, float]:
    """Where most lines of a column begin, and where the longest end."""
    lefts = sorted(each.left for each in lines)
    rights = sorted(each.right for each in lines)
    return lefts[len(lefts) // 10], rights[-1 - len(rights) // 10]


def _step(lines: Sequence[Line]) -> float:
    """The usual distance from line to line."""
    steps = [b.middle - a.middle for a, b in pairwise(lines) if b.middle > a.middle]
    return median(steps) if steps else lines[0].size * 1.5
