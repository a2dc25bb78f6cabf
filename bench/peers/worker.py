"""One of those compared, in a process of its own: `bench.peers` starts it, with the Python that has its packages.

    python -m bench.peers.worker PEER build FOLDER DOCUMENTS ENCODER READER
    python -m bench.peers.worker PEER ask FOLDER QUESTIONS ENCODER READER

Prints JSON lines: an answer each as (passage, quote, milliseconds), at last its peak memory and versions.
"""

import importlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from bench.peers.shape import Document, Models


def main(peer: str, command: str, folder: str, given: str, encoder: str, reader: str) -> None:
    # What libraries print belongs with the errors.
    lines, sys.stdout = sys.stdout, sys.stderr
    module = importlib.import_module(f"bench.peers.{peer}_peer")
    models, content = Models(encoder, reader), json.loads(Path(given).read_text("utf8"))
    if command == "build":
        module.build([Document(*each) for each in content], Path(folder), models)
    else:
        ask = module.load(Path(folder), models)
        for question in content:
            begun = time.perf_counter()
            passage, quote = ask(question)
            print(json.dumps([passage, quote, 1000 * (time.perf_counter() - begun)]), file=lines, flush=True)
    print(json.dumps({"peak": peak(), "versions": versions(module.PACKAGES)}), file=lines, flush=True)


def peak() -> float:
    """MB. Not getrusage, whose figure a process inherits from the one that starts it."""
    status = Path("/proc/self/status").read_text("utf8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def versions(packages: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {version(name)}" for name in packages)


if __name__ == "__main__":
    main(*sys.argv[1:])
