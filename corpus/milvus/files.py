"""What a library in Milvus knows of files: the methods of `corpus.file_table.FileTable`."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b

from corpus.file_table import KnownFile
from corpus.milvus.records import Record, Records, fits, quoted, quoted_list


def file_key(path: bytes | None) -> str:
    """What names a file among the records; empty for none."""
    return "" if path is None else blake2b(path, digest_size=16).hexdigest()


class RecordedFiles:
    """The files of an open library. `remove_documents` takes away documents by their ids; what is done `after` follows the
    documents that wait to be written."""

    def __init__(
        self, records: Records, remove_documents: Callable[[Sequence[str]], None], after: Callable[[Callable[[], None]], None]
    ) -> None:
        self._records = records
        self._remove_documents = remove_documents
        self._after = after

    def get(self, path: bytes) -> KnownFile | None:
        found = self._records.one(f"file/{file_key(path)}")
        return _known(found) if found else None

    def called(self, name: str) -> list[bytes]:
        own = self._records.where(f'kind == "file" and name == {quoted(name)}')
        of_documents = self._records.where(f'kind == "document" and name == {quoted(name)}', ("id", "parent"))
        parents = {each.parent for each in of_documents if each.parent}
        others = self._records.get([f"file/{each}" for each in sorted(parents)])
        return sorted({_known(each).path for each in (*own, *others)})

    def under(self, folder: bytes) -> list[bytes]:
        # In figures, paths have no signs that stand for others.
        prefix = (folder.rstrip(b"/") + b"/").hex()
        rows = self._records.where(f'kind == "file" and label like {quoted(prefix + "%")}')
        return sorted(each for each in (_known(row).path for row in rows) if each.hex().startswith(prefix))

    def with_documents(self) -> list[tuple[bytes, str]]:
        """The path and name of every file that has documents here, by path."""
        parents = {each.parent for each in self._records.where('kind == "document"', ("id", "parent"))}
        rows = self._records.where('kind == "file"')
        return sorted((_known(each).path, each.name) for each in rows if each.id.removeprefix("file/") in parents)

    def put(self, file: KnownFile) -> None:
        """That a file is finished is said when its documents are here, that it is not before any of them is."""
        if file.finished:
            self._after(lambda: self._records.put([_record(file)]))
        else:
            self._records.put([_record(file)])

    def document_count(self, path: bytes) -> int:
        return self._records.count(f'kind == "document" and parent == {quoted(file_key(path))}')

    def move(self, path: bytes, to: bytes) -> None:
        known = self.get(path)
        if known is None:
            return
        self.put(replace(known, path=to, finished=False))
        documents = self._records.where(f'kind == "document" and parent == {quoted(file_key(path))}')
        self._records.put(replace(each, parent=file_key(to)) for each in documents)
        self._records.delete([f"file/{file_key(path)}"])

    def remove(self, paths: Sequence[bytes]) -> int:
        removed = 0
        for at in range(0, len(paths), 200):
            keys = [file_key(each) for each in paths[at : at + 200]]
            rows = self._records.where(f'kind == "document" and parent in {quoted_list(keys)}', ("id",))
            self._remove_documents([each.id.removeprefix("document/") for each in rows])
            self._records.delete([f"file/{each}" for each in keys])
            removed += len(rows)
        return removed

    def unfinish(self, keys: Sequence[str]) -> None:
        """These files, by their keys, are to be read again."""
        rows = self._records.get([f"file/{each}" for each in sorted(set(keys)) if each])
        self._records.put(_record(replace(_known(each), finished=False)) for each in rows)


def _record(file: KnownFile) -> Record:
    content = asdict(file) | {"path": base64.b64encode(file.path).decode()}
    return Record(f"file/{file_key(file.path)}", "file", fits(file.name), fits(file.path.hex()), data=json.dumps(content))


def _known(record: Record) -> KnownFile:
    content = json.loads(record.data)
    return KnownFile(**(content | {"path": base64.b64decode(content["path"])}))
