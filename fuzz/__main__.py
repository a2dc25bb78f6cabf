"""`python -m fuzz TARGET --seconds N`: run a target, or `all`, one after the other."""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz.grown import grown, keep
from fuzz.targets import NAMES

HERE = Path(__file__).parent
# Inputs that once did harm: read again by every test run.
KEPT = HERE / "corpus"
# Inputs that do harm now: looked at, mended, then moved to KEPT.
FOUND = HERE / "found"
# A process of more MB, or an input that takes more seconds, is stopped.
MOST_MB, HANGS = 3_000, 60


@dataclass(frozen=True)
class Ran:
    """What came of a run: `said` is what the target or libFuzzer said last, `found` the input that did harm."""

    target: str
    executions: int
    said: str
    found: Path | None


def run(target: str, seconds: int, into: Path | None = None, keeps: bool = False) -> Ran:
    """Fuzz a target for so many seconds, or until an input does harm. The inputs that reach new code are left in `into`;
    with `keeps` they are kept in the repository.
    """
    FOUND.mkdir(exist_ok=True)
    before = {*FOUND.glob(f"{target}-*")}
    kept = [str(KEPT / target)] if (KEPT / target).is_dir() else []
    options = [
        f"-max_total_time={seconds}", f"-rss_limit_mb={MOST_MB}", f"-timeout={HANGS}", f"-artifact_prefix={FOUND}/{target}-",
        "-print_final_stats=1", "-verbosity=1",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as own:
        folder = into / target if into else Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "fuzz.once", target, *options, str(folder), *kept]
        done = subprocess.run(command, capture_output=True, cwd=HERE.parent)
        if keeps:
            keep(target, folder)
    told = "\n".join(line for line in done.stderr.decode("utf-8", "replace").splitlines() if not line.startswith("INFO: "))
    counts = re.findall(r"stat::number_of_executed_units:\s*(\d+)", told) or re.findall(r"^#(\d+)", told, re.M) or ["0"]
    found = next(iter({*FOUND.glob(f"{target}-*")} - before), None)
    out = done.stdout.decode("utf-8", "replace")
    said = "" if not done.returncode else (out + told if found is None else out or told)
    return Ran(target, int(counts[-1]), said.strip(), found)


def main() -> int:
    """0 where nothing did harm, 1 where something did, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Give bytes of any kind to what reads them.")
    parser.add_argument("target", nargs="?", help=f"one of {', '.join(NAMES)}, or all")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (60)")
    parser.add_argument("--grown", type=Path, help="a folder that keeps the inputs which reach new code, for the next run")
    parser.add_argument("--keep", action="store_true", help="keep the smallest of them in fuzz/grown/, from which every run goes on")
    given = parser.parse_args()
    if given.target is None:
        for name in NAMES:
            print(f"{name:18} {len([*(KEPT / name).glob('*')]):3} inputs that did harm, {len(grown(name)):3} grown")
        return 0
    if given.target not in (*NAMES, "all"):
        parser.error(f"there is no target {given.target}; there are {', '.join(NAMES)}, and all")
    harm = 0
    for name in NAMES if given.target == "all" else [given.target]:
        ran = run(name, given.seconds, given.grown, given.keep)
        print(f"{name:18} {ran.executions:>9,} executions  {ran.found or ('stopped' if ran.said else 'no harm')}", flush=True)
        if ran.said:
            harm = 1
            print("\n".join(ran.said.splitlines()[-40:]), flush=True)
    return harm


if __name__ == "__main__":
    sys.exit(main())
