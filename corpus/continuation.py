"""How likely it is that one piece of text goes on in another: `紧缺的服务` in `业人才` rather than in `本报讯`.

A linear model over the last three characters before a cut and the first three after it (their
n-grams and pairs, hashed), trained by bench/continuation.py on cuts inside sentences against
beginnings of sentences and of other lines, in Chinese, Japanese and English. Feature hashing:
Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning", arXiv:0902.2206.
"""

import re
import zlib
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BITS = 18
# Characters looked at on either side, white space around the cut aside.
REACH = 12
DIGIT, SPACE = re.compile(r"\d"), re.compile(r"\s")


class _Model(NamedTuple):
    weights: NDArray[np.int8]
    scale: float
    intercept: float


def continuation(before: str, after: str) -> float:
    """The log-odds that `after` goes on where `before` stops, where both look open; 0 is undecided."""
    model = _model()
    total = sum(int(model.weights[each]) for each in features(before, after))
    return total * model.scale + model.intercept


def features(before: str, after: str) -> list[int]:
    """The buckets (0 to 2**BITS - 1) of a cut's ten features."""
    left = _folded(before[-REACH:].rstrip())[-3:]
    right = _folded(after[:REACH].lstrip())[:3]
    a, b, x, y = left[-1:], left[-2:], right[:1], right[:2]
    keys = ("a" + a, "b" + b, "c" + left, "x" + x, "y" + y, "z" + right,
            f"ax{a}|{x}", f"bx{b}|{x}", f"ay{a}|{y}", f"by{b}|{y}")  # fmt: skip
    return [zlib.crc32(each.encode("utf8", "replace")) & ((1 << BITS) - 1) for each in keys]


def _folded(text: str) -> str:
    return SPACE.sub(" ", DIGIT.sub("0", text))


@lru_cache(maxsize=1)
def _model() -> _Model:
    data = files("corpus").joinpath("continuation.npz").read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as saved:
        return _Model(saved["weights"], float(saved["scale"]), float(saved["intercept"]))
