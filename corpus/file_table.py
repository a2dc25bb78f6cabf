"""The table of files: what was last read of each, so that what is unchanged costs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from corpus.database import Database, next_generation


@dataclass(frozen=True)
class KnownFile:
    """What the library last read of a file; `finished` where all its documents are here.

    `labels` stands for what a metadata.csv says of it, `read_ns` for when it was read.
    """

    path: bytes
    name: str
    finished: bool
    hash: str
    size: int
    mtime_ns: int
    ctime_ns: int
    read_ns: int
    labels: str


FILE_COLUMNS = "path, name, finished, hash, size, mtime_ns, ctime_ns, read_ns, labels"
KINDS = (bytes, str, int, str, int, int, int, int, str)


def known_file(row: Sequence[object]) -> KnownFile | None:
    """The file of a row of FILE_COLUMNS; None where a value is not of its kind, as it may be in a damaged one."""
    if len(row) != len(KINDS) or not all(map(isinstance, row, KINDS)):
        return None
    return KnownFile(*row[:2], bool(row[2]), *row[3:])  # type: ignore[arg-type, call-arg]


def file_hash(data: bytes) -> str:
    """What `KnownFile.hash` is of a file's bytes."""
    return blake2b(data, digest_size=16).hexdigest()


class FileTable:
    """The files of an open library. Paths are absolute, in the bytes of the operating system."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, path: bytes) -> KnownFile | None:
        """What is known of the file at an absolute path, as the operating system writes it."""
        rows = self._database.rows(f"SELECT {FILE_COLUMNS} FROM files WHERE path = ?", (path,))
        if not rows:
            return None
        # Of a damaged row only its name is taken, so that the file is read again.
        return known_file(rows[0]) or KnownFile(path, str(rows[0][1]), False, "", 0, 0, 0, 0, "")

    def called(self, name: str) -> list[bytes]:
        """The paths of the files that are called so, or whose documents are."""
        query = (
            "SELECT path FROM files WHERE name = ? UNION "
            "SELECT path FROM documents JOIN files ON file_id = files.id WHERE documents.name = ?"
        )
        rows = self._database.rows(query, (name, name))
        return [row[0] for row in rows if isinstance(row[0], bytes)]

    def under(self, folder: bytes) -> list[bytes]:
        """The paths of the known files below a folder, sorted."""
        prefix = folder.rstrip(b"/") + b"/"
        rows = self._database.rows("SELECT path FROM files WHERE substr(path, 1, ?) = ? ORDER BY path", (len(prefix), prefix))
        return [row[0] for row in rows if isinstance(row[0], bytes)]

    def with_documents(self) -> list[tuple[bytes, str]]:
        """The path and name of every file that has documents here, by path."""
        query = "SELECT path, name FROM files WHERE EXISTS (SELECT 1 FROM documents WHERE file_id = files.id) ORDER BY path"
        return [(path, str(name)) for path, name in self._database.rows(query) if isinstance(path, bytes)]

    def put(self, file: KnownFile) -> None:
        """Write down what is known of a file; its documents stay as they are."""
        with self._database.changing() as connection:
            connection.execute(
                "INSERT INTO files (path, name, finished, hash, size, mtime_ns, ctime_ns, read_ns, labels) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET name = excluded.name, "
                "finished = excluded.finished, hash = excluded.hash, size = excluded.size, mtime_ns = excluded.mtime_ns, "
                "ctime_ns = excluded.ctime_ns, read_ns = excluded.read_ns, labels = excluded.labels",
                (file.path, file.name, file.finished, file.hash, file.size, file.mtime_ns, file.ctime_ns,
                 file.read_ns, file.labels),
            )  # fmt: skip

    def document_count(self, path: bytes) -> int:
        """How many documents a file has given."""
        query = "SELECT count(*) FROM documents WHERE file_id = (SELECT id FROM files WHERE path = ?)"
        return int(str(self._database.rows(query, (path,))[0][0]))

    def move(self, path: bytes, to: bytes) -> None:
        """A file now stands elsewhere, and is to be read again for what else has changed."""
        with self._database.changing() as connection:
            connection.execute("UPDATE files SET path = ?, finished = 0 WHERE path = ?", (to, path))

    def remove(self, paths: Sequence[bytes]) -> int:
        """Remove files with their documents; how many documents those were."""
        with self._database.changing() as connection:
            count = "SELECT count(*) FROM documents"
            before = connection.execute(count).fetchone()[0]
            connection.executemany("DELETE FROM files WHERE path = ?", [(each,) for each in paths])
            removed = int(before - connection.execute(count).fetchone()[0])
            if removed:
                next_generation(connection)
            return removed
