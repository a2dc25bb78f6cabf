"""Calls into libraries that may fail in any way on a damaged file, and that may not be installed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from corpus.errors import UnreadableFile

# How Python names what has no name.
OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-fA-F]+>")


class MissingPackage(UnreadableFile):
    """The package that reads such a file is not installed."""


@contextmanager
def opening(name: str, kind: str, extra: str = "") -> Iterator[None]:
    """Whatever goes wrong inside is said of the file `name`, which should be a `kind`.

        with opening("annual.docx", "Word document"):
            ...

    `extra` is the optional extra that brings the libraries. Raises UnreadableFile, or MissingPackage, which is one. What is no
    fault of the file (no memory left, an interrupt) passes through.
    """
    try:
        yield
    except (UnreadableFile, MemoryError):
        raise
    except ImportError as reason:
        package = f"yinju[{extra}]" if extra else reason.name or "yinju"
        raise MissingPackage(
            f"{name} needs a package that is not installed ({reason.name}); install it with: pip install '{package}'"
        ) from None
    except Exception as reason:
        said = " ".join(OBJECT.sub("", str(reason)).split()) or type(reason).__name__
        raise UnreadableFile(
            f"{name} is damaged or not {one(kind)} ({said[:120]}); open and save it again, or leave it out"
        ) from reason


def one(kind: str) -> str:
    """A kind with its article: a picture, an e-book."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
