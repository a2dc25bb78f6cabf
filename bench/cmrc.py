"""The baseline on CMRC 2018 dev: its paragraphs as the corpus, its questions asked by `yinju eval`.

    python -m bench.cmrc           (all 3,219 questions)
    python -m bench.cmrc --fifth   (the questions of the measuring fifth, over all paragraphs)
"""

import json
import subprocess
import sys
from pathlib import Path

from rag.reader.data import part_of

ROOT = Path(__file__).parents[1]
DEV = ROOT.parent / "shared" / "datasets" / "cmrc2018" / "cmrc2018_dev.json"
RUNS = ROOT / "bench" / "runs"
SHOWN = [("retrieval", "recall@1"), ("retrieval", "recall@5"), ("retrieval", "mrr@10"), ("quotes", "hit@1"),
         ("quotes", "hit@3"), ("quotes", "exact@1"), ("quotes", "f1@1"), ("latency_ms", "p50")]  # fmt: skip


def fifth(content: dict[str, list[dict[str, list[dict[str, object]]]]]) -> None:
    """Take away the questions (not the paragraphs) that are not of the measuring fifth."""
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            if part_of(str(paragraph["context"])) != "measure":
                paragraph["qas"] = []


def main() -> None:
    if not DEV.is_file():
        print(f"nothing measured: {DEV} is not there")
        return
    RUNS.mkdir(exist_ok=True)
    questions = DEV
    if "--fifth" in sys.argv:
        content = json.loads(DEV.read_text("utf8"))
        fifth(content)
        questions = RUNS / "cmrc2018_fifth.json"
        questions.write_text(json.dumps(content, ensure_ascii=False), "utf8")
    output = RUNS / questions.stem
    command = [sys.executable, "-m", "ui", "eval", str(questions), "--output", str(output), "--json"]
    metrics = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    print(f"| {questions.stem}, {metrics['questions']} questions | |\n| --- | --- |")
    for group, name in SHOWN:
        print(f"| {name} | {metrics[group][name]:.3f} |")


if __name__ == "__main__":
    main()
