"""The question sets that no one here wrote, and our own: asked, measured, and put into one table.

    python -m bench.sets [--limit N] [--only "NAME;NAME"]     (N questions a set, spread over it; all by default)
    python -m bench.sets --speed [N]     (N questions of CMRC one by one, then together)

All paragraphs of a set are its corpus; only questions of the measuring fifth are asked (a paragraph
whose SHA-1 is divisible by five), some of them in another language, as we translated them (bench/translated).
"half away": of the measuring fifth's paragraphs every second is not in the corpus, and its questions are not to
be answered. Our own sample set is asked whole. The runs, each with its report.html, stay in bench/runs; what they
measured, with 95% intervals, is written to bench/sets.md.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.news_asked import news_questions
from corpus import Library
from embeddings import Encoder, load_encoder
from eval import Question, QuestionSet, read_questions, run
from eval.report import figure, interval_of, summary
from rag import Assistant, index_documents, index_paths
from rag.reader.data import part_of
from ui.terminal import progress_bar

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "datasets"
SAMPLE = ROOT / "corpus" / "sample"
RUNS = ROOT / "bench" / "runs"
TABLE = ROOT / "bench" / "sets.md"
TRANSLATED = ROOT / "bench" / "translated"
ALL = 1_000_000
NEWS = tuple(f"news/news_{number}.txt" for number in (1, 2, 3))
OWN = {"Spanish": "es", "German": "de", "Russian": "ru", "Arabic": "ar"}
CMRC, DRCD, SQUAD = ("cmrc2018/cmrc2018_dev.json",), ("drcd/DRCD_dev.json",), ("squad2/squad2_part.json",)


@dataclass(frozen=True)
class Set:
    """A set of questions: its files, how many are asked at most, in which translation, and whether half of the
    paragraphs are taken away. Of news stories, the language in which ours about them are asked. `whole`: nothing
    was ever trained on it, so that not only its measuring fifth is asked."""

    name: str
    files: tuple[str, ...]
    most: int = ALL
    translated: str | None = None
    away: bool = False
    stories: str | None = None
    whole: bool = False

    @property
    def library(self) -> Path:
        return RUNS / f"{slug(Path(self.files[0]).stem)}{'-half' if self.away else ''}-library"


SETS = (
    Set("CMRC 2018 dev", CMRC),
    Set("DRCD dev", DRCD),
    Set("SQuAD 2.0 part", SQUAD),
    Set("JaQuAD", tuple(f"jaquad/jaquad_train_{number:04}.json" for number in range(5)), 1000),
    Set("English on CMRC", CMRC, translated="chinese_in_english.jsonl"),
    Set("English on DRCD", DRCD, translated="chinese_in_english.jsonl"),
    Set("Spanish on SQuAD", SQUAD, translated="english_in_spanish.jsonl"),
    Set("news of 2023", NEWS, stories="zh"),
    Set("English on news of 2023", NEWS, stories="en"),
    Set("CMRC, half away", CMRC, away=True),
    Set("SQuAD, half away", SQUAD, away=True),
    Set("English on CMRC, half away", CMRC, translated="chinese_in_english.jsonl", away=True),
    *(
        Set(f"ours in {language}{', half away' if away else ''}", (str(ROOT / "bench" / "own" / f"{code}.json"),), away=away, whole=True)
        for away in (False, True)
        for language, code in OWN.items()
    ),
)
SHOWN = ("retrieval.recall@1", "retrieval.recall@10", "retrieval.mrr@10", "quotes.hit@1", "quotes.hit@3", "quotes.exact@1",
         "quotes.f1@1", "abstention.auroc", "abstention.answered_when_answerable", "abstention.answered_when_not")  # fmt: skip
Metrics = Mapping[str, Any]


def main(arguments: Sequence[str]) -> None:
    RUNS.mkdir(exist_ok=True)
    encoder = load_encoder()
    if arguments[:1] == ["--speed"]:
        _speed(encoder, int(arguments[1]) if len(arguments) > 1 else 300)
        return
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    limit = int(given.get("--limit", ALL))
    chosen = given["--only"].split(";") if "--only" in given else [each.name for each in SETS]
    began, commit = datetime.now(UTC), _commit()
    print("| set | questions | " + " | ".join(each.split(".")[1] for each in SHOWN) + " |\n|" + " --- |" * (2 + len(SHOWN)))
    measured: dict[str, Metrics] = {}
    for name, asked, assistant in opened(encoder, limit, [each for each in SETS if each.name in chosen]):
        with progress_bar(name) as bar:
            metrics = run(asked, assistant, RUNS / slug(name), progress=bar, overwrite=True).metrics
        measured[name] = metrics
        print(f"| {name} | {metrics['questions']} | " + " | ".join(figure(metrics, each) for each in SHOWN) + " |", flush=True)
        TABLE.write_text(_table(measured, arguments, f"commit {commit}, {began:%Y-%m-%d}"), "utf8")


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    return subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _table(measured: Mapping[str, Metrics], arguments: Sequence[str], when: str) -> str:
    """Every figure of every set with its interval, and what made them."""
    names = list(dict.fromkeys(each for metrics in measured.values() for each, _, _ in summary(metrics)))
    settings = next(iter(measured.values()))["settings"]
    said = ", ".join(f"{key} {settings[key]}" for key in ("model", "reader", "passage_tokens", "read", "threshold"))
    lines = [
        "# Question sets, measured",
        "",
        f"`{' '.join(['python -m bench.sets', *arguments])}`, {when}; {said}. Questions of the "
        "measuring fifth only, every paragraph of a set in its corpus; our sample whole. In brackets: 95 % bootstrap "
        "intervals. Written by the command.",
        "",
        "| figure | " + " | ".join(measured) + " |",
        "|" + " --- |" * (1 + len(measured)),
        "| questions | " + " | ".join(f"{metrics['questions']:,}" for metrics in measured.values()) + " |",
    ]
    for name in names:
        cells = (" ".join([figure(metrics, name), *_brackets(interval_of(metrics, name))]) for metrics in measured.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _brackets(between: str) -> list[str]:
    return [f"({between.replace(' – ', '–')})"] if between else []


def opened(encoder: Encoder, limit: int, sets: Sequence[Set] = SETS) -> Iterator[tuple[str, QuestionSet, Assistant]]:
    """Each set that is there, with its corpus indexed, and at most `limit` of its questions; our sample last."""
    for each in sets:
        if not all((SHARED / file).is_file() for file in each.files):
            print(f"{each.name} is not measured: {SHARED / each.files[0]} is not there", file=sys.stderr)
            continue
        files = [SHARED / file for file in each.files]
        asked = news_questions(files, each.stories) if each.stories else read_questions(files[0]) if each.whole else fifth(files)
        if each.away:
            asked = half_away(asked)
        if each.translated:
            asked = translated(asked, TRANSLATED / each.translated)
        with Library.create(each.library, encoder.name, encoder.dimension) as library, progress_bar(f"Indexing {each.name}") as bar:
            index_documents(asked.corpus, library, encoder, bar)
        with Assistant.open(each.library, encoder) as assistant:
            yield each.name, replace(asked, questions=_spread(asked.questions, min(each.most, limit))), assistant
    folder = RUNS / "sample-library"
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        index_paths([SAMPLE], library, encoder)
    with Assistant.open(folder, encoder) as assistant:
        yield "our sample", read_questions(SAMPLE / "questions.jsonl"), assistant


def fifth(paths: Sequence[Path]) -> QuestionSet:
    """The sets as one, with the questions (not the paragraphs) of the measuring fifth."""
    articles = [each for path in paths for each in json.loads(path.read_text("utf8"))["data"]]
    for article in articles:
        for paragraph in article["paragraphs"]:
            if part_of(paragraph["context"]) != "measure":
                paragraph["qas"] = []
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / paths[0].name
        file.write_text(json.dumps({"data": articles}), "utf8")
        return read_questions(file)


def half_away(asked: QuestionSet) -> QuestionSet:
    """Without every second paragraph that is asked about; the questions that it answers are answered nowhere then."""
    wanted = sorted({name for each in asked.questions for name in each.documents})
    away = set(wanted[::2])
    questions = [each for each in asked.questions if each.answerable]
    return QuestionSet(
        tuple(Question(each.id, each.question, answerable=False) if away & set(each.documents) else each for each in questions),
        tuple(each for each in asked.corpus if each.name not in away),
    )


def translated(asked: QuestionSet, file: Path) -> QuestionSet:
    """Those of the questions that were translated, in their translation."""
    rows = {row["id"]: row for row in map(json.loads, file.read_text("utf8").splitlines())}
    chosen = [each for each in asked.questions if each.id in rows]
    return replace(asked, questions=tuple(replace(each, question=rows[each.id]["question"], lang=rows[each.id]["language"]) for each in chosen))


def _speed(encoder: Encoder, count: int) -> None:
    """The same questions one by one and together: the same answers, in how much time."""
    sets = opened(encoder, count)  # held, for its end closes the library
    name, asked, assistant = next(sets)
    questions = [each.question for each in asked.questions]
    assistant.ask_many(questions[:8], 50)
    began = time.perf_counter()
    single = [assistant.ask(each, 50) for each in questions]
    middle = time.perf_counter()
    together = [answer for at in range(0, len(questions), 64) for answer in assistant.ask_many(questions[at : at + 64], 50)]
    ended = time.perf_counter()
    same = sum(a.quotes[:1] == b.quotes[:1] or [q.text for q in a.quotes] == [q.text for q in b.quotes] for a, b in zip(single, together, strict=True))
    apart = max(abs(a.confidence - b.confidence) for a, b in zip(single, together, strict=True))
    one, many = (1000 * seconds / len(questions) for seconds in (middle - began, ended - middle))
    print(f"{name}, {len(questions)} questions: {one:.0f} ms one by one, {many:.0f} ms together, {one / many:.1f} times faster; "
          f"{same} with equal quotes, confidence at most {apart:.1e} apart")  # fmt: skip


def _spread(questions: Sequence[Question], limit: int) -> tuple[Question, ...]:
    """So many of them, at equal distances."""
    if len(questions) <= limit:
        return tuple(questions)
    return tuple(questions[len(questions) * at // limit] for at in range(limit))


def slug(name: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in name.lower())


if __name__ == "__main__":
    main(sys.argv[1:])
