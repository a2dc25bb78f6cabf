"""Printed pages back to running text: how much of it comes out as it was written.

    python -m bench.pages                              (every part)
    python -m bench.pages --part tune --show 3         (with what went wrong in the three worst files)
    python -m bench.pages --part held --stories 200

Stories of the shared data sets are typeset and damaged as text extracted from a newspaper is (`bench.typeset`), or set
in other styles, from the measuring fifth alone (`bench.typeset_held`; only numbers are shown), or left whole
(`bench.clean`: what comes out must be what went in).
"""

import argparse
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench import clean, typeset, typeset_held
from bench.stories import SHARED, Gold, Kind, available, bare
from corpus import Document, read_bytes
from corpus.sentences import sentences

SEED = 7
PARTS: dict[str, Callable[[int, int], Iterator[tuple[str, Gold]]]] = {
    "tune": typeset.issues,
    "held": typeset_held.issues,
    "clean": clean.issues,
}
STORIES = {"tune": 600, "held": 600, "clean": 300}
STRAY_KINDS: tuple[Kind, ...] = ("heading", "caption", "byline", "furniture")
BORDER = 12  # characters of a story's body that tell where it begins


@dataclass
class Share:
    """So many of so many."""

    good: int = 0
    of: int = 0

    def __str__(self) -> str:
        return f"{self.good / self.of:.3f} ({self.of})" if self.of else ""

    def add(self, good: int, of: int) -> None:
        self.good += good
        self.of += of


@dataclass
class Overlap:
    """Two multisets compared: how many are in both, in the gold, in what was predicted.

    F1 = 2 both / (gold + predicted).
    """

    both: int = 0
    gold: int = 0
    predicted: int = 0

    def __str__(self) -> str:
        return f"{2 * self.both / (self.gold + self.predicted):.3f} ({self.gold})" if self.gold else ""

    def add(self, gold: Counter[str], predicted: Counter[str]) -> None:
        self.both += (gold & predicted).total()
        self.gold += gold.total()
        self.predicted += predicted.total()


@dataclass
class Score:
    """The measures of a style; a file is added by `add_printed` or `add_clean`."""

    files: int = 0
    sentences: Overlap = field(default_factory=Overlap)
    spaced: Overlap = field(default_factory=Overlap)
    paragraphs: Overlap = field(default_factory=Overlap)
    borders: Overlap = field(default_factory=Overlap)
    strays: dict[Kind, Share] = field(default_factory=lambda: {kind: Share() for kind in STRAY_KINDS})
    unchanged: Share = field(default_factory=Share)
    whole: Share = field(default_factory=Share)
    searchable: Share = field(default_factory=Share)
    single: Share = field(default_factory=Share)


PRINTED = {"sentence F1": "sentences", "spaced F1": "spaced", "paragraph F1": "paragraphs", "border F1": "borders"}
CLEAN = {"text unchanged": "unchanged", "paragraphs one block": "whole", "characters in blocks": "searchable",
         "one article": "single"}  # fmt: skip


@dataclass(frozen=True)
class Errors:
    """What one file got wrong, under the name of what it is, for `--show`."""

    style: str
    lines: tuple[tuple[str, str], ...]


def issues(part: str, count: int, seed: int = SEED) -> Iterator[tuple[str, Gold]]:
    """`count` files of a part (`tune`, `held` or `clean`), each as (text, gold)."""
    return PARTS[part](count, seed)


def read(text: str) -> Document:
    return read_bytes(text.encode("utf8"), "x.txt")


def add_printed(score: Score, document: Document, gold: Gold) -> Errors:
    """Compare a document with the gold of the damaged file it was read from.

    Sentences are compared without white space; `spaced` compares those of Latin script with theirs.
    """
    running = [paragraph for story in gold.stories for paragraph in story.paragraphs]
    bodies = [_text(document, each.start, each.end) for each in document.blocks if each.kind == "paragraph"]
    wanted, found = Counter(map(bare, _sentences(running))), Counter(map(bare, _sentences(bodies)))
    borders = Counter(bare(story.paragraphs[0])[:BORDER] for story in gold.stories[1:])
    found_borders = Counter(_borders(document))
    lost = [each for each in gold.strays if not _is_found(document, each.kind, bare(each.text))]
    score.files += 1
    score.sentences.add(wanted, found)
    if gold.language == "en":
        score.spaced.add(Counter(map(_spaced, _sentences(running))), Counter(map(_spaced, _sentences(bodies))))
    score.paragraphs.add(Counter(map(bare, running)), Counter(map(bare, bodies)))
    score.borders.add(borders, found_borders)
    for each in gold.strays:
        score.strays[each.kind].add(each not in lost, 1)
    lines = [("sentence missing", each) for each in (wanted - found).elements()]
    lines += [("sentence false", each) for each in (found - wanted).elements()]
    lines += [("border missing", each) for each in (borders - found_borders).elements()]
    lines += [("border false", each) for each in (found_borders - borders).elements()]
    lines += [(f"{each.kind} missing", each.text) for each in lost]
    return Errors(gold.style, tuple(lines))


def add_clean(score: Score, document: Document, text: str, gold: Gold) -> Errors:
    """Compare a document with the clean text it was read from.

    All of the text should be in blocks that are searched, and a story be one article of whole paragraphs.
    """
    wanted = unicodedata.normalize("NFC", text)
    blocks = Counter(_text(document, each.start, each.end).strip() for each in document.blocks)
    paragraphs = Counter(each.strip() for story in gold.stories for each in story.paragraphs)
    kept = sum(len(bare(_text(document, each.start, each.end))) for each in document.blocks if each.kind != "furniture")
    articles = len({each.article for each in document.blocks})
    score.files += 1
    score.unchanged.add(document.text == wanted, 1)
    score.whole.add((paragraphs & blocks).total(), paragraphs.total())
    score.searchable.add(min(kept, len(bare(wanted))), len(bare(wanted)))
    if gold.stories:
        score.single.add(articles == 1, 1)
    lines = [("paragraph not one block", each) for each in (paragraphs - blocks).elements()]
    if document.text != wanted:
        before, after = set(wanted.split("\n")), set(document.text.split("\n"))
        lines += [("line gone", each) for each in wanted.split("\n") if each not in after]
        lines += [("line new", each) for each in document.text.split("\n") if each not in before]
    if kept < len(bare(wanted)):
        lines += [("furniture", _text(document, e.start, e.end)) for e in document.blocks if e.kind == "furniture"]
    if gold.stories and articles > 1:
        lines.append(("articles", str(articles)))
    return Errors(gold.style, tuple(lines))


def _text(document: Document, start: int, end: int) -> str:
    return document.text[start:end]


def _sentences(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (text[span.start : span.end] for span in sentences(text))


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _borders(document: Document) -> Iterator[str]:
    """The first characters of each article's first paragraph, but of the first article's."""
    article = 0
    for block in document.blocks:
        if block.kind == "paragraph" and block.article != article:
            article = block.article
            yield bare(_text(document, block.start, block.end))[:BORDER]


def _is_found(document: Document, kind: Kind, line: str) -> bool:
    """Whether a block of the kind holds just the line; headings in a row may be one block or several."""
    run = ""
    for block in document.blocks:
        text = bare(_text(document, block.start, block.end))
        if block.kind == kind and text == line:
            return True
        run = run + text if block.kind == kind == "heading" else ""
        if line in run:
            return True
    return False


def measure(part: str, stories: int, seed: int = SEED) -> tuple[dict[str, Score], list[Errors]]:
    """Read the files of a part until they hold so many stories (a clean file counts as one); scores by style."""
    scores: dict[str, Score] = {}
    errors = []
    total = 0
    for text, gold in issues(part, stories, seed):
        document = read(text)
        for name in (gold.style, "all"):
            score = scores.setdefault(name, Score())
            found = add_clean(score, document, text, gold) if part == "clean" else add_printed(score, document, gold)
        errors.append(found)
        total += max(len(gold.stories), 1)
        if total >= stories:
            break
    return scores, errors


def report(part: str, stories: int, show: int) -> None:
    began = time.monotonic()
    scores, errors = measure(part, stories)
    overall = scores.pop("all")
    columns = CLEAN if part == "clean" else PRINTED
    kinds = () if part == "clean" else STRAY_KINDS
    print(f"\n{part}: {overall.files} files in {time.monotonic() - began:.0f} s; n in brackets\n")
    print(
        f"| style | files | {' | '.join([*columns, *kinds])} |\n| --- | --- |{' --- |' * (len(columns) + len(kinds))}"
    )
    for style, score in [*sorted(scores.items()), ("all", overall)]:
        cells = [str(getattr(score, name)) for name in columns.values()] + [str(score.strays[kind]) for kind in kinds]
        print(f"| {style} | {score.files} | {' | '.join(cells)} |")
    if part != "held":
        for each in sorted((each for each in errors if each.lines), key=lambda each: -len(each.lines))[:show]:
            print(f"\n{each.style}: {len(each.lines)} errors")
            for what, line in each.lines[:60]:
                print(f"  {what}: {line[:160]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=[*PARTS, "all"], default="all")
    parser.add_argument("--stories", type=int, help="how many stories a part has at least")
    parser.add_argument("--show", type=int, default=0, help="print what went wrong in so many files (not of part held)")
    options = parser.parse_args()
    if not available():
        print(f"nothing measured: {SHARED} is not there")
        return
    for part in PARTS if options.part == "all" else [options.part]:
        report(part, options.stories or STORIES[part], options.show)


if __name__ == "__main__":
    main()
