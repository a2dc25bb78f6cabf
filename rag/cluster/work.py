"""What workers do: read files and cut them (`read_group`, a task), and embed texts (`Embed`, an actor)."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import Document, ModelError, UnreadableFile, YinjuError
from corpus.file_table import file_hash
from corpus.files import read_stable
from corpus.rows import require_storable
from embeddings import Encoder, load_encoder
from embeddings.index import Vectors
from rag.batch import EMBED_TOGETHER, embedded, prepared
from rag.cluster.rows import Kind, Row, document_rows, from_table, texts_of, texts_row, to_table, with_vectors
from rag.lexical import weights
from rag.reading import parts_of
from rag.settings import Settings

if TYPE_CHECKING:
    import pyarrow

# Bytes of rows that wait while texts are gathered to be asked for together.
WAITING = 4 << 20


@dataclass(frozen=True)
class Work:
    """What is the same for all files: the model's name, and how passages are cut.

    `load` gives the encoder of a name; `threads` are those that one worker embeds on; `gpu` is whether it has one.
    """

    model: str
    settings: Settings
    threads: int = 1
    gpu: bool = False
    load: Callable[[str], Encoder] | None = None


@dataclass(frozen=True)
class FileToRead:
    """A file as the driver saw it, to be read under this name; `data` where workers cannot see it."""

    number: int
    path: bytes
    name: str
    size: int
    mtime_ns: int
    data: bytes | None = None


def group_item(number: int, files: Sequence[FileToRead]) -> dict[str, object]:
    """Files that one task reads, as an item of the pipeline."""
    listed = [(each.number, os.fsdecode(each.path), each.name, each.size, each.mtime_ns, each.data is not None) for each in files]
    return {"group": number, "files": json.dumps(listed), "data": b"".join(each.data or b"" for each in files)}


def read_group(table: "pyarrow.Table", work: Work, desk: Any) -> Iterator["pyarrow.Table"]:
    """Groups of files to rows: what is in them, and the texts of theirs that are to be embedded."""
    for item in table.to_pylist():
        try:
            yield from map(to_table, _Group(item["group"], work, desk).rows(_files(item)))
        except YinjuError as reason:  # a model that is not there: the same for all
            yield to_table([Row("broken", body=str(reason).encode())])


def _files(item: dict[str, Any]) -> Iterator[FileToRead]:
    at = 0
    for number, path, name, size, mtime_ns, sent in json.loads(item["files"]):
        data = item["data"][at : at + size] if sent else None
        at += size if sent else 0
        yield FileToRead(number, os.fsencode(path), name, size, mtime_ns, data)


class _Group:
    def __init__(self, number: int, work: Work, desk: Any) -> None:
        self._number = number
        self._work = work
        self._desk = desk
        self._encoder = _encoder(work)
        self._seen: set[bytes] = set()
        # Texts that the desk was not asked about, and rows that are not to arrive before it was.
        self._texts: dict[bytes, str] = {}
        self._rows: list[Row] = []
        self._bytes = 0

    def rows(self, files: Iterator[FileToRead]) -> Iterator[list[Row]]:
        for file in files:
            for row in self._file(file):
                self._rows.append(row)
                self._bytes += len(row.body)
                if len(self._texts) >= EMBED_TOGETHER or self._bytes >= WAITING:
                    yield from self._asked()
        yield from self._asked()

    def _file(self, file: FileToRead) -> Iterator[Row]:
        data = file.data if file.data is not None else _seen_alike(file)
        if data is None:
            yield Row("here", file.number, 0)
            return
        yield Row("read", file.number, 0, file_hash(data).encode())
        part = 1
        try:
            for each in parts_of(data, file.name):
                for row in [_failed(file.number, part, each)] if isinstance(each, UnreadableFile) else self._document(file.number, part, each):
                    yield row
                    part += 1
        except ModelError:
            raise
        except Exception:  # whatever this is, the driver meets it too and says it
            yield Row("here", file.number, part)
            return
        yield Row("end", file.number, part)

    def _document(self, file: int, part: int, document: Document) -> list[Row]:
        try:
            require_storable(document)
        except UnreadableFile:
            raise ValueError("the driver says what is wrong with it") from None
        item, texts = prepared(document, self._encoder, self._work.settings)
        rows = document_rows(file, part, item)
        self._texts |= {key: text for key, text in zip(item.keys, texts, strict=True) if key not in self._seen}
        return rows

    def _asked(self) -> Iterator[list[Row]]:
        import ray

        keys = list(self._texts)
        self._seen.update(keys)
        wanted = ray.get(self._desk.ask.remote(self._number, b"".join(keys))) if keys else b""
        mine = [key for key, each in zip(keys, wanted, strict=True) if each]
        for at in range(0, len(mine), EMBED_TOGETHER):
            some = mine[at : at + EMBED_TOGETHER]
            texts = [self._texts[key] for key in some]
            yield [texts_row(some, texts, [weights(each) for each in texts])]
        if self._rows:
            yield self._rows
        self._texts, self._rows, self._bytes = {}, [], 0


def _failed(file: int, part: int, reason: UnreadableFile) -> Row:
    kind: Kind = "failed"
    return Row(kind, file, part, str(reason).encode("utf8"))


def _seen_alike(file: FileToRead) -> bytes | None:
    """The bytes of the file where this machine sees the same one as the driver."""
    path = Path(os.fsdecode(file.path))
    try:
        data, status = read_stable(path, file.name)
    except (UnreadableFile, OSError):
        return None
    return data if (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns) else None


class Embed:
    """An encoder that stays, for the texts of many rows."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, table: "pyarrow.Table") -> "pyarrow.Table":
        rows = list(from_table(table))
        of_texts = [number for number, row in enumerate(rows) if row.kind == "texts"]
        texts = [texts_of(rows[number]) for number in of_texts]
        try:
            vectors = self._vectors([text for some in texts for text in some])
        except YinjuError as reason:
            return to_table([Row("broken", body=str(reason).encode())])
        at = 0
        for number, some in zip(of_texts, texts, strict=True):
            rows[number] = with_vectors(rows[number], vectors[at : at + len(some)])
            at += len(some)
        return to_table(rows)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        encoder = _encoder(self._work)
        # What runs on a GPU sorts and fills its batches itself.
        return encoder.encode_passages(texts) if self._work.gpu else embedded(texts, encoder)


@cache
def _encoder(work: Work) -> Encoder:
    """The encoder of this process: loaded once, as tasks come and go."""
    # Ray gives a worker its share of a machine by telling it so.
    os.environ["YINJU_CORES"] = str(work.threads)
    if work.load is not None:
        return work.load(work.model)
    if work.gpu:
        from embeddings.encoder import load_on_gpu

        return load_on_gpu(work.model)
    return load_encoder(work.model, remember=True)
