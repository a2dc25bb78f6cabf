"""`yinju copy`: a library into another, between folders and Milvus."""

import time
from typing import Annotated

import typer

from corpus.errors import YinjuError
from ui.options import JsonOption
from ui.printing import print_json
from ui.terminal import progress_bar


def register(app: typer.Typer) -> None:
    app.command()(copy)


def copy(
    source: Annotated[str, typer.Argument(help="The library to read: a folder, or milvus://HOST:PORT/NAME.", metavar="SOURCE")],
    target: Annotated[str, typer.Argument(help="The library to write; it is made where it is not there.", metavar="TARGET")],
    as_json: JsonOption = False,
) -> None:
    """Copy a library, with its vectors, into a folder or into Milvus, and compare both. Stopped, it goes on where it was.

    Conversations, users and uploaded files stay where they are.

    Example: yinju copy ~/archive.yinju milvus://milvus.example:19530/archive
    """
    from corpus.store import create_store, folder_of, open_store
    from rag.copying import copy_library

    if source == target or folder_of(source).resolve() == folder_of(target).resolve():
        raise YinjuError(f"{source} cannot be copied into itself; give another TARGET")
    began = time.perf_counter()
    with open_store(source) as read, create_store(target, read.model, read.dimension) as written, progress_bar("Copying") as progress:
        done = copy_library(read, written, progress)
    seconds = time.perf_counter() - began
    if as_json:
        print_json({"written": done.written, "unchanged": done.unchanged, "passages": done.passages, "seconds": round(seconds, 3)})
        return
    print(f"{source} copied into {target}: {done.written} documents written, {done.unchanged} there already, "
          f"{done.passages} passages; compared, and the same; {seconds:.1f} s")  # fmt: skip
