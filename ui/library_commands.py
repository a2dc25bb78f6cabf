"""What the library holds and whether it is whole: `yinju docs`, `check`, `stats`."""

from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import YinjuError
from ui.options import DEFAULT, JsonOption, LibraryOption, folder_only
from ui.printing import print_json
from ui.terminal import progress_bar

if TYPE_CHECKING:
    from rag.rebuild import Rebuilt

# Names of lost documents that are shown.
SHOWN = 20
docs_app = typer.Typer(help="What the library holds.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(docs_app, name="docs")
    for command in (check, stats):
        app.command()(command)


@docs_app.command("list")
def docs_list(library: LibraryOption = DEFAULT, as_json: JsonOption = False) -> None:
    """The documents, a line each.

    Example: yinju docs list
    """
    from dataclasses import asdict

    from corpus.store import open_store

    with open_store(library) as opened:
        rows = opened.list_documents()
    if as_json:
        print_json({"documents": [asdict(each) for each in rows]})
        return
    for each in rows:
        print(f"{each.name}\t{each.title}\t{each.passages} passages\t{each.characters} characters")


@docs_app.command("show")
def docs_show(name: str, library: LibraryOption = DEFAULT, as_json: JsonOption = False) -> None:
    """One document, as quotes point into it.

    Example: yinju docs show reports/annual.txt
    """
    from dataclasses import asdict

    from corpus.files import printable
    from corpus.store import open_store

    name = printable(name)
    with open_store(library) as opened:
        document = opened.document(name)
    if document is None:
        raise YinjuError(f"{library} holds no document {name!r}; see: yinju docs list")
    if as_json:
        blocks = [asdict(each) for each in document.blocks]
        print_json(
            {
                "name": document.name,
                "title": document.title,
                "text": document.text,
                "blocks": blocks,
                "metadata": dict(document.metadata),
                "source": document.source,
                "runs": [[each.start, each.original, each.length] for each in document.runs],
            }
        )
    else:
        print(document.text)


@docs_app.command("remove")
def docs_remove(name: str, library: LibraryOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Take a document out of the library; its file stays.

    Example: yinju docs remove reports/annual.txt
    """
    from corpus.files import printable
    from corpus.store import open_store
    from rag.indexing import remove_documents

    name = printable(name)
    with open_store(library) as opened:
        if remove_documents(opened, [name]) == 0:
            raise YinjuError(f"{library} holds no document {name!r}; see: yinju docs list")
    if as_json:
        print_json({"removed": name})
    else:
        print(f"removed {name}")


def check(
    library: LibraryOption = DEFAULT,
    repair: Annotated[bool, typer.Option("--repair", help="Make it whole again; the damaged database is kept beside it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Is this library whole? Every passage, and a sample of the vectors embedded again.

    Example: yinju check --library ~/archive.yinju
    """
    from dataclasses import asdict

    from rag.check import check_library

    problems, repaired = check_library(library), None
    if problems and repair:
        if not as_json:
            for each in problems:
                print(each.what)
        repaired = _repaired(library)
        problems = check_library(library)
    if as_json:
        done = {"repaired": repaired and {**asdict(repaired), "aside": str(repaired.aside)}} if repair else {}
        print_json({"whole": not problems, "problems": [asdict(each) for each in problems], **done})
    else:
        if repaired:
            _tell(repaired)
        for each in problems:
            print(f"{each.what}; {each.remedy}")
        if not problems:
            print(f"{library} is whole")
    if problems or (repaired and (repaired.lost or repaired.nameless)):
        raise typer.Exit(1)


def _repaired(library: str) -> "Rebuilt":
    from rag.rebuild import rebuild

    folder = folder_only(library, "take out what is damaged with: yinju docs remove NAME, and index its file again")
    with progress_bar("Repairing") as progress:
        return rebuild(folder, progress=progress)


def _tell(done: "Rebuilt") -> None:
    print(f"repaired: {done.documents} documents (read again from their files: {done.again}; texts embedded again: {done.embedded}); "
          f"the damaged database is kept as {done.aside}")  # fmt: skip
    named = [*done.lost[:SHOWN], *([f"{len(done.lost) - SHOWN} more"] if len(done.lost) > SHOWN else [])]
    if done.nameless:
        named.append(f"{done.nameless} whose names cannot be read")
    if named:
        print(f"lost: {', '.join(named)}; index the folder that holds their files, with: yinju index PATH")


def stats(library: LibraryOption = DEFAULT, as_json: JsonOption = False) -> None:
    """How much there is: documents, passages, files on disk, and this machine's cache of vectors.

    Example: yinju stats --library ~/archive.yinju
    """
    from dataclasses import asdict

    from corpus.store import open_store
    from embeddings.remembered import remembered

    with open_store(library) as opened:
        found = {
            "model": opened.model,
            "dimension": opened.dimension,
            "generation": opened.generation,
            "documents": opened.document_count(),
            "passages": opened.passage_count(),
        }
        size = opened.size()
    cache = remembered()
    if as_json:
        print_json(found | {"bytes": size, "cache": asdict(cache)})
        return
    print(f"{library}: {found['documents']} documents, {found['passages']} passages{'' if size is None else f', {size / 1e6:.1f} MB'}; "
          f"model {found['model']} ({found['dimension']} dimensions)")  # fmt: skip
    print(f"this machine's cache of vectors: {cache.vectors} ({cache.bytes / 1e6:.1f} MB); "
          f"of {cache.asked} asked for, {cache.found} were there")  # fmt: skip
