"""What a disk holds after the power fails: all that was synced, and any of the rest, torn.

A process is traced by strace; from its calls the folder is built as it may be after any of them. Of a file
what was written since its last fsync is there, in part or not at all, in sectors of 512 bytes; of a folder's names what
changed since the folder's last fsync is there up to some change (as file systems with a journal keep their order). Files that
are mapped into memory are not seen: SQLite's -shm, which no one needs after the power has failed.
"""

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = "openat,write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir,lseek,close"
CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<[^>]*>)?(?: |$)", re.S)
HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
FD = re.compile(r"(\d+)<([^>]*)>")


@dataclass(frozen=True)
class Call:
    """What a process did to the disk; of `write` the file's descriptor, of `rename` the second path."""

    process: int
    name: str
    path: str
    descriptor: int = -1
    data: bytes = b""
    number: int = 0
    to: str = ""


@dataclass
class File:
    """A file's content as the disk surely has it, and what was asked for since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def synced(self) -> None:
        for at, data in self.pending:
            apply(self.durable, at, data)
        self.pending = []

    def after_failure(self, chance: random.Random) -> bytes:
        content = bytearray(self.durable)
        for at, data in self.pending:
            if chance.random() < 0.4:
                continue
            if data is None or chance.random() < 0.6:
                apply(content, at, data)
                continue
            for first in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    apply(content, at + first, data[first : first + SECTOR])
        return bytes(content)


def apply(content: bytearray, at: int, data: bytes | None) -> None:
    """Write data at a place; None cuts the file there."""
    if data is None:
        del content[at:]
        content.extend(bytes(max(0, at - len(content))))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def traced(command: list[str], folder: Path, log: Path) -> list[Call]:
    """What a command did to the files of a folder."""
    strace = ["strace", "-f", "-qq", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*strace, *command], check=True, cwd=Path(__file__).parents[1])
    return [each for each in _calls(log) if each.path == str(folder) or each.path.startswith(f"{folder}/") or each.name in ("close",)]


class Disk:
    """A folder that is written call by call, and may lose its power after any."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder)
        self.names: dict[str, File] = {}
        self.durable_names: dict[str, File] = {}
        self.changes: list[tuple[str, Callable[[dict[str, File]], object]]] = []
        self.open: dict[tuple[int, int], tuple[File, int]] = {}
        self.acknowledged: list[bytes] = []

    def take(self, call: Call) -> None:
        key = (call.process, call.descriptor)
        match call.name:
            case "openat":
                new = call.path not in self.names
                if new and not call.data:
                    return  # a folder, or not there
                file = self.names.setdefault(call.path, File())
                if new:
                    self._change(call.path, lambda names: names.__setitem__(call.path, file))
                if b"T" in call.data and (file.durable or file.pending):
                    file.pending.append((0, None))
                self.open[key] = file, 0 if b"A" not in call.data else -1
            case "write" | "pwrite64":
                file, at = self.open.get(key, (self.names.get(call.path), 0))
                if file is None:
                    return
                if call.name == "pwrite64":
                    file.pending.append((call.number, call.data))
                else:
                    at = self._size(file) if at < 0 else at
                    file.pending.append((at, call.data))
                    if self.open.get(key, (file, 0))[1] >= 0:
                        self.open[key] = file, at + len(call.data)
                if Path(call.path).name == "acknowledged":
                    file.synced()
                    self.acknowledged.append(call.data)
            case "lseek":
                if key in self.open and self.open[key][1] >= 0:
                    self.open[key] = self.open[key][0], call.number
            case "ftruncate":
                file = self.open[key][0] if key in self.open else self.names[call.path]
                file.pending.append((call.number, None))
            case "fsync":
                if key in self.open:
                    self.open[key][0].synced()
                elif call.path in self.names:
                    self.names[call.path].synced()
                else:
                    self._names_synced(call.path)
            case "rename":
                file = self.names.pop(call.path)
                self.names[call.to] = file
                self._change(call.to, lambda names: (names.pop(call.path, None), names.__setitem__(call.to, file)))
            case "unlink":
                self.names.pop(call.path, None)
                self._change(call.path, lambda names: names.pop(call.path, None))
            case "close":
                self.open.pop(key, None)

    def _size(self, file: File) -> int:
        size = len(file.durable)
        for at, data in file.pending:
            size = at if data is None else max(size, at + len(data))
        return size

    def _change(self, path: str, change: Callable[[dict[str, File]], object]) -> None:
        self.changes.append((os.path.dirname(path), change))

    def _names_synced(self, folder: str) -> None:
        for _, change in [each for each in self.changes if each[0] == folder]:
            change(self.durable_names)
        self.changes = [each for each in self.changes if each[0] != folder]

    def write_after_failure(self, to: Path, chance: random.Random) -> None:
        """The folder as it may be when the power comes back."""
        names = dict(self.durable_names)
        for _, change in self.changes[: chance.randint(0, len(self.changes))]:
            change(names)
        for path, file in names.items():
            if path.endswith("-shm") or os.path.basename(path) == "acknowledged":
                continue
            place = to / os.path.relpath(path, self.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.after_failure(chance))


def _calls(log: Path) -> Iterator[Call]:
    unfinished: dict[str, str] = {}
    for line in log.read_text("ascii", "replace").splitlines():
        process, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            unfinished[process] = rest.removesuffix("<unfinished ...>").rstrip()
            continue
        if rest.startswith("<... ") and process in unfinished:
            rest = unfinished.pop(process) + rest.partition("resumed>")[2]
        match = CALL.match(f"{process} {rest}")
        if match and int(match[4]) >= 0:
            found = _call(int(match[1]), match[2], match[3], int(match[4]), rest)
            if found is not None:
                yield found


def _call(process: int, name: str, arguments: str, result: int, line: str) -> Call | None:
    texts = [bytes.fromhex(each[1].replace("\\x", "")) for each in HEX.finditer(arguments)]
    assert not any(each[2] for each in HEX.finditer(arguments)), "a write is longer than strace was told to write down"
    paths = [os.fsdecode(each) for each in texts] if name in ("openat", "rename", "renameat", "renameat2", "unlink", "unlinkat") else []
    of = FD.match(arguments)
    descriptor, path = (int(of[1]), _path(of[2])) if of else (-1, "")
    match name:
        case "openat":
            flags = b"".join(letter for word, letter in ((("O_CREAT"), b"C"), ("O_TRUNC", b"T"), ("O_APPEND", b"A")) if word in arguments)
            writes = b"W" if "O_RDWR" in arguments or "O_WRONLY" in arguments else b""
            return Call(process, name, os.path.abspath(paths[0]), result, flags + writes)
        case "write":
            return Call(process, name, path, descriptor, texts[0][:result] if texts else b"")
        case "pwrite64":
            return Call(process, name, path, descriptor, texts[0][:result], int(arguments.rpartition(", ")[2]))
        case "writev":
            return Call(process, "write", path, descriptor, b"".join(texts)[:result])
        case "fsync" | "fdatasync":
            return Call(process, "fsync", path, descriptor)
        case "ftruncate":
            return Call(process, name, path, descriptor, number=int(arguments.rpartition(", ")[2]))
        case "lseek":
            return Call(process, name, path, descriptor, number=result)
        case "rename" | "renameat" | "renameat2":
            return Call(process, "rename", paths[0], to=paths[1])
        case "unlink" | "unlinkat":
            return Call(process, "unlink", paths[0])
        case "close":
            return Call(process, name, path, descriptor)
    return None


def _path(written: str) -> str:
    return os.fsdecode(bytes.fromhex(written.replace("\\x", ""))) if written.startswith("\\x") else written


if __name__ == "__main__":
    print(len(traced([sys.executable, "-c", "open('/tmp/lost/a', 'w').write('x')"], Path("/tmp/lost"), Path("/tmp/lost.log"))))
