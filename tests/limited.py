"""The command line with an encoder that costs nothing, in a process of few open files or little memory."""

import os
import resource
import sys
from pathlib import Path

import embeddings
import rag.assistant
import rag.check
import rag.deferred
import rag.dictionary
import rag.indexing
import rag.reader.trained
import ui.cli
import ui.terminal
from rag.reader import WordsAndCosine
from tests.cheap import CheapEncoder
from tests.victim import server


def under(kind: str, limit: int, log: Path, *arguments: object) -> tuple[int, str]:
    """Run a command under a limit of files (`NOFILE`) or of kB beyond what it has (`AS`); its exit status and standard error."""
    process = server().Process(target=_run, args=(kind, limit, str(log), *map(str, arguments)))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode, log.read_text("utf8", "replace")


def _run(kind: str, limit: int, log: str, *arguments: str) -> None:
    with open(log, "w") as file:
        os.dup2(file.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for module in (embeddings, rag.assistant, rag.check, rag.deferred):
        module.load_encoder = lambda *_, **__: CheapEncoder()  # type: ignore[attr-defined]
    rag.dictionary.dictionary = lambda: None  # type: ignore[assignment,return-value]
    rag.assistant.load_reader = lambda encoder, settings: WordsAndCosine(encoder, settings)
    if kind == "AS":
        status = Path("/proc/self/status").read_text().splitlines()
        (used,) = [int(line.split()[1]) for line in status if line.startswith("VmSize")]
        limit = (used + limit) * 1024
    resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (limit, limit))
    sys.argv = ["yinju", *arguments]
    ui.cli.main()
