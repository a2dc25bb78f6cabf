"""What a library in Milvus knows of files: the methods of `corpus.file_table.FileTable`."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from corpus.file_table import KnownFile
from corpus.milvus.ahead import LABELS, Ahead, called, file_key, known_file
from corpus.milvus.records import Record, Records, fits, quoted, quoted_list


class RecordedFiles:
    """The files of an open library. `remove_documents` takes away documents by their ids; `put_file` keeps a record of a file,
    in the order of what waits to be written. What was asked `ahead` is not asked again."""

    def __init__(
        self, records: Records, remove_documents: Callable[[Sequence[str]], None], put_file: Callable[[Record, KnownFile], None]
    ) -> None:
        self.ahead = Ahead()
        self._records = records
        self._remove_documents = remove_documents
        self._put_file = put_file

    def get(self, path: bytes) -> KnownFile | None:
        if path in self.ahead.files:
            return self.ahead.files[path]
        found = self._records.one(f"file/{file_key(path)}")
        return known_file(found) if found else None

    def called(self, name: str) -> list[bytes]:
        for asked in (self.ahead.holders, self.ahead.parts):
            if name in asked:
                return asked[name]
        return called(self._records, [name])[name]

    def under(self, folder: bytes) -> list[bytes]:
        # In figures, paths have no signs that stand for others.
        prefix = (folder.rstrip(b"/") + b"/").hex()
        rows = self._records.where(f'kind == "file" and label like {quoted(prefix + "%")}')
        return sorted(each for each in (known_file(row).path for row in rows) if each.hex().startswith(prefix))

    def with_documents(self) -> list[tuple[bytes, str]]:
        """The path and name of every file that has documents here, by path."""
        parents = {each.parent for each in self._records.where('kind == "document"', ("id", "parent"))}
        rows = self._records.where('kind == "file"')
        return sorted((known_file(each).path, each.name) for each in rows if each.id.removeprefix("file/") in parents)

    def put(self, file: KnownFile) -> None:
        """That a file is finished is said when its documents are here, that it is not before any of them is."""
        self._put_file(_record(file), file)

    def document_count(self, path: bytes) -> int:
        if path in self.ahead.documents:
            return len(self.ahead.documents[path])
        return self._records.count(f'kind == "document" and parent == {quoted(file_key(path))}')

    def documents(self, path: bytes | None) -> list[Record]:
        """The records of a file's documents, or of those that have none, with what is said of each."""
        if path is not None and path in self.ahead.documents:
            return self.ahead.documents[path]
        return self._records.where(f'kind == "document" and parent == {quoted(file_key(path))}', LABELS)

    def move(self, path: bytes, to: bytes) -> None:
        known = self.get(path)
        if known is None:
            return
        self.ahead.clear()
        self._records.put([_record(replace(known, path=to, finished=False))])
        documents = self._records.where(f'kind == "document" and parent == {quoted(file_key(path))}')
        self._records.put(replace(each, parent=file_key(to)) for each in documents)
        self._records.delete([f"file/{file_key(path)}"])

    def remove(self, paths: Sequence[bytes]) -> int:
        removed = 0
        self.ahead.clear()
        for at in range(0, len(paths), 200):
            keys = [file_key(each) for each in paths[at : at + 200]]
            rows = self._records.where(f'kind == "document" and parent in {quoted_list(keys)}', ("id",))
            self._remove_documents([each.id.removeprefix("document/") for each in rows])
            self._records.delete([f"file/{each}" for each in keys])
            removed += len(rows)
        return removed

    def unfinish(self, keys: Sequence[str]) -> None:
        """These files, by their keys, are to be read again."""
        self.ahead.clear()
        rows = self._records.get([f"file/{each}" for each in sorted(set(keys)) if each])
        self._records.put(_record(replace(known_file(each), finished=False)) for each in rows)


def _record(file: KnownFile) -> Record:
    content = asdict(file) | {"path": base64.b64encode(file.path).decode()}
    return Record(f"file/{file_key(file.path)}", "file", fits(file.name), fits(file.path.hex()), data=json.dumps(content))
