"""In how many passages each term of a library stands: what makes a rare word weigh more than a common one.

Milvus adds up the weights of the terms that a passage has, and does not tell how many have one. So whoever writes counts, over all
passages of a small library and over a sample of a large one (those whose key is below a mark), and keeps the counts as one
value: a term's weight is a logarithm of its share, for which a sample of this size is enough.
"""

import base64
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

# Passages that are counted at most: beyond, one in two, four, eight …
SAMPLE = 65_536
# Terms of which a sample of a large library keeps counts: those that stand in two passages of it.
AT_LEAST = 2

Terms = NDArray[np.uint32]


def term_number(term: str) -> int:
    """The number (0 to 2^32 - 2) under which a term stands in a sparse vector."""
    return min(crc32(term.encode("utf8", "surrogatepass")), 0xFFFFFFFE)


@dataclass
class Frequencies:
    """`counted` passages of the sample hold each term so often; one passage in `2 ** halvings` is in the sample."""

    counts: Counter[int]
    counted: int = 0
    halvings: int = 0

    @classmethod
    def empty(cls) -> "Frequencies":
        return cls(Counter())

    def samples(self, key: bytes) -> bool:
        """Whether the passage with the text of that key is in the sample."""
        return int.from_bytes(key[:4], "big") < (1 << 32) >> self.halvings

    def add(self, key: bytes, terms: Iterable[int], sign: int = 1) -> None:
        if self.samples(key):
            self.counted += sign
            for each in terms:
                self.counts[each] += sign

    def share(self, terms: Iterable[int]) -> float:
        """The share of the passages that hold one of these terms, or a few more."""
        if not self.counted:
            return 0.0
        return min(1.0, sum(max(0, self.counts.get(each, 0)) for each in set(terms)) / self.counted)

    def to_json(self) -> dict[str, object]:
        least = AT_LEAST if self.halvings else 1
        kept = sorted((term, count) for term, count in self.counts.items() if count >= least)
        table = np.array(kept, np.uint32).reshape(-1, 2)
        return {"counted": self.counted, "halvings": self.halvings,
                "terms": base64.b85encode(zlib.compress(table.astype("<u4").tobytes(), 6)).decode()}  # fmt: skip

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> "Frequencies":
        raw = zlib.decompress(base64.b85decode(str(content["terms"])))
        table = np.frombuffer(raw, "<u4").reshape(-1, 2)
        counts = Counter(dict(zip(table[:, 0].tolist(), table[:, 1].tolist(), strict=True)))
        return cls(counts, int(str(content["counted"])), int(str(content["halvings"])))
