"""Indexing the news stories: speed, peak memory, and what an unchanged, a changed and a stopped run cost.

    python -m bench.news                 (all 5,788 stories)
    python -m bench.news --stories 400   (the first 400)
    python -m bench.news --convert DIR   (only write the stories as .jsonl files)

The stories stand one a line, a date before each. They are indexed as JSON Lines where a reader for
that is known, and as one text file each where it is not. `--tiny N` measures N files of one line.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEWS = ROOT.parent / "shared" / "datasets" / "news"
HEAD = re.compile(r"\s*\[?\s*((?:\d{4}-)?\d{2}-\d{2})(?:\s+\d{1,2}[:：]\d{2})?\s*\]?\s*，正文：")
MARK = "。！？!?"


def stories(file: Path) -> Iterator[dict[str, str]]:
    """Each line of a file: its date, its first sentence as the title, its text."""
    for line in file.read_text("utf8").splitlines():
        match = HEAD.match(line)
        text = line[match.end() :] if match else line
        if text.strip():
            title = re.split(f"[{MARK}]", text.strip(), maxsplit=1)[0][:60]
            yield {"title": title, "text": text, "date": match[1] if match else ""}


def convert(folder: Path, limit: int | None, separate: bool) -> int:
    """Write the stories below a folder; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for file in sorted(NEWS.glob("*.txt")):
        rows = []
        for row in stories(file):
            if limit is not None and count == limit:
                break
            count += 1
            if separate:
                (folder / f"{file.stem}-{count:05}.txt").write_text(row["text"], "utf8")
            rows.append(json.dumps(row, ensure_ascii=False))
        if rows and not separate:
            (folder / f"{file.stem}.jsonl").write_text("\n".join(rows) + "\n", "utf8")
    return count


def tiny(folder: Path, count: int) -> int:
    """Write so many files of one line, a thousand to a folder."""
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"{number:06}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"第{number}份文件说的是第{number}件事。", "utf8")
    return count


def index(folder: Path, library: Path) -> tuple[dict[str, object], float, float]:
    """The report of one run of the command line, its wall seconds and the peak memory so far in MB."""
    command = [sys.executable, "-m", "ui", "index", str(folder), "--library", str(library), "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return json.loads(done.stdout), time.perf_counter() - began, peak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stories", type=int)
    parser.add_argument("--tiny", type=int)
    parser.add_argument("--convert", type=Path)
    options = parser.parse_args()
    if options.tiny is None and not NEWS.is_dir():
        print(f"nothing measured: {NEWS} is not there")
        return
    if options.convert is not None:
        print(f"{convert(options.convert, options.stories, separate=False)} stories in {options.convert}")
        return
    sys.path.insert(0, str(ROOT))
    from corpus import COLLECTIONS

    with tempfile.TemporaryDirectory(prefix="yinju-news-") as scratch:
        folder, library = Path(scratch) / "in", Path(scratch) / "library"
        separate = ".jsonl" not in COLLECTIONS
        count = tiny(folder, options.tiny) if options.tiny else convert(folder, options.stories, separate)
        print(f"| {count} {'files' if options.tiny or separate else 'stories'} | seconds | embedded | passages | passages/s | peak MB |")
        print("| --- | --- | --- | --- | --- | --- |")
        time.sleep(2.5)  # a file written within two seconds of being read is read again
        _row("first", folder, library)
        _row("unchanged", folder, library)
        changed = sorted(each for each in folder.rglob("*") if each.is_file())[0]
        changed.write_text(changed.read_text("utf8").replace("。", "，而且是这样。", 1), "utf8")
        _row("one sentence changed", folder, library)
        os.rename(changed, changed.with_name("renamed" + changed.suffix))
        _row("that file renamed", folder, library)


def _row(what: str, folder: Path, library: Path) -> None:
    report, seconds, peak = index(folder, library)
    own = float(str(report["seconds"]))
    embedded = int(str(report["embedded"]))
    print(f"| {what} | {seconds:.1f} | {embedded} | {report['passages']} | {embedded / own:.1f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
