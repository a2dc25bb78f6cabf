"""Gzipped tar files, made of a tar file's own bytes."""

import gzip
import io
import tarfile

from fuzz.promises import read_or_refused
from fuzz.target import Target
from tests import writers


def check(data: bytes) -> None:
    if not data.startswith(b"\x1f\x8b"):
        data = gzip.compress(data, 1)
    read_or_refused(data, f"样 a.{'tgz' if len(data) % 2 else 'tar.gz'}")


def seeds() -> dict[str, bytes]:
    made = writers.tar_file({"卷一/a.txt": "新的办法。".encode(), "b.csv": b"a,b\n1,2"})
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as opened:
        link = tarfile.TarInfo("x" * 120 + "链.txt")
        link.type, link.linkname, link.pax_headers = tarfile.SYMTYPE, "/etc/passwd", {"comment": "c"}
        opened.addfile(link)
        info = tarfile.TarInfo("a.txt")
        info.size = 5
        opened.addfile(info, io.BytesIO(b"words"))
    return {"plain": gzip.decompress(made)[:4096], "pax": file.getvalue()[:6144], "packed": made}


TARGET = Target(check, seeds, words=(b"ustar\x0000", b"GNU.sparse.size=", b"GNU.sparse.map=", b"path=", b"size="))
