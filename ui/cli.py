"""The command line: `yinju index`, `ask`, `eval`, `compare`, `questions`, `tune`, `docs`, `check`, `stats`, `serve`, `users`.

Results on standard output (one JSON object with `--json`), progress and messages on standard error.
Exit status 0 done, 2 bad input, 1 our failure.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import YinjuError
from ui import backup_commands, copy_command, eval_commands, library_commands, serve_command, user_commands
from ui.options import DEFAULT, JsonOption, LibraryOption, not_empty, path_of
from ui.printing import print_json as _print_json
from ui.terminal import print_answer, progress_bar

if TYPE_CHECKING:
    from embeddings import Encoder
    from rag.cluster import RayWorkers

app = typer.Typer(
    help="Yinju 引据: answers that quote their source, word for word.", no_args_is_help=True, rich_markup_mode=None
)
library_commands.register(app)
backup_commands.register(app)
copy_command.register(app)
eval_commands.register(app)
serve_command.register(app)
user_commands.register(app)

STOPPED = 130
# Characters of a question that is hardly one, and is looked at before it is embedded.
LONG = 2000


def main() -> None:
    """Run the command line; a YinjuError, or a path that the system refuses, is one sentence on standard error and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        # What an encoding lacks is printed as an escape.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except YinjuError as error:
        print(f"yinju: {error}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as stop:
        # typer turns Ctrl-C into a bare exit with this status.
        if isinstance(stop, SystemExit) and stop.code != STOPPED:
            raise
        print("yinju: stopped; what was done is kept", file=sys.stderr)
        sys.exit(STOPPED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # our failure: one sentence, and the whole of it when asked for
        if os.environ.get("YINJU_DEBUG"):
            raise
        from corpus.trouble import refused

        if isinstance(error, OSError) and (reason := refused(error)):
            print(f"yinju: {reason}", file=sys.stderr)
            sys.exit(2)
        print(f"yinju: this is our failure, not yours: {type(error).__name__}: {error} "
              "(set YINJU_DEBUG=1 for the details, and please report them)", file=sys.stderr)  # fmt: skip
        sys.exit(1)


@app.command()
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", metavar="PATH...", parser=path_of("PATH"))],
    library: LibraryOption = DEFAULT,
    model: Annotated[str | None, typer.Option(help="A sentence-transformers folder or name.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and index again whenever a file changes.")] = False,
    ray: Annotated[
        str | None, typer.Option(help="Read and embed by the workers of a Ray cluster: HOST:PORT, auto, or local for some on this machine.", metavar="ADDRESS")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many workers embed, with --ray.  [default: as the cluster has room for]")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add or update files and folders; drop those gone.

    Example: yinju index ~/archive --library ~/archive.yinju
    Example: yinju index /shared/archive --ray 10.0.0.5:6379
    """
    if model is not None:
        not_empty("--model", model)
    if workers is not None and ray is None:
        raise YinjuError("--workers are those of a Ray cluster; give --ray ADDRESS, or --ray local, with it")
    from corpus import find_files
    from corpus.store import folder_of, store_exists

    existed = store_exists(library)
    folder = folder_of(library)
    for path in paths:
        if next(find_files(path, folder), None) is None and not existed:
            raise YinjuError(f"{path} holds no files; put documents into it, or give another path")
    from embeddings.priority import give_way

    # Whoever is answered from the library meanwhile goes before.
    give_way()
    with _workers(ray, workers) as found:
        _index(paths, library, model, existed, watch, as_json, found)


@contextmanager
def _workers(address: str | None, count: int | None) -> "Iterator[RayWorkers | None]":
    """The workers of the cluster at an address, where one is given."""
    if address is None:
        yield None
        return
    from rag.cluster import RayWorkers, connected
    from ui.apart import our_output_only

    with our_output_only(), connected(address, count) as share:
        kind = "with a GPU each" if share.gpu else f"on {share.threads} core{'s' * (share.threads > 1)} each"
        print(f"yinju: {share.workers} worker{'s' * (share.workers > 1)} {kind}", file=sys.stderr, flush=True)
        yield RayWorkers(share)


def _index(
    paths: list[Path], library: str, model: str | None, existed: bool, watch: bool, as_json: bool, workers: "RayWorkers | None"
) -> None:
    from corpus.store import folder_of, open_store
    from embeddings import load_encoder
    from rag.deferred import DeferredEncoder
    from rag.watch import follow

    encoder: Encoder
    if model is None and existed:
        with open_store(library) as opened:
            encoder = DeferredEncoder.of(opened)
    else:
        encoder = load_encoder(model or "bundled", remember=True)
    if not watch:
        if not _index_once(paths, library, encoder, as_json, workers):
            raise typer.Exit(2)
        return
    print(f"yinju: following {', '.join(map(str, paths))}; Ctrl-C stops", file=sys.stderr, flush=True)
    follow(
        paths, folder_of(library),
        lambda: _index_once(paths, library, encoder, as_json, workers),
        lambda sentence: print(f"yinju: {sentence}", file=sys.stderr, flush=True),
    )  # fmt: skip


def _index_once(paths: list[Path], library: str, encoder: "Encoder", as_json: bool, workers: "RayWorkers | None" = None) -> bool:
    """Index, and print the report; whether anything was indexed or was there."""
    from corpus.store import create_store, store_exists
    from rag import index_paths

    existed = store_exists(library)
    with create_store(library, encoder.name, encoder.dimension) as opened:
        with progress_bar("Indexing") as progress:
            report = index_paths(paths, opened, encoder, progress, workers)
        if report.passages == 0 and not existed:
            opened.discard()
    for _, reason in report.failures:
        print(f"yinju: skipped: {reason}", file=sys.stderr)
    if as_json:
        _print_json(
            {
                "documents": {
                    name: getattr(report, name) for name in ("added", "updated", "removed", "unchanged", "failed")
                },
                "passages": report.passages,
                "embedded": report.embedded,
                "seconds": round(report.seconds, 3),
                "failures": [{"document": name, "reason": reason} for name, reason in report.failures],
            }
        )
    else:
        print(
            f"{report.added} added, {report.updated} updated, {report.removed} removed, "
            f"{report.unchanged} unchanged, {report.failed} failed; "
            f"{report.passages} passages in {library}, {report.embedded} embedded, {report.seconds:.1f} s"
        )
    sys.stdout.flush()
    if report.embedded:
        # Made once a machine, some seconds: better now than at the first question in another language.
        from rag.dictionary import dictionary
        from rag.reader.scoring import WEIGHTS, network_folder

        dictionary()
        # Where it cannot be written, asking says so: the documents are indexed all the same.
        if WEIGHTS.is_file():
            with suppress(YinjuError):
                network_folder()
    return not report.failed or bool(report.added or report.updated or report.removed or report.unchanged)


@app.command()
def ask(
    question: str,
    library: LibraryOption = DEFAULT,
    top_k: Annotated[int, typer.Option(min=1, max=100, help="How many of the nearest passages to give.")] = 5,
    where: Annotated[
        str | None, typer.Option(help="Ask only documents like: date >= 2024-01 and section = 国际", metavar="CONDITION")
    ] = None,
    after: Annotated[
        list[str] | None, typer.Option(help="A question asked before it; again for several, oldest first.", metavar="QUESTION")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with the documents' own words.

    Example: yinju ask "市长会见了谁？" --top-k 3 --where 'date >= 2024-01 and not author ~ 王'
    Example: yinju ask "那他呢？" --after "市长会见了谁？"
    """
    from corpus.store import open_store
    from corpus.where import parse_where

    if where is not None:
        parse_where(where)
    with open_store(library) as opened:
        model = opened.model
    from embeddings import load_encoder

    encoder = load_encoder(model, remember=True)
    with _embedding(question, encoder):
        from rag import Assistant, answer_to_json, check_question

        for each in (question, *(after or ())):
            check_question(each)
        with Assistant.open(library, encoder) as assistant:
            answer = assistant.ask(question, top_k, where, after or ())
    if as_json:
        _print_json(answer_to_json(answer))
    else:
        print_answer(answer)


@contextmanager
def _embedding(question: str, encoder: "Encoder") -> Iterator[None]:
    """Meanwhile the question's vector is made, which the encoder then remembers: to import the rest takes as long."""
    from threading import Thread

    from corpus.visible import visible

    text = visible(question)

    def embed() -> None:
        # Whoever asks for the vector is told what is wrong.
        with suppress(Exception):
            encoder.encode_queries([text])

    begun = Thread(target=embed)
    if 0 < len(text) < LONG:
        begun.start()
    try:
        yield
    finally:
        if begun.ident is not None:
            begun.join()
