"""The straight lines that a PDF page draws: rules of tables, drawn as lines, as narrow rectangles or as outlines of boxes."""

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from corpus.readers.ruled import Rule
from corpus.readers.upright import Upright

# What is narrower is a line, what is shorter a dot or a letter; points.
NARROW, SHORT = 2.5, 8.0
# A page that draws more is a map or a chart.
MOST_PATHS, MOST_POINTS = 6_000, 60
# Drawings may stand in others, so deep.
DEEPEST = 4
Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
WHOLE: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def page_rules(page: Any, held: Upright) -> tuple[list[Rule], list[Rule]]:
    """The level and the upright lines of a page that is held so; none where there are so many that they are a drawing."""
    level: list[Rule] = []
    upright: list[Rule] = []
    for number, (drawn, within) in enumerate(_paths(page)):
        if number >= MOST_PATHS:
            return [], []
        for one, other in _sides(drawn, within):
            (x, y), (to_x, to_y) = held.place(*one), held.place(*other)
            if abs(y - to_y) <= NARROW and abs(x - to_x) >= SHORT:
                level.append(Rule((y + to_y) / 2, *sorted((x, to_x))))
            elif abs(x - to_x) <= NARROW and abs(y - to_y) >= SHORT:
                upright.append(Rule((x + to_x) / 2, *sorted((y, to_y))))
    return level, upright


def _paths(page: Any) -> Iterator[tuple[Any, Matrix]]:
    """What is drawn on a page, with how the drawing that it is in lies there."""
    count, get = pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject
    waiting: list[tuple[Any, Matrix, int]] = [(get(page.raw, number), WHOLE, 0) for number in reversed(range(count(page.raw)))]
    while waiting:
        drawn, within, depth = waiting.pop()
        kind = pdfium.FPDFPageObj_GetType(drawn)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield drawn, within
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
            inside = _in(_matrix(drawn), within)
            numbers = reversed(range(min(pdfium.FPDFFormObj_CountObjects(drawn), MOST_PATHS)))
            waiting += [(pdfium.FPDFFormObj_GetObject(drawn, number), inside, depth + 1) for number in numbers]


def _sides(drawn: Any, within: Matrix) -> list[tuple[Point, Point]]:
    """The straight sides of a path; a narrow one is a line from end to end, whatever its points are."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
        return []
    (x, y), (to_x, to_y) = _at(within, left.value, bottom.value), _at(within, right.value, top.value)
    wide, high = abs(to_x - x), abs(to_y - y)
    if min(wide, high) <= NARROW:
        middle_x, middle_y = (x + to_x) / 2, (y + to_y) / 2
        return [((x, middle_y), (to_x, middle_y)) if wide > high else ((middle_x, y), (middle_x, to_y))]
    count = pdfium.FPDFPath_CountSegments(drawn)
    if min(wide, high) < SHORT or not 2 <= count <= MOST_POINTS:
        return []
    matrix = _in(_matrix(drawn), within)
    point_x, point_y = ctypes.c_float(), ctypes.c_float()
    found = []
    began = last = (0.0, 0.0)
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(drawn, number)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, point_x, point_y)
        here = _at(matrix, point_x.value, point_y.value)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            began = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            found.append((last, here))
        last = here
        if pdfium.FPDFPathSegment_GetClose(segment) and here != began:
            found.append((here, began))
            last = began
    return found


def _matrix(drawn: Any) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawn, matrix):
        return WHOLE
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _in(one: Matrix, other: Matrix) -> Matrix:
    """What both do, one after the other (ISO 32000-1, 8.3.4)."""
    a, b, c, d, e, f = one
    return (*_turn(other, a, b), *_turn(other, c, d), *_at(other, e, f))


def _turn(matrix: Matrix, x: float, y: float) -> Point:
    return matrix[0] * x + matrix[2] * y, matrix[1] * x + matrix[3] * y


def _at(matrix: Matrix, x: float, y: float) -> Point:
    turned_x, turned_y = _turn(matrix, x, y)
    return turned_x + matrix[4], turned_y + matrix[5]
