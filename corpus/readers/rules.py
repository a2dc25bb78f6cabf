"""The straight lines that a PDF page draws: rules of tables, drawn as lines, as narrow rectangles or as outlines of boxes."""

import ctypes
from typing import Any

import pypdfium2.raw as pdfium

from corpus.readers.ruled import Rule

# What is narrower is a line, what is shorter a dot or a letter; points.
NARROW, SHORT = 2.5, 8.0
# A page that draws more is a map or a chart.
MOST_PATHS, MOST_POINTS = 6_000, 60


def page_rules(page: Any) -> tuple[list[Rule], list[Rule]]:
    """The level and the upright lines of a page; none where there are so many that they are a drawing."""
    height = page.get_height()
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    level: list[Rule] = []
    upright: list[Rule] = []
    count = pdfium.FPDFPage_CountObjects(page.raw)
    paths = 0
    for number in range(count):
        drawn = pdfium.FPDFPage_GetObject(page.raw, number)
        if pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        paths += 1
        if paths > MOST_PATHS:
            return [], []
        if not pdfium.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
            continue
        box = left.value, height - top.value, right.value, height - bottom.value
        wide, high = box[2] - box[0], box[3] - box[1]
        if high <= NARROW and wide >= SHORT:
            level.append(Rule((box[1] + box[3]) / 2, box[0], box[2]))
        elif wide <= NARROW and high >= SHORT:
            upright.append(Rule((box[0] + box[2]) / 2, box[1], box[3]))
        elif wide >= SHORT and high >= SHORT:
            for one, other in _sides(drawn, height):
                if abs(one[1] - other[1]) <= NARROW and abs(one[0] - other[0]) >= SHORT:
                    level.append(Rule((one[1] + other[1]) / 2, *sorted((one[0], other[0]))))
                elif abs(one[0] - other[0]) <= NARROW and abs(one[1] - other[1]) >= SHORT:
                    upright.append(Rule((one[0] + other[0]) / 2, *sorted((one[1], other[1]))))
    return level, upright


def _sides(drawn: Any, height: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The straight sides of a path of few points."""
    count = pdfium.FPDFPath_CountSegments(drawn)
    if not 2 <= count <= MOST_POINTS:
        return []
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(drawn, matrix):
        return []
    x, y = ctypes.c_float(), ctypes.c_float()
    found = []
    began = last = (0.0, 0.0)
    for number in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(drawn, number)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        here = matrix.a * x.value + matrix.c * y.value + matrix.e, height - (matrix.b * x.value + matrix.d * y.value + matrix.f)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            began = here
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            found.append((last, here))
        last = here
        if pdfium.FPDFPathSegment_GetClose(segment) and here != began:
            found.append((here, began))
            last = began
    return found
