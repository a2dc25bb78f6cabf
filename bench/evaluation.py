"""A long evaluation: does it run to its end, and does its memory stay?

    python -m bench.evaluation [--questions 20000] [--read 1] [--warm 1000]

Asks that many different questions (`bench.soak`'s, about the sentences of our sample) by `yinju eval`, the real model and reader, in a
process whose memory is looked at every few seconds. Prints it at each tenth, its growth from `--warm` questions until the last is
asked, and its peak, which is when the figures are made of the answers; ends with 1 where the growth is above 2 %.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench.soak import questions_of, sample_of, sentence_library
from eval.kept import NAME

EVERY = 5.0
MOST = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--read", type=int, default=1, help="passages that are read for an answer, which takes most of its time")
    parser.add_argument("--warm", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        texts = sentence_library(folder / "library", given.read)
        lines = (json.dumps({"question": each, "answerable": False}) for each in islice(questions_of(texts), given.questions))
        (folder / "questions.jsonl").write_text("\n".join(lines))
        command = [sys.executable, "-m", "ui", "eval", str(folder / "questions.jsonl"), "--library", str(folder / "library"), "--output", str(folder / "run")]
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        seen: list[tuple[int, float, float]] = []
        told = 0
        print("| questions | s | RSS, MB | USS, MB |\n| --- | --- | --- | --- |", flush=True)
        while process.poll() is None:
            time.sleep(EVERY)
            done = _done(folder / "run" / NAME)
            try:
                found = sample_of(process.pid, done, began)
            except (OSError, KeyError):  # it has ended
                continue
            seen.append((done, found.rss, found.uss))
            if done >= told:
                print(f"| {done:,} | {found.seconds:.0f} | {found.rss:.1f} | {found.uss:.1f} |", flush=True)
                told += given.questions // 10
        errors = process.stderr.read() if process.stderr else ""
        seconds = time.monotonic() - began
        answered = sum(1 for _ in (folder / "run" / "answers.jsonl").open("rb")) if process.returncode == 0 else 0
    print(f"{answered:,} of {given.questions:,} answered in {seconds:.0f} s, status {process.returncode}; at most {max(rss for _, rss, _ in seen):.1f} MB")
    if process.returncode:
        print(errors[-500:], file=sys.stderr)
        return 1
    asking = [rss for done, rss, _ in seen if given.warm <= done < given.questions]
    grown = 100 * (max(asking[-5:]) / asking[0] - 1)
    print(f"RSS from {given.warm:,} questions to the last: {grown:+.2f} %")
    return int(grown > MOST)


def _done(partial: Path) -> int:
    """Answers that are kept so far."""
    try:
        with partial.open("rb") as file:
            return sum(b'"block"' not in line[:9] for line in file) - 1  # the first says what the run is
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
