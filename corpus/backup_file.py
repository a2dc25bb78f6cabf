"""The file of a backup: a plain tar that any system can look into, in which no bit can change unnoticed.

Its members are the files of a library, then `manifest.json`, which names each with its size and SHA-256, and last
`sha256`: the SHA-256, in hexadecimal digits, of every byte before these digits. After them come only the zeros that
a tar ends with. Nothing is compressed, so that a backup never grows to more than its own size.
"""

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from corpus.errors import YinjuError

if TYPE_CHECKING:
    from _typeshed import SupportsRead

FORMAT = 1
MANIFEST, DIGEST = "manifest.json", "sha256"
DIGITS = re.compile(rb"[0-9a-f]{64}")
# Bytes read at once, and the most that a header of the tar (a long name, say) may have.
PART, HEADER = 1 << 20, 1 << 16
# Of the tar's headers, whatever the system's own is.
ENCODING, ERRORS = "utf8", "surrogateescape"
# Bytes of the longest name a file system takes.
LONGEST = 255

Told = Callable[[int, str], None]


class BackupError(YinjuError):
    """A backup cannot be made, is damaged, or cannot be restored."""


@dataclass(frozen=True)
class Member:
    """A file of the library: its path inside the folder, POSIX; the time it was changed, in nanoseconds; its rights."""

    name: str
    size: int
    sha256: str
    mtime_ns: int
    mode: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `when` is UTC, ISO 8601; `folders` are the absolute paths that the library's folder had."""

    yinju: str
    when: str
    model: str
    dimension: int
    library_format: int
    folders: tuple[str, ...]
    counts: dict[str, int]
    members: tuple[Member, ...]
    format: int = FORMAT


class BackupWriter:
    """Writes a backup, a member at a time, in bounded memory."""

    def __init__(self, file: BinaryIO, told: Told) -> None:
        self._hashing = _Hashing(file)
        self._tar = tarfile.TarFile(fileobj=self._hashing, mode="w", format=tarfile.PAX_FORMAT, encoding=ENCODING, errors=ERRORS)  # type: ignore[arg-type]
        self._told = told
        self.members: list[Member] = []

    def add(self, name: str, path: Path) -> None:
        """Put a file into the backup as it is now. Raises OSError, FileNotFoundError where it is gone."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            # What is written at its end from now on is not of this moment.
            reading = _Reading(file, status.st_size, lambda done: self._told(done, name))
            try:
                self._put(name, status.st_size, reading, status.st_mtime_ns // 10**9, status.st_mode & 0o777)
            except _Short:
                raise BackupError(f"{path} was cut short while it was read; run the same command again") from None
        self.members.append(Member(name, status.st_size, reading.hash.hexdigest(), status.st_mtime_ns, status.st_mode & 0o777))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and the digest of everything."""
        content = json.dumps(asdict(manifest), indent=1).encode()
        self._put(MANIFEST, len(content), io.BytesIO(content))
        header = _info(DIGEST, 64)
        before = self._hashing.hash.copy()
        before.update(header.tobuf(tarfile.PAX_FORMAT, ENCODING, ERRORS))
        self._put(DIGEST, 64, io.BytesIO(before.hexdigest().encode()))
        self._tar.close()

    def _put(self, name: str, size: int, content: "SupportsRead[bytes]", when: int = 0, mode: int = 0o600) -> None:
        self._tar.addfile(_info(name, size, when, mode), content)
        self._tar.members = []  # type: ignore[attr-defined]  # tarfile remembers every member, of which there may be many


class OpenBackup:
    """A whole backup of this format: its manifest, and the content of its members."""

    def __init__(self, path: Path, file: BinaryIO, told: Told) -> None:
        """Raises BackupError where the backup is damaged, or none, or of a newer format."""
        self._path, self._file = path, file
        self._places: dict[str, tarfile.TarInfo] = {}
        wrong = self._wrong(told)
        try:
            self._places = {each.name: each for each in self._infos()}
            self.manifest = _manifest(self._content(MANIFEST))
            if wrong is None:
                self._agree()
        except _Newer as reason:
            raise BackupError(
                f"{path} is a backup of format {reason}, newer than this version of Yinju knows ({FORMAT}); "
                "update Yinju with: pip install --upgrade yinju"
            ) from None
        except (tarfile.TarError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError) as reason:
            if wrong is None:
                raise BackupError(f"{path} is no backup that `yinju backup` has made ({reason}); give another one") from None
        if wrong is not None:
            raise BackupError(wrong.format(where=self._damaged()))

    def _wrong(self, told: Told) -> str | None:
        """What is wrong with the file as a whole; None where every bit is as it was written."""
        size = self._file.seek(0, io.SEEK_END)
        end = min(size, tarfile.RECORDSIZE + 4 * tarfile.BLOCKSIZE)
        self._file.seek(size - end)
        tail = self._file.read(end).rstrip(b"\0")
        digits, at = tail[-64:], size - end + len(tail) - 64
        if not DIGITS.fullmatch(digits) or at % tarfile.BLOCKSIZE or size != _whole_size(at):
            return f"{self._path} is no backup of Yinju's, or it is damaged or cut short{{where}}; give a whole file that `yinju backup` made"
        self._file.seek(0)
        reading = _Reading(self._file, at, lambda done: told(done, "verifying"))
        while reading.read(PART):
            pass
        if reading.hash.hexdigest().encode() != digits:
            return f"{self._path} is damaged{{where}}: it is not as it was written; restore another backup"
        return None

    def _infos(self) -> Iterator[tarfile.TarInfo]:
        self._file.seek(0)
        with tarfile.TarFile(fileobj=_Headers(self._file), encoding=ENCODING, errors=ERRORS) as tar:  # type: ignore[arg-type]
            for each in tar:
                if each.type != tarfile.REGTYPE or each.issparse():
                    raise ValueError(f"{each.name!r} in it is no plain file")
                yield each

    def _content(self, name: str) -> bytes:
        place = self._places[name]
        self._file.seek(place.offset_data)
        return self._file.read(place.size)

    def _agree(self) -> None:
        """Raises ValueError unless the members are exactly those that the manifest names."""
        names = [each.name for each in self.manifest.members]
        found = [each.name for each in self._infos()]
        for name in names:
            if not is_safe(name):
                raise ValueError(f"{name!r} leads out of the library")
        for each in set(names) - set(found):
            raise ValueError(f"{each!r} is missing from it")
        if found != [*names, MANIFEST, DIGEST]:
            raise ValueError("it holds other files than its manifest names")
        for member in self.manifest.members:
            if self._places[member.name].size != member.size:
                raise ValueError(f"{member.name!r} in it has another size than its manifest says")

    def _damaged(self) -> str:
        """Which member is damaged, as far as that can be told."""
        for each in self.manifest.members if hasattr(self, "manifest") else ():
            try:
                for _ in self.parts(each):
                    pass
            except BackupError:
                return f" in {each.name}"
            except (OSError, LookupError, TypeError, ValueError):
                break
        return ""

    def parts(self, member: Member) -> Iterator[bytes]:
        """The content of a member. Raises BackupError at its end where it is not what the manifest says."""
        place = self._places[member.name]
        self._file.seek(place.offset_data)
        reading = _Reading(self._file, place.size, lambda done: None)
        while part := reading.read(PART):
            yield part
        if reading.hash.hexdigest() != member.sha256:
            raise BackupError(f"{self._path} is damaged in {member.name}; restore another backup")


@contextmanager
def opened_backup(path: Path, told: Told) -> Iterator[OpenBackup]:
    """The backup at a path, verified to the last bit before anything else is done with it. Raises BackupError."""
    try:
        with path.open("rb") as file:
            yield OpenBackup(path, file, told)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as reason:
        if reason.filename != str(path):
            raise
        raise BackupError(f"{path} cannot be read ({reason.strerror}); give a file that `yinju backup` made") from None


def is_safe(name: str) -> bool:
    """Whether a member's name is a path that stays inside its folder, written in the one way that there is."""
    parts = name.split("/")
    return "\0" not in name and all(
        each not in ("", ".", "..") and len(each.encode("utf8", "surrogateescape")) <= LONGEST for each in parts
    )


def _manifest(content: bytes) -> Manifest:
    """Raises ValueError, TypeError or LookupError where it is none, _Newer where it is of a newer format."""
    told = json.loads(content)
    if int(told["format"]) > FORMAT:
        raise _Newer(int(told["format"]))
    members = tuple(
        Member(str(each["name"]), int(each["size"]), str(each["sha256"]), int(each["mtime_ns"]), int(each["mode"]))
        for each in told["members"]
    )
    counts = {str(key): int(value) for key, value in told["counts"].items()}
    return Manifest(
        str(told["yinju"]), str(told["when"]), str(told["model"]), int(told["dimension"]), int(told["library_format"]),
        tuple(map(str, told["folders"])), counts, members,
    )  # fmt: skip


def _info(name: str, size: int, when: int = 0, mode: int = 0o600) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, when, mode
    return info


def _whole_size(at: int) -> int:
    """The bytes of a tar whose last member is the digest, with its content at `at`."""
    records = -(-(at + 3 * tarfile.BLOCKSIZE) // tarfile.RECORDSIZE)
    return records * tarfile.RECORDSIZE


class _Newer(Exception):
    """A backup of a newer format."""


class _Short(Exception):
    """A file ends before it should."""


class _Hashing:
    """A file that is only written, with the digest of all that was."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()


class _Reading:
    """The next `size` bytes of a file, with their digest. Raises _Short where there are fewer."""

    def __init__(self, file: BinaryIO, size: int, told: Callable[[int], None]) -> None:
        self._file, self._left, self._told = file, size, told
        self.hash = hashlib.sha256()

    def read(self, size: int = PART, /) -> bytes:
        data = self._file.read(min(size, self._left))
        if not data and self._left and size:
            raise _Short
        self._left -= len(data)
        self.hash.update(data)
        self._told(len(data))
        return data


class _Headers:
    """A tar's file of which only headers are read: one that claims to be huge is not believed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        if not 0 <= size <= HEADER:
            raise tarfile.ReadError("it has a header of an absurd size")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
