"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import LibraryError

# A library's folder, or the address of one in Milvus (`corpus.store`).
LibraryOption = Annotated[str, typer.Option("--library", help="The library's folder, or milvus://HOST:PORT/NAME.", metavar="DIR")]
LibrariesOption = Annotated[
    list[str] | None, typer.Option("--library", help="A library's folder or address; again for several.  [default: .yinju]", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DEFAULT = ".yinju"


def folder_only(library: str, instead: str) -> Path:
    """The folder of a library, for a command that is of folders only. Raises LibraryError, naming what to do `instead`."""
    from corpus.store import is_remote

    if is_remote(library):
        raise LibraryError(f"{library} is kept in Milvus, not in a folder; {instead}")
    return Path(library)
