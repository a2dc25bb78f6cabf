"""Words of pictures: PP-OCRv4 in Chinese and English, run by rapidocr-onnxruntime.

The models come inside the package; nothing is fetched.
"""

import threading
from collections.abc import Mapping
from functools import lru_cache
from statistics import median
from typing import Any

from corpus.readers.foreign import opening
from corpus.readers.lines import Line

# Pictures are made smaller to this many dots a side: a page of 11 inches at 200 dots an inch.
LONGEST_SIDE = 2400
# How high the letters are in the box around a line.
LETTERS = 0.8
# Boxes of one size of letters differ by this much, and are then taken for the size in the middle.
UNEVEN = 0.3
ENGINE = threading.Lock()


def image_lines(image: Any, page: int, name: str) -> tuple[list[Line], float]:
    """The lines of a picture (height x width x 3, blue first), and how sure the OCR is of them, 0 to 1.

    Raises UnreadableFile where the OCR is not installed.
    """
    with ENGINE, opening(name, "picture", extra="ocr"):
        found, _ = _engine()(image)
    if not found:
        return [], 0.0
    boxes = [
        (min(x for x, _ in box), min(y for _, y in box), max(x for x, _ in box), max(y for _, y in box), text, score)
        for box, text, score in found
        if text.strip()
    ]
    if not boxes:
        return [], 0.0
    usual = median(LETTERS * (bottom - top) for _, top, _, bottom, _, _ in boxes)
    lines = []
    for left, top, right, bottom, text, _ in boxes:
        size = LETTERS * (bottom - top)
        size = usual if abs(size - usual) < UNEVEN * usual else size
        lines.append(Line(text, left, top, right, bottom, round(size, 1), page))
    letters = sum(len(text) for *_, text, _ in boxes)
    return lines, sum(float(score) * len(text) for *_, text, score in boxes) / letters


def shown_confidence(pages: Mapping[int, float]) -> dict[str, str]:
    """Metadata that says how sure the OCR is: on the whole, and of each page."""
    if not pages:
        return {}
    mean = sum(pages.values()) / len(pages)
    return {
        "ocr_confidence": f"{mean:.3f}",
        "ocr_pages": ", ".join(f"{page}: {confidence:.3f}" for page, confidence in pages.items()),
    }


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    # Turned pages are turned by what their files say, not by a guess at every line.
    # Small pictures are not made larger: a strip of one line would become a page.
    return RapidOCR(use_cls=False, max_side_len=LONGEST_SIDE, det_limit_type="max", det_limit_side_len=LONGEST_SIDE)
