"""`milvus://host:19530/name`, `milvus+tls://host:19530/name` and `milvus-lite:PATH`, with what may be said of a new one."""

import os
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from platformdirs import user_data_path

from corpus.errors import LibraryError

# The secret that a Milvus asks for (`user:password`, or an API key); never in an address, which is shown and logged.
TOKEN = "YINJU_MILVUS_TOKEN"
LITE = "milvus-lite:"
PORT = 19530
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}\Z")
INDEXES = ("HNSW", "HNSW_SQ", "FLAT", "IVF_FLAT", "IVF_SQ8", "IVF_RABITQ", "DISKANN", "AUTOINDEX")
MOST_SHARDS, MOST_PARTITIONS = 64, 1024


@dataclass(frozen=True)
class Address:
    """Where a library is. `uri` is None for Milvus Lite, whose files are in `folder / "milvus"`.

    `index`, `shards` and `partitions` are of a new library; one that is there keeps its own.
    """

    text: str
    uri: str | None
    name: str
    folder: Path
    index: str = "HNSW"
    shards: int = 1
    partitions: int = 16

    @property
    def token(self) -> str:
        return "" if self.uri is None else os.environ.get(TOKEN, "")


def parse_address(text: str) -> Address:
    """What an address says. Raises LibraryError where it cannot be read."""
    if text.startswith(LITE):
        path = text.removeprefix(LITE).strip()
        if not path:
            raise LibraryError(f"{text!r} names no folder; write it like: {LITE}archive.milvus")
        return Address(text, None, "yinju", Path(path))
    if any(each.isspace() for each in text):
        raise wrong(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        raise wrong(text) from None
    if parts.username or parts.password:
        shown = f"{parts.scheme}://{host}:{port}{parts.path}"
        raise LibraryError(f"the address {shown} was given with a password, which would be shown and logged; give it in {TOKEN}")
    name = parts.path.strip("/")
    if not host or not NAME.match(name):
        raise wrong(text)
    said = _said(text, parts.query)
    uri = f"{'https' if parts.scheme == 'milvus+tls' else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    whole = f"{parts.scheme}://{host}:{port}/{name}"
    key = blake2b(whole.encode(), digest_size=4).hexdigest()
    return Address(whole, uri, name, user_data_path("yinju") / "remote" / f"{name}-{key}", **said)  # type: ignore[arg-type]


def _said(text: str, query: str) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "index" and value.upper() in INDEXES:
            found[key] = value.upper()
        elif key in ("shards", "partitions") and value.isdigit() and 1 <= int(value) <= (MOST_SHARDS if key == "shards" else MOST_PARTITIONS):
            found[key] = int(value)
        else:
            raise LibraryError(
                f"{key}={value} in {text} cannot be; a new library's index is one of {', '.join(INDEXES)}, "
                f"its shards 1 to {MOST_SHARDS}, its partitions 1 to {MOST_PARTITIONS}"
            )
    return found


def wrong(text: str) -> LibraryError:
    return LibraryError(
        f"{text!r} is no address of a library; write it like milvus://host:{PORT}/name (a name of letters, digits and _), or {LITE}PATH"
    )
