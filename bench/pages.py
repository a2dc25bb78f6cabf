"""Printed pages back to running text: how much of it comes out as it was written.

    python -m bench.pages                              (every part)
    python -m bench.pages --part tune --show 3         (the three worst files, with what went wrong)
    python -m bench.pages --part held --stories 200

Stories of the shared data sets are typeset and damaged as text extracted from a newspaper is (`bench.typeset`), or set
in other styles, from the measuring fifth alone (`bench.typeset_held`; only numbers are shown), or left whole
(`bench.clean`: what comes out must be what went in).
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench import typeset
from bench.stories import SHARED, Gold, available, bare
from corpus import Document, read_bytes
from corpus.sentences import sentences

SEED = 7
STORIES = {"tune": 600, "held": 600, "clean": 600}
STRAY_KINDS = ("heading", "caption", "byline", "furniture")
BORDER = 12  # characters of a story's body that tell where it begins


@dataclass
class Overlap:
    """Two multisets compared: how many are in both, in the gold, in what was predicted."""

    both: int = 0
    gold: int = 0
    predicted: int = 0

    def add(self, gold: Counter[str], predicted: Counter[str]) -> None:
        self.both += (gold & predicted).total()
        self.gold += gold.total()
        self.predicted += predicted.total()

    @property
    def f1(self) -> float | None:
        return 2 * self.both / (self.gold + self.predicted) if self.gold + self.predicted else None


@dataclass
class Score:
    """The measures of one or more files."""

    files: int = 0
    sentences: Overlap = field(default_factory=Overlap)
    words: Overlap = field(default_factory=Overlap)
    paragraphs: Overlap = field(default_factory=Overlap)
    borders: Overlap = field(default_factory=Overlap)
    strays: Counter[str] = field(default_factory=Counter)
    strays_found: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Score") -> "Score":
        def joined(one: Overlap, two: Overlap) -> Overlap:
            return Overlap(one.both + two.both, one.gold + two.gold, one.predicted + two.predicted)

        pairs = ((getattr(self, each), getattr(other, each)) for each in ("sentences", "words", "paragraphs", "borders"))
        return Score(
            self.files + other.files,
            *(joined(*pair) for pair in pairs),
            self.strays + other.strays,
            self.strays_found + other.strays_found,
        )


@dataclass(frozen=True)
class Difference:
    """What one file got wrong, for `--show`."""

    missing: tuple[str, ...]
    false: tuple[str, ...]
    borders_missing: tuple[str, ...]
    borders_false: tuple[str, ...]
    strays_missing: tuple[str, ...]


def issues(part: str, count: int, seed: int = SEED) -> Iterator[tuple[str, Gold]]:
    """`count` files of a part, each as (text, gold)."""
    yield from {"tune": typeset.issues}[part](count, seed)


def measure(text: str, gold: Gold) -> tuple[Score, Difference]:
    """Read a damaged file and compare it with its gold."""
    document = read_bytes(text.encode("utf8"), "x.txt")
    score = Score(files=1)
    running = [paragraph for story in gold.stories for paragraph in story.paragraphs]
    bodies = [document.text[each.start : each.end] for each in document.blocks if each.kind == "paragraph"]
    gold_sentences, found = Counter(_sentences(running)), Counter(_sentences(bodies))
    score.sentences.add(_keyed(gold_sentences, bare), _keyed(found, bare))
    if gold.language == "en":
        score.words.add(_keyed(gold_sentences, _spaced), _keyed(found, _spaced))
    score.paragraphs.add(Counter(map(bare, running)), Counter(map(bare, bodies)))
    borders = Counter(bare(story.paragraphs[0])[:BORDER] for story in gold.stories[1:])
    found_borders = Counter(_borders(document))
    score.borders.add(borders, found_borders)
    missing = [each for each in gold.strays if not _is_found(document, each.kind, bare(each.text))]
    score.strays = Counter(each.kind for each in gold.strays)
    score.strays_found = score.strays - Counter(each.kind for each in missing)
    gold_bare, found_bare = _keyed(gold_sentences, bare), _keyed(found, bare)
    return score, Difference(
        tuple((gold_bare - found_bare).elements()),
        tuple((found_bare - gold_bare).elements()),
        tuple((borders - found_borders).elements()),
        tuple((found_borders - borders).elements()),
        tuple(f"{each.kind}: {each.text}" for each in missing),
    )


def _sentences(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (text[span.start : span.end] for span in sentences(text))


def _keyed(counted: Counter[str], key) -> Counter[str]:  # type: ignore[no-untyped-def]
    result: Counter[str] = Counter()
    for text, times in counted.items():
        result[key(text)] += times
    return result


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _borders(document: Document) -> Iterator[str]:
    """The first characters of each article's first paragraph, but of the first article's."""
    article = 0
    for block in document.blocks:
        if block.kind == "paragraph" and block.article != article:
            article = block.article
            yield bare(document.text[block.start : block.end])[:BORDER]


def _is_found(document: Document, kind: str, line: str) -> bool:
    """Whether a block of the kind holds just the line; headings in a row may be one block or several."""
    run = ""
    for block in document.blocks:
        text = bare(document.text[block.start : block.end])
        if block.kind == kind and text == line:
            return True
        run = run + text if block.kind == kind == "heading" else ""
        if line in run:
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["tune", "held", "clean", "all"], default="all")
    parser.add_argument("--stories", type=int, help="stop a part after so many stories")
    parser.add_argument("--show", type=int, default=0, help="print what went wrong in so many files (never of the held part)")
    options = parser.parse_args()
    if not available():
        print(f"nothing measured: {SHARED} is not there")
        return
    for part in ["tune"] if options.part == "all" else [options.part]:
        report(part, options.stories or STORIES[part], options.show)


def report(part: str, stories: int, show: int) -> None:
    began = time.monotonic()
    by_style: dict[str, Score] = {}
    worst = []
    total = 0
    for text, gold in issues(part, stories):
        score, difference = measure(text, gold)
        by_style[gold.style] = by_style.get(gold.style, Score()) + score
        worst.append((len(difference.missing) + len(difference.false), gold.style, difference))
        total += len(gold.stories)
        if total >= stories:
            break
    rows = [*sorted(by_style.items()), ("all", sum(by_style.values(), Score()))]
    print(f"\n{part}: {total} stories in {len(worst)} files, {time.monotonic() - began:.0f} s\n")
    names = ["files", "sentence F1", "n", "with spaces", "paragraph F1", "border F1", "n", *STRAY_KINDS]
    print(f"| style | {' | '.join(names)} |\n| --- |{' --- |' * len(names)}")
    for style, score in rows:
        kinds = [_share(score.strays_found[kind], score.strays[kind]) for kind in STRAY_KINDS]
        cells = [str(score.files), _number(score.sentences.f1), str(score.sentences.gold), _number(score.words.f1),
                 _number(score.paragraphs.f1), _number(score.borders.f1), str(score.borders.gold), *kinds]  # fmt: skip
        print(f"| {style} | {' | '.join(cells)} |")
    if part != "held":
        for errors, style, difference in sorted(worst, key=lambda each: -each[0])[:show]:
            print(f"\n{style}: {errors} errors")
            for name in ("missing", "false", "borders_missing", "borders_false", "strays_missing"):
                for line in getattr(difference, name)[:12]:
                    print(f"  {name}: {line[:160]}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(found: int, of: int) -> str:
    return f"{found / of:.2f} ({of})" if of else ""


if __name__ == "__main__":
    main()
