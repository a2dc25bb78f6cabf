"""What an OCR may say of a picture, made up of its dots.

The engine itself takes a hundred times as long as all the rest, and is not what is tried: what it says is. It is asked for one picture of `ONE_OF`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from typing import Any
from unittest.mock import patch
from zlib import crc32

from corpus.readers import ocr

ONE_OF = 64
WORDS = ("办法", "第3版", "本报讯（记者 李明）", "Tues-", "day.", " ", "", "，", "10", "\u0301", "图为现场。记者 王芳 摄", "。")
Found = list[tuple[list[tuple[float, float]], str, float]]


def made_up() -> AbstractContextManager[object]:
    """Pictures are read so while this is entered."""
    return patch.object(ocr, "_engine", _engines(ocr._engine))


def _engines(real: Callable[[], Any]) -> Callable[[], Callable[[Any], tuple[Found | None, object]]]:
    def asked(image: Any) -> tuple[Found | None, object]:
        seed = crc32(image.tobytes())
        return real()(image) if seed % ONE_OF == 0 else (lines(Random(seed), *image.shape[:2]), None)

    return lambda: asked


def lines(chance: Random, height: int, width: int) -> Found | None:
    """Lines in any places of a picture, or none: also one above the other, without height, and beyond its edges."""
    found = []
    for _ in range(chance.choice((0, 1, 2, 5, 30))):
        left, top = chance.uniform(-9, width), chance.uniform(-9, height)
        right, bottom = left + chance.choice((0.0, 9.0, width / 2, width)), top + chance.choice((0.0, 9.0, 12.0, 12.5, 40.0, height))
        words = "".join(chance.choices(WORDS, k=chance.randint(0, 6)))
        found.append(([(left, top), (right, top), (right, bottom), (left, bottom)], words, chance.random()))
    return found or None
