"""The commands that measure: `yinju eval`, `compare`, `questions`, `tune`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import QuestionError
from ui.allocation import keep_freed_memory
from ui.comparison import print_comparison, print_differences
from ui.options import DEFAULT, JsonOption, LibraryOption, path_of
from ui.printing import print_json
from ui.terminal import progress_bar

if TYPE_CHECKING:
    from eval import QuestionSet

QUESTIONS = "JSON Lines, CSV, XLSX, SQuAD-like JSON, or a BEIR or TREC folder."
QuestionsArgument = Annotated[Path, typer.Argument(help=QUESTIONS, metavar="QUESTIONS", parser=path_of("QUESTIONS"))]
questions_app = typer.Typer(help="Question sets: check one, or make one from use.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("eval")(evaluate)
    app.command("compare")(compare_runs)
    app.command("tune")(tune_settings)
    app.add_typer(questions_app, name="questions")


def evaluate(
    questions: QuestionsArgument,
    output: Annotated[Path, typer.Option(help="The run folder to write.", metavar="DIR", parser=path_of("--output"))],
    library: Annotated[str | None, typer.Option(help="The library to ask.", metavar="DIR")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Files to index and ask.", metavar="PATH", parser=path_of("--corpus"))] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Ask in so many processes; the answers are the same.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another run that the folder holds.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask a set of questions and measure the answers.

    Stopped, it goes on where it was when the same command is given again.

    Example: yinju eval questions.jsonl --library .yinju --output runs/today
    """
    if library is not None and corpus is not None:
        raise QuestionError("--library and --corpus were both given; give the one that is to be asked")
    from corpus.connect import DATABASE
    from eval import read_questions

    if (output / DATABASE).exists():
        raise QuestionError(f"{output} is a library; choose another folder with --output")
    keep_freed_memory()
    asked = read_questions(questions)
    if library is None and corpus is None and not asked.corpus:
        library = DEFAULT
    from eval.run import require_free, run

    if not overwrite:  # said before an hour of indexing rather than after
        require_free(output, {"question_set": asked.digest()})
    said = {"questions": str(questions), "corpus": str(corpus or library or "the questions' own paragraphs")}
    with _library(library, corpus, asked, output, questions) as folder, progress_bar("Asking") as bar:
        _tell_unknown(asked, folder)
        done = run(asked, folder, output, said=said, progress=bar, processes=processes, overwrite=overwrite)
    if as_json:
        print_json(done.metrics)
        return
    from eval.report import summary

    for name, value, between in summary(done.metrics):
        print(f"{name:40}{value:>10}  {between}".rstrip())
    print(f"written to {output}; open {output / 'report.html'}")


def _tell_unknown(asked: "QuestionSet", folder: str | Path) -> None:
    """Gold that cannot be found counts as missed; whoever reads the figures must know."""
    from corpus.store import open_store
    from eval.check import unknown_documents

    with open_store(folder) as library:
        unknown = unknown_documents(asked.questions, {name for _, name, _, _ in library.labels()})
    if unknown:
        print(
            f"yinju: gold documents that are not in the library, and count as missed: {len(unknown)} (the first: {unknown[0]!r}); "
            "`yinju questions check` names them all",
            file=sys.stderr,
        )


@contextmanager
def _library(library: str | None, corpus: Path | None, asked: "QuestionSet", output: Path, questions: Path) -> Iterator[str | Path]:
    """The library to ask; where none is given, one made for the while."""
    from corpus.store import open_store

    if library is not None:
        open_store(library).close()
        yield library
        return
    from embeddings import load_encoder
    from eval.derived import derived_folder, fill, require_passages

    encoder = load_encoder()
    with derived_folder(corpus, output, encoder) as folder:
        with progress_bar("Indexing") as bar:
            report = fill(folder, asked, corpus, encoder, bar)
        for _, reason in report.failures:
            print(f"yinju: skipped: {reason}", file=sys.stderr)
        require_passages(report, folder, questions, corpus)
        yield folder


def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help="Run folders of `yinju eval`; the first is what others are held against.", metavar="RUN_DIR RUN_DIR...")],
    fail_if: Annotated[list[str] | None, typer.Option(help="Exit with 1 where a figure of metrics.json changed like this.", metavar="CONDITION")] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold runs of the same questions against the first, with tests of significance.

    Example: yinju compare runs/before runs/after --fail-if 'quotes.hit@1 < -0.01'
    """
    from eval.compare import compare, parse_fails

    fails = [parse_fails(each) for each in fail_if or ()]
    found = compare(runs)
    failed = [f"{each.after}: {fail.text}" for each in found for fail in fails if fail.holds(each)]
    if as_json:
        print_json({"comparisons": [each.to_json() for each in found], "failed": failed})
    else:
        for each in found:
            print_comparison(each)
        for text in failed:
            print(f"failed: {text}")
    if failed:
        raise typer.Exit(1)


@questions_app.command("check")
def questions_check(
    questions: QuestionsArgument,
    library: Annotated[str | None, typer.Option(help="The library that is to be asked.", metavar="DIR")] = None,
    as_json: JsonOption = False,
) -> None:
    """Is this set whole? Its form, and its gold against the corpus; exit status 1 where something is found.

    Example: yinju questions check questions.jsonl --library .yinju
    """
    from dataclasses import asdict

    from corpus.store import open_store
    from eval import check_questions, read_questions

    asked = read_questions(questions)
    if library is None and not asked.corpus:
        library = DEFAULT
    if library is None:
        findings = check_questions(asked.questions, asked.corpus)
    else:
        with open_store(library) as opened:
            names = [name for _, name, _, _ in opened.labels()]
            documents = (found for found in map(opened.document, names) if found is not None)
            findings = check_questions(asked.questions, documents)
    if as_json:
        print_json({"questions": len(asked.questions), "findings": [asdict(each) for each in findings]})
    else:
        for each in findings:
            print(f"{each.id}: {each.says}")
        print(f"{len(asked.questions)} questions, {len(findings)} findings")
    if findings:
        raise typer.Exit(1)


@questions_app.command("export")
def questions_export(
    library: LibraryOption = DEFAULT,
    output: Annotated[Path | None, typer.Option(help="The file to write; standard output by default.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Thumbs up and down and corrections, kept by the chat page, as a question set (JSON Lines).

    Example: yinju questions export --library .yinju --output questions.jsonl
    """
    from corpus.store import open_store
    from eval.export import question_lines

    with open_store(library) as opened:
        lines = list(question_lines(opened.feedback()))
    if output is not None:
        try:
            output.write_text("".join(f"{each}\n" for each in lines), "utf8", errors="backslashreplace")
        except OSError as reason:
            raise QuestionError(f"{output} cannot be written ({reason.strerror}); choose another with --output") from None
        if not as_json:
            print(f"{len(lines)} questions written to {output}")
    elif not as_json:
        print("\n".join(lines))
    if as_json:
        import json

        print_json({"questions": [json.loads(each) for each in lines]})


def tune_settings(
    questions: QuestionsArgument,
    library: LibraryOption = DEFAULT,
    lengths: Annotated[str, typer.Option(help="Passage lengths to try, in tokens; empty to leave the length as it is.")] = "150,250,400",
    save: Annotated[bool, typer.Option("--save", help="Write the chosen settings into the library.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Choose passage length, weights, passages read and the threshold on one half; measure on the other.

    Example: yinju tune questions.jsonl --library .yinju --save
    """
    from dataclasses import asdict

    from corpus.store import open_store
    from embeddings import load_encoder
    from eval import read_questions, tune

    try:
        tried = [int(each) for each in lengths.split(",") if each.strip()]
    except ValueError:
        tried = [0]
    if any(not 20 <= each <= 100_000 for each in tried):
        raise QuestionError(f"--lengths {lengths!r} are no numbers of tokens from 20 on; write them like: 150,250,400")
    asked = read_questions(questions)
    with open_store(library) as opened:
        model = opened.model
    encoder = load_encoder(model)
    found = tune.tune(asked.questions, library, encoder, lambda text: print(f"yinju: {text}", file=sys.stderr), tried)
    save = save and not found.worse
    if save:
        tune.save(library, encoder, found.after)
    if as_json:
        print_json(found.to_json() | {"saved": save})
        return
    before = asdict(found.before)
    for name, value in asdict(found.after).items():
        print(f"{name:16}{before[name]} → {value}" if before[name] != value else f"{name:16}{value}")
    print(f"on the {found.measuring} questions that nothing was chosen by:")
    print_differences(found.differences)
    if found.worse:
        print("nothing is written: on those questions it answers worse than before; give more questions to choose by")
        return
    print(f"written into {library}" if save else "nothing is written; --save writes it into the library")
