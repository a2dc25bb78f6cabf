"""Zip files, opened with bounds: office documents and e-books are zip files too.

A small zip file can claim to hold terabytes, so the claims are checked before anything is unpacked. It can also hold more
than it claims: `zipfile` gives no more of a member than that, but unpacks all of it first where it is asked for the whole.
So members are unpacked in pieces, and those of a file that another library opens are looked through before.
"""

import io
import zipfile

from corpus.errors import UnreadableFile
from corpus.files import MAX_BYTES
from corpus.readers.foreign import one, opening

# Bytes that all members of one zip file may unpack to.
MAX_UNPACKED = 1 << 30
MAX_MEMBERS = 100_000
ENTRY = b"PK\x01\x02"  # each member has one of these in the directory
# Text rarely packs better than 1:30, repetitive XML 1:100; deflate ends at 1:1032.
MAX_RATIO = 250
# Below this size any ratio is harmless.
SMALL = 8 << 20
# How these are packed, one can stop unpacking when there is enough.
BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
PIECE = 1 << 20
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_zip(data: bytes, name: str, kind: str) -> zipfile.ZipFile:
    """The zip file in `data`. Raises UnreadableFile where it is damaged or unpacks to too much."""
    if data.startswith(OLE):
        raise UnreadableFile(
            f"{name} is protected by a password or is of an older kind of file; save it without a password as {one(kind)}"
        )
    if data.count(ENTRY) > MAX_MEMBERS:
        raise UnreadableFile(f"{name} holds more than {MAX_MEMBERS:,} files; split it into smaller archives")
    with opening(name, kind):
        opened = zipfile.ZipFile(io.BytesIO(data))
    unpacked = sum(each.file_size for each in opened.infolist())
    if unpacked > MAX_UNPACKED:
        raise UnreadableFile(f"{name} unpacks to more than {MAX_UNPACKED >> 20} MB; split it into smaller files")
    if unpacked > SMALL and unpacked > MAX_RATIO * len(data):
        raise UnreadableFile(
            f"{name} unpacks to more than {MAX_RATIO} times its size, as files made to do harm do; "
            f"unpack it yourself if you trust it, and index what is in it"
        )
    return opened


def require_honest(opened: zipfile.ZipFile, name: str, kind: str) -> None:
    """Raises UnreadableFile where a member unpacks to more than it claims, and so to more than is known to be bearable."""
    with opening(name, kind):
        for info in opened.infolist():
            _require_bounded(info, name)
            # Deflate ends at 1:1032: what is small unpacks to nothing large.
            if info.compress_size * 1032 > SMALL:
                with opened.open(info) as file:
                    while file.read(PIECE):
                        pass


def member(opened: zipfile.ZipFile, which: str | zipfile.ZipInfo, name: str, kind: str) -> bytes:
    """The bytes of a member. Raises UnreadableFile where it is missing, damaged, protected or too large."""
    with opening(name, kind):
        info = opened.getinfo(which) if isinstance(which, str) else which
        if info.flag_bits & 1:
            raise UnreadableFile(f"{name} is protected by a password; unpack it, and index what is in it")
        if info.file_size > MAX_BYTES:
            raise UnreadableFile(f"{name} is larger than {MAX_BYTES >> 20} MB unpacked; split it into smaller files")
        _require_bounded(info, name)
        with opened.open(info) as file:
            return file.read(info.file_size + 1)


def _require_bounded(info: zipfile.ZipInfo, name: str) -> None:
    if info.compress_type not in BOUNDED:
        raise UnreadableFile(f"{name} is packed in an uncommon way (method {info.compress_type}); pack it again as an ordinary zip file")

