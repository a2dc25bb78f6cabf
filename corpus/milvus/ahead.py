"""What whoever writes is about to ask of files and documents, asked together and kept until it is written over.

A call that has to see all that was written may take a distributed Milvus a fifth of a second; whoever indexes asks four
things of each file.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from corpus.file_table import KnownFile
from corpus.milvus.connection import MOST_ROWS
from corpus.milvus.records import Record, Records, quoted_list

# Of a document's record, what is said of it.
LABELS = ("id", "name", "parent", "hash", "number", "size", "data")
PLACES = ("id", "kind", "name", "parent", "data")


@dataclass
class Ahead:
    """The answers: what is known of a file (`files`) and its documents' records (`documents`), by path; which files have a name
    (`holders`), or that of a document of the file at hand (`parts`); a document of that content (`contents`, by `document_hash`:
    its id). None, nothing and 0 are answers."""

    files: dict[bytes, KnownFile | None] = field(default_factory=dict)
    documents: dict[bytes, list[Record]] = field(default_factory=dict)
    holders: dict[str, list[bytes]] = field(default_factory=dict)
    parts: dict[str, list[bytes]] = field(default_factory=dict)
    contents: dict[str, str | None] = field(default_factory=dict)

    def clear(self) -> None:
        for each in (self.files, self.documents, self.holders, self.parts, self.contents):
            each.clear()

    def forget(self, path: bytes | None = None, name: str = "", content: str = "") -> None:
        """What was written about these is to be asked again."""
        if path is not None:
            self.files.pop(path, None)
            self.documents.pop(path, None)
        self.holders.pop(name, None)
        self.parts.pop(name, None)
        self.contents.pop(content, None)

    def ask_files(self, records: Records, files: Sequence[tuple[bytes, str]]) -> None:
        """Files by path, each with the name that it would have if it were new."""
        self.clear()
        keys = {file_key(path): path for path, _ in files}
        self.files = dict.fromkeys(keys.values())
        self.files |= {each.path: each for each in map(known_file, records.get([f"file/{each}" for each in keys]))}
        known = [file_key(path) for path, found in self.files.items() if found]
        rows = records.page(f'kind == "document" and parent in {quoted_list(known)}', LABELS, MOST_ROWS, 0) if known else []
        if len(rows) < MOST_ROWS:
            self.documents = {path: [] for path in keys.values()}
            for each in rows:
                self.documents[keys[each.parent]].append(each)
        self.holders = called(records, [name for path, name in files if self.files[path] is None])

    def ask_parts(self, records: Records, names: Sequence[str], contents: Sequence[str]) -> None:
        """Documents of one file, by their names and contents."""
        self.parts = called(records, names)
        self.contents = {**dict.fromkeys(contents), **with_contents(records, contents)}


def called(records: Records, names: Sequence[str]) -> dict[str, list[bytes]]:
    """For each name the paths of the files that have it, or whose documents have it."""
    sought = {each for each in names if is_text(each)}
    if not sought:
        return {name: [] for name in names}
    keys: dict[str, set[str]] = defaultdict(set)
    paths: dict[str, bytes] = {}
    for each in records.where(f'kind in ["file", "document"] and name in {quoted_list(sought)}', PLACES):
        if each.kind == "file":
            paths[each.id] = known_file(each).path
        if each.kind == "file" or each.parent:
            keys[each.name].add(each.id if each.kind == "file" else f"file/{each.parent}")
    unread = sorted({key for found in keys.values() for key in found} - paths.keys())
    paths |= {each.id: known_file(each).path for each in records.get(unread)}
    return {name: sorted(paths[key] for key in keys[name] if key in paths) for name in names}


def is_text(name: str) -> bool:
    """Whether a name can be asked for: half characters cannot, and nothing that is kept has them."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def with_contents(records: Records, contents: Sequence[str]) -> dict[str, str]:
    """For each content that a document has, that document's id. One that was written in this moment may be missing: then it is cut again."""
    if not contents:
        return {}
    found = records.loosely(f'kind == "document" and hash in {quoted_list(set(contents))}', ("id", "hash"))
    return {each.hash: each.id.removeprefix("document/") for each in found}


def file_key(path: bytes | None) -> str:
    """What names a file among the records; empty for none."""
    return "" if path is None else blake2b(path, digest_size=16).hexdigest()


def known_file(record: Record) -> KnownFile:
    content = json.loads(record.data)
    return KnownFile(**(content | {"path": base64.b64decode(content["path"])}))
