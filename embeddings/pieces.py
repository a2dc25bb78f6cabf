"""A Unigram tokenizer of as many pieces as some texts can have, for processes that ask one question.

To read all 250,000 pieces of the packaged model takes longer than to answer. Of these a text is only ever cut into such as
are part of it: their hashes are looked up in a table on disk, and the tokenizer that is made of them cuts as the whole one
does (Kudo 2018, arXiv:1804.10959: the best path over the pieces that match). Who goes on to ask gets the whole one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from embeddings.cache import mended

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PIECES, FRAME = "pieces.safetensors", "frame.json"
# Pieces that stand for no text, which come first: they begin, pad, end, and are unknown.
SPECIALS = 4
# Characters after which the whole tokenizer is read: by then it has cost as much.
ENOUGH = 20_000
# Any odd number has an inverse modulo 2 to the 64th.
BASE = np.uint64(0x9E3779B97F4A7C15)
INVERSE = np.uint64(pow(int(BASE), -1, 1 << 64))

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]
Content = TypeVar("Content")


class Encoded(Protocol):
    """A text's token numbers, and the characters that each is of."""

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def offsets(self) -> Sequence[tuple[int, int]]: ...


class TokenizerLike(Protocol):
    """What is used of a tokenizer of the package `tokenizers`."""

    def encode(self, text: Any, /, *, add_special_tokens: bool = True) -> Encoded: ...

    def encode_batch(self, texts: Any, /, *, add_special_tokens: bool = True) -> Sequence[Encoded]: ...

    def encode_batch_fast(self, texts: Any, /, *, add_special_tokens: bool = True) -> Sequence[Encoded]: ...

    def token_to_id(self, token: str, /) -> int | None: ...


@dataclass(frozen=True)
class Cut:
    """A text cut by a tokenizer of few pieces, in the numbers of the whole one."""

    ids: Sequence[int]
    offsets: Sequence[tuple[int, int]]


def write_pieces(folder: Path, pieces: Sequence[tuple[str, float]], frame: "Tokenizer") -> None:
    """The table of pieces, and all of the tokenizer but these (`frame`: of the first few only). Raises ModelError."""
    from safetensors.numpy import save_file

    words = [each for each, _ in pieces]
    encoded = [each.encode() for each in words]
    hashes = np.array([_of_all(_codes(each))[-1] for each in words], np.uint64)
    order = np.argsort(hashes)
    if np.any(hashes[order][1:] == hashes[order][:-1]):
        raise ModelError("two pieces of the packaged model have one hash; choose another base in embeddings/pieces.py")
    save_file(
        {
            "hashes": hashes[order], "rows": order.astype(np.int64), "scores": np.array([score for _, score in pieces], np.float64),
            "starts": np.cumsum([0, *map(len, encoded)]).astype(np.int64), "text": np.frombuffer(b"".join(encoded), np.uint8),
            "longest": np.array([max(map(len, words))], np.int64),
        },
        folder / PIECES,
    )  # fmt: skip
    frame.save(str(folder / FRAME))


class FewPieces:
    """The tokenizer of a folder, made anew of few pieces for what is cut first, then the whole one. May be used by many threads."""

    def __init__(self, folder: Path, whole: "Callable[[], Tokenizer]") -> None:
        self._folder = folder
        self._read_whole = whole
        self._cut = 0

    def encode(self, text: str, /, *, add_special_tokens: bool = True) -> Encoded:
        return self.encode_batch([text], add_special_tokens=add_special_tokens)[0]

    def encode_batch_fast(self, texts: Sequence[str], /, *, add_special_tokens: bool = True) -> Sequence[Encoded]:
        return self.encode_batch(texts, add_special_tokens=add_special_tokens)

    def encode_batch(self, texts: Sequence[str], /, *, add_special_tokens: bool = True) -> Sequence[Encoded]:
        self._cut += sum(map(len, texts))
        if self._cut > ENOUGH:
            return self._read_whole().encode_batch(list(texts), add_special_tokens=add_special_tokens)
        rows = self._rows_of(texts)
        encoded = self._of(rows).encode_batch(list(texts), add_special_tokens=add_special_tokens)
        return [Cut(rows[each.ids].tolist(), each.offsets) for each in encoded]

    def token_to_id(self, token: str, /) -> int | None:
        found = self._frame.token_to_id(token)
        return found if found is not None else self._read_whole().token_to_id(token)

    def _rows_of(self, texts: Sequence[str]) -> Rows:
        """The numbers, ascending, of the pieces that the texts may have, of those that stand for no text, and of the rarest."""
        # No piece goes over the end of a text, but where one would, it does no harm.
        text = "".join(f"▁{self._frame.normalizer.normalize_str(each)}" for each in texts).replace(" ", "▁")
        table = self._table
        sums = np.concatenate([np.zeros(1, np.uint64), _of_all(_codes(text))])
        back = _powers(BASE, len(text))
        longest = min(int(table["longest"][0]), len(text))
        found = [(sums[size:] - sums[: len(sums) - size]) * back[: len(text) - size + 1] for size in range(1, longest + 1)]
        wanted = np.unique(np.concatenate([np.zeros(0, np.uint64), *found]))
        places = np.minimum(np.searchsorted(table["hashes"], wanted), len(table["hashes"]) - 1)
        there = table["rows"][places[table["hashes"][places] == wanted]]
        # What is unknown is weighed by the least score of all.
        rows: Rows = np.unique(np.concatenate([np.arange(SPECIALS), [np.argmin(table["scores"])], there]))
        return rows

    def _of(self, rows: Rows) -> "Tokenizer":
        from tokenizers import Tokenizer, models

        table, text = self._table, self._text
        bounds = zip(table["starts"][rows].tolist(), table["starts"][rows + 1].tolist(), table["scores"][rows].tolist(), strict=True)
        pieces = [(text[start:end].decode(), score) for start, end, score in bounds]
        frame = self._frame
        made = Tokenizer(models.Unigram(pieces, unk_id=SPECIALS - 1, byte_fallback=False))
        made.normalizer, made.pre_tokenizer, made.post_processor = frame.normalizer, frame.pre_tokenizer, frame.post_processor
        return made

    @cached_property
    def _frame(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        def read() -> "Tokenizer":
            return Tokenizer.from_file(str(self._folder / FRAME))

        return read_or_mend(self._folder, read)

    @cached_property
    def _table(self) -> dict[str, NDArray[Any]]:
        from safetensors.numpy import load_file

        def read() -> dict[str, NDArray[Any]]:
            table: dict[str, NDArray[Any]] = load_file(self._folder / PIECES)
            return table

        return read_or_mend(self._folder, read)

    @cached_property
    def _text(self) -> bytes:
        return bytes(self._table["text"])


def read_or_mend(folder: Path, read: Callable[[], Content]) -> Content:
    """What is read of a model's folder; where that fails and the folder is not what was written, it is written anew first.

    Raises ModelError.
    """
    failed: Exception
    try:
        return read()
    except Exception as first:  # those of tokenizers and safetensors have no common class
        failed = first
    if mended(folder):
        try:
            return read()
        except Exception as second:
            failed = second
    reason = (str(failed).strip().splitlines() or [type(failed).__name__])[0]
    raise ModelError(f"the model's folder {folder} is damaged ({reason}); delete it and ask again: it is made anew") from None


def _codes(text: str) -> Hashes:
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint64)


def _of_all(codes: Hashes) -> Hashes:
    """The hash of every beginning: the sum of each code times a power of the inverse by its place, modulo 2 to the 64th."""
    return np.cumsum(codes * _powers(INVERSE, len(codes)), dtype=np.uint64)


def _powers(base: np.uint64, count: int) -> Hashes:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)
