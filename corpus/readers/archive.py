"""Archives (.zip, .tar.gz, .tgz) of documents, and letters with what is attached to them.

Archives are read in memory, a member at a time; nothing is unpacked to disk. What one file may
unpack to is bounded, whatever is nested in it.
"""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import corpus.readers as registry
from corpus.document import Document
from corpus.errors import UnreadableFile
from corpus.files import MAX_BYTES
from corpus.readers import mail
from corpus.readers.foreign import opening
from corpus.readers.names import safe_name, tar_member_name, unlike, zip_member_name
from corpus.readers.zipped import MAX_MEMBERS, MAX_RATIO, MAX_UNPACKED, SMALL, member, open_zip

# An archive in an archive in an archive is as deep as it goes.
MAX_DEPTH = 3
UTF8_FLAG = 0x800
Found = Document | UnreadableFile


class TooMuch(UnreadableFile):
    """The archive unpacks to more than is ever read; nothing more is read of it."""


@dataclass
class Bounds:
    """What is left to unpack of one file, with all that is nested in it, and the names in it so far."""

    unpacked: int = MAX_UNPACKED
    members: int = MAX_MEMBERS
    taken: set[str] = field(default_factory=set)

    def spend(self, name: str, size: int = 0, members: int = 0) -> None:
        """Raises TooMuch where nothing is left."""
        self.unpacked -= size
        self.members -= members
        if self.unpacked < 0 or self.members < 0:
            raise TooMuch(
                f"{name} holds more than {MAX_UNPACKED >> 20} MB or {MAX_MEMBERS:,} files; split it into smaller archives"
            )


def read_zip(data: bytes, name: str) -> Iterator[Found]:
    """Every document of a zip file. Raises UnreadableFile where it is damaged or unpacks to too much."""
    yield from _some(_zip(data, name, Bounds(), 1), name)


def read_tar(data: bytes, name: str) -> Iterator[Found]:
    """Every document of a gzipped tar file. Raises UnreadableFile, after what could be read."""
    yield from _some(_tar(data, name, Bounds(), 1), name)


def read_mail(data: bytes, name: str) -> Iterator[Found]:
    """A letter, and the documents attached to it. Raises UnreadableFile where it is none."""
    yield from _mail(data, name, Bounds(), 1)


def _some(found: Iterator[Found], name: str) -> Iterator[Found]:
    """What is found, or the reason why that is nothing."""
    nothing = True
    for each in found:
        nothing = False
        yield each
    if nothing:
        raise UnreadableFile(f"{name} holds no files; put documents into it, or leave it out")


def _zip(data: bytes, name: str, bounds: Bounds, depth: int) -> Iterator[Found]:
    opened = open_zip(data, name, "zip file")
    for info in opened.infolist():
        path = zip_member_name(info.orig_filename, bool(info.flag_bits & UTF8_FLAG))
        # A name may begin with a NUL, where zipfile ends it: then it has no last letter that `is_dir` could look at.
        if info.filename.endswith("/") or _is_hidden(path):
            continue
        bounds.spend(name, members=1)
        inner = unlike(bounds.taken, f"{name}/{safe_name(path) or 'nameless'}")
        try:
            _known_kind(inner)
            bounds.spend(name, info.file_size)
            content = member(opened, info, inner, "zip file")
        except TooMuch:
            raise
        except UnreadableFile as reason:
            yield reason
        else:
            yield from _inside(content, inner, bounds, depth)


def _tar(data: bytes, name: str, bounds: Bounds, depth: int) -> Iterator[Found]:
    # Read as a stream: the index of a tar file is spread over all of it.
    with (
        opening(name, "gzipped tar file (.tar.gz)"),
        tarfile.open(fileobj=_Gunzipped(data, name, bounds), mode="r|", errors="surrogateescape") as opened,
    ):
        for info in opened:
            path = tar_member_name(info.name)
            if info.isdir() or _is_hidden(path):
                continue
            bounds.spend(name, members=1)
            inner = unlike(bounds.taken, f"{name}/{safe_name(path) or 'nameless'}")
            try:
                _known_kind(inner)
                if not info.isfile():
                    raise UnreadableFile(f"{inner} is a link or a device; put the file itself into the archive")
                if info.issparse():  # a few bytes may stand for any number of zeros
                    raise UnreadableFile(f"{inner} is kept with holes in it; make the archive again without --sparse")
                if info.size > MAX_BYTES:
                    raise UnreadableFile(f"{inner} is larger than {MAX_BYTES >> 20} MB; split it into smaller files")
            except UnreadableFile as reason:
                yield reason
            else:
                content = opened.extractfile(info)
                assert content is not None  # it is a file
                yield from _inside(content.read(), inner, bounds, depth)


def _mail(data: bytes, name: str, bounds: Bounds, depth: int) -> Iterator[Found]:
    letter = mail.open_letter(data, name)
    try:
        yield mail.read(data, name)
    except UnreadableFile as reason:
        yield reason
    with opening(name, "letter (.eml)"):
        attached = list(mail.attachments(letter))
    for path, content in attached:
        bounds.spend(name, members=1)
        inner = unlike(bounds.taken, f"{name}/{safe_name(path) or 'nameless'}")
        try:
            _known_kind(inner)
        except UnreadableFile as reason:
            yield reason
        else:
            yield from _inside(content, inner, bounds, depth)


NESTED = {".zip": _zip, ".tar.gz": _tar, ".tgz": _tar, ".eml": _mail}


def _inside(content: bytes, name: str, bounds: Bounds, depth: int) -> Iterator[Found]:
    """The documents of a member: one, or those of an archive in the archive."""
    kind = registry.ending(name)
    try:
        if kind in NESTED and depth >= MAX_DEPTH:
            raise UnreadableFile(f"{name} is an archive inside {MAX_DEPTH} others; unpack it, and index what is in it")
        if kind in NESTED:
            yield from NESTED[kind](content, name, bounds, depth + 1)
        elif kind in registry.COLLECTIONS:
            yield from registry.COLLECTIONS[kind](content, name)
        else:
            yield registry.READERS[kind](content, name)
    except TooMuch:
        raise
    except UnreadableFile as reason:
        yield reason


def _known_kind(name: str) -> None:
    if registry.ending(name) not in (*registry.READERS, *registry.COLLECTIONS):
        raise UnreadableFile(f"{name} is of no known kind; leave it out, or convert it to PDF or text")


def _is_hidden(path: str) -> bool:
    """Whether a member is what programs leave behind: .DS_Store, __MACOSX, .git."""
    parts = path.replace("\\", "/").split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


class _Gunzipped(io.RawIOBase):
    """What gzipped bytes unpack to, as long as that is within bounds."""

    def __init__(self, data: bytes, name: str, bounds: Bounds) -> None:
        self._file = gzip.GzipFile(fileobj=io.BytesIO(data))
        self._name, self._bounds, self._most = name, bounds, max(SMALL, MAX_RATIO * len(data))

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._bounds.spend(self._name, len(chunk))
        self._most -= len(chunk)
        if self._most < 0:
            raise TooMuch(
                f"{self._name} unpacks to more than {MAX_RATIO} times its size, as files made to do harm do; "
                f"unpack it yourself if you trust it, and index what is in it"
            )
        return chunk
