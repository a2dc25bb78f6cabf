"""The text of markup and tables of values, whose bytes may be in any encoding, or a little broken."""

import codecs

from corpus.decode import NotText, decode
from corpus.errors import UnreadableFile

# UTF-16 and UTF-32 hold more NULs than this share, and pictures and programs mostly do.
FEW_NULS = 0.1
# Python's codecs for names and source code: no page is written in them, and reading a long one takes hours.
NO_ENCODINGS_OF_FILES = {"idna", "punycode", "raw-unicode-escape", "raw_unicode_escape", "undefined", "unicode-escape", "unicode_escape"}


def declared_text(data: bytes, encoding: str) -> str | None:
    """The bytes in the encoding that a file declares, or None where it is none, or they are not in it."""
    try:
        if codecs.lookup(encoding).name in NO_ENCODINGS_OF_FILES:
            return None
        return data.decode(encoding)
    except (LookupError, ValueError):
        return None


def text_of(data: bytes, name: str, kind: str) -> str:
    """The bytes as text; NULs and lone surrogates among UTF-8 are left for the caller to clean.

    Raises UnreadableFile where the bytes are not text.
    """
    if data.count(0) <= FEW_NULS * len(data):
        try:
            return data.decode("utf-8-sig", "surrogatepass")
        except UnicodeDecodeError:
            pass
    try:
        return decode(data).text
    except NotText as reason:
        raise UnreadableFile(f"{name} is not text: {reason}; save it again as {kind}, or leave it out") from None
