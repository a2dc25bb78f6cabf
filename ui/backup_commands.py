"""A library into a file, and back: `yinju backup`, `restore`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import DEFAULT, JsonOption, LibraryOption, folder_only
from ui.printing import print_json
from ui.terminal import progress_bar

if TYPE_CHECKING:
    from corpus import Library

BUNDLED = "bundled"


def register(app: typer.Typer) -> None:
    for command in (backup, restore):
        app.command()(command)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to make, a plain tar.", metavar="FILE")],
    library: LibraryOption = DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the library as it is now into one file, while it may be served or indexed.

    Documents, vectors, feedback, settings, conversations, users and uploads; not the original files elsewhere.

    Example: yinju backup /backups/archive-2026-11-30.tar --library ~/archive.yinju
    """
    from corpus.backup import back_up
    from rag.vectors import trained_file

    folder = folder_only(library, "back it up with Milvus' own backup, or copy it into a folder with: yinju copy")
    began = time.perf_counter()
    with progress_bar("Backing up") as progress:
        made = back_up(folder, file, force, progress, trained_file)
    for each in made.left_out:
        print(f"yinju: {each} is a link or no plain file, and is not in the backup", file=sys.stderr)
    counts, files = made.manifest.counts, len(made.manifest.members)
    seconds = time.perf_counter() - began
    if as_json:
        print_json({"file": str(file), "bytes": made.size, "documents": counts["documents"], "passages": counts["passages"],
                    "files": files, "left_out": list(made.left_out), "seconds": round(seconds, 3)})  # fmt: skip
        return
    print(f"{library} backed up to {file}: {counts['documents']} documents, {counts['passages']} passages, {files} files; "
          f"{made.size / 1e6:,.1f} MB, {seconds:.1f} s")  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `yinju backup` made.", metavar="FILE")],
    library: LibraryOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Put the library of a backup into a new or empty folder. A backup that is damaged is refused, and nothing is written.

    Example: yinju restore /backups/archive-2026-11-30.tar --library ~/archive.yinju
    """
    from corpus.restore import restore as put_back

    folder = folder_only(library, "restore into a folder, and copy that with: yinju copy")
    began = time.perf_counter()
    with progress_bar("Restoring") as progress:
        manifest = put_back(file, folder, _derive, progress).manifest
    if manifest.model != BUNDLED and Path(manifest.model).is_absolute() and not Path(manifest.model).is_dir():
        print(f"yinju: the library was made with the model {manifest.model}, which is not here; put it there before asking",
              file=sys.stderr)  # fmt: skip
    counts, seconds = manifest.counts, time.perf_counter() - began
    if as_json:
        print_json({"library": str(library), "documents": counts["documents"], "passages": counts["passages"],
                    "files": len(manifest.members), "when": manifest.when, "seconds": round(seconds, 3)})  # fmt: skip
        return
    print(f"{file} of {manifest.when} restored into {library}: {counts['documents']} documents, {counts['passages']} passages; "
          f"{seconds:.1f} s")  # fmt: skip


def _derive(library: "Library") -> None:
    """Make what a backup leaves out: the words of an older library, and the index file."""
    from rag.posting import bring_up
    from rag.vectors import save_index

    with library.writing():
        bring_up(library)
        save_index(library)
