"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

LibraryOption = Annotated[Path, typer.Option("--library", help="The library's folder.", metavar="DIR")]
LibrariesOption = Annotated[
    list[Path] | None, typer.Option("--library", help="A library's folder; again for several.  [default: .yinju]", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DEFAULT = Path(".yinju")
