"""What is known of a document beside its text: from its reader, its place, and a `metadata.csv`.

    file,title,date,author,section
    1998/0412.txt,春耕,1998-04-12,王小明,国内

`file` is the file's name relative to the folder that holds the `metadata.csv`; what it says goes before
what the reader found. A folder's own file goes before those of the folders above it.
"""

import csv
import io
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from corpus.decode import NotText, decode
from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.files import LABELS_FILE, printable
from corpus.language import language
from corpus.one_line import one_line

FILE_COLUMN = "file"
# Of a path, with those inside archives; a path on disk has at most 4,096 bytes.
LONGEST_NAME = 8_192
# Folders whose metadata.csv is kept in memory.
FOLDERS_KEPT = 64

# Of each file: what is said of it (under "") and of the documents inside it (under the rest of their names).
Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


def described(document: Document, source: Path, labels: Mapping[str, str]) -> Document:
    """The document with its metadata complete: the labels given, its file's path, its language.

    A `source` that the reader found (a news agency, an address) is kept as `origin`.
    """
    metadata = {str(key): str(value) for key, value in document.metadata.items()}
    if metadata.get("source"):
        metadata.setdefault("origin", metadata["source"])
    metadata |= {key: value for key, value in labels.items() if key != "title"}
    metadata["source"] = printable(str(source))
    if not metadata.get("language"):
        metadata.pop("language", None)
        found = language(document.text)
        if found is not None:
            metadata["language"] = found
    return replace(document, title=labels.get("title") or document.title, metadata=metadata)


def read_labels(data: bytes, name: str) -> dict[str, dict[str, str]]:
    """The rows of a metadata.csv by the file they speak of, without empty cells.

    Raises UnreadableFile, naming the line, where it is broken.
    """
    try:
        text = decode(data).text.lstrip("\ufeff") if data.strip() else ""
    except NotText as reason:
        raise UnreadableFile(f"{name} is not text: {reason}; save it as UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: dict[str, dict[str, str]] = {}
    columns: list[str] | None = None
    try:
        for cells in reader:
            line = f"{name}, line {reader.line_num}"
            if not any(each.strip() for each in cells):
                continue
            if columns is None:
                columns = _columns(cells, line)
                continue
            if len(cells) != len(columns):
                raise UnreadableFile(f"{line}: {len(cells)} cells under {len(columns)} columns; give each row as many")
            given = dict(zip(columns, cells, strict=True))
            file = _relative(given.pop(FILE_COLUMN).strip())
            row = {key: value for key, value in ((key, one_line(cell)) for key, cell in given.items()) if value}
            if not file:
                raise UnreadableFile(f"{line}: `file` is empty; name the file that the row speaks of")
            if len(file) > LONGEST_NAME:
                raise UnreadableFile(f"{line}: `file` has {len(file):,} characters, as no file's name has; correct it")
            if file in rows:
                raise UnreadableFile(f"{line}: {printable(file[:200])} stands twice; keep one row for each file")
            rows[file] = row
    except csv.Error as reason:
        raise UnreadableFile(f"{name}, line {reader.line_num}: not CSV ({reason}); mend the line") from None
    if columns is None:
        raise UnreadableFile(f"{name} is empty; its first line names the columns, of which `file` is one")
    return rows


def _columns(cells: list[str], line: str) -> list[str]:
    columns = [one_line(each).casefold() for each in cells]
    if FILE_COLUMN not in columns:
        raise UnreadableFile(f"{line}: no column is called `file`; add it, with each file's name relative to the folder")
    if "" in columns or len(set(columns)) != len(columns):
        raise UnreadableFile(f"{line}: a column has no name or stands twice; give each column a name of its own")
    return columns


def _relative(file: str) -> str:
    return re.sub(r"^(?:\./)+", "", file.replace("\\", "/"))


class FolderLabels:
    """The metadata.csv files between a root and the files below it, read as they are come upon."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}
        self._read: OrderedDict[Path, Labels | None] = OrderedDict()
        # The files of a folder come one after another.
        self._last: tuple[tuple[Path, Path], list[tuple[int, Labels]] | None] | None = None

    def of(self, path: Path, name: str, root: Path) -> dict[str, dict[str, str]] | None:
        """What is said of a file: under "" of itself, under a part's name of a document inside it.

        None where a metadata.csv that may speak of it is broken; `failures` then says how.
        """
        chain = self._chain(path.parent, name, root)
        if chain is None:
            return None
        found: dict[str, dict[str, str]] = {}
        for up, labels in chain:
            for inner, row in labels.get("/".join(path.parts[-1 - up :]), {}).items():
                found[inner] = {**row, **found.get(inner, {})}
        return found

    def _chain(self, folder: Path, name: str, root: Path) -> list[tuple[int, Labels]] | None:
        """What is said in a folder and in those above it up to the root, nearest first, where anything is."""
        if self._last is not None and self._last[0] == (folder, root):
            return self._last[1]
        chain: list[tuple[int, Labels]] | None = []
        for up, each in enumerate([folder, *folder.parents][: len(folder.parts) - len(root.parts) + 1]):
            labels = self.labels(each, "/".join([*Path(name).parts[: -1 - up], LABELS_FILE]))
            if labels is None:
                chain = None
                break
            if labels and chain is not None:
                chain.append((up, labels))
        self._last = ((folder, root), chain)
        return chain

    def labels(self, folder: Path, name: str) -> Labels | None:
        """What the metadata.csv of a folder, called `name`, says; None where it is broken."""
        if folder not in self._read:
            self._read[folder] = self._from_disk(folder, name)
            while len(self._read) > FOLDERS_KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(folder)
        return self._read[folder]

    def _from_disk(self, folder: Path, name: str) -> Labels | None:
        file = folder / LABELS_FILE
        try:
            if not file.is_file():
                return {}
            return by_file(read_labels(file.read_bytes(), name))
        except UnreadableFile as reason:
            self.failures[name] = str(reason)
        except OSError as reason:
            self.failures[name] = f"{name} cannot be read ({reason.strerror}); check that it may be read"
        return None


def by_file(rows: Mapping[str, Mapping[str, str]]) -> Labels:
    """The rows by the files on disk that they may speak of, each with the rest of its name."""
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for file, row in rows.items():
        for end in [*(match.start() for match in re.finditer("[/#]", file)), len(file)]:
            found.setdefault(file[:end], {})[file[end:]] = row
    return found


def labels_hash(labels: Mapping[str, Mapping[str, str]]) -> str:
    """Stands for what is said of a file: empty where nothing is."""
    if not labels:
        return ""
    return blake2b(json.dumps(labels, sort_keys=True).encode(), digest_size=16).hexdigest()
