"""Options that several commands take."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import LibraryError, YinjuError

# A library's folder, or the address of one in Milvus (`corpus.store`).
LibraryOption = Annotated[str, typer.Option("--library", help="The library's folder, or milvus://HOST:PORT/NAME.", metavar="DIR")]
LibrariesOption = Annotated[
    list[str] | None, typer.Option("--library", help="A library's folder or address; again for several.  [default: .yinju]", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DEFAULT = ".yinju"


def path_of(option: str) -> Callable[[str], Path]:
    """Reads the path that an option is given. An empty one, which would be the current folder, raises YinjuError."""
    return lambda given: Path(not_empty(option, given))


def not_empty(option: str, given: str) -> str:
    """What an option is given. Raises YinjuError where that is nothing, as of a variable that is not set."""
    if not given:
        raise YinjuError(f"{option} is empty; give a path")
    return given


def folder_only(library: str, instead: str) -> Path:
    """The folder of a library, for a command that is of folders only. Raises LibraryError, naming what to do `instead`."""
    from corpus.store import is_remote

    if is_remote(library):
        raise LibraryError(f"{library} is kept in Milvus, not in a folder; {instead}")
    return Path(library)
