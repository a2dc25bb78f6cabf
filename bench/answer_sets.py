"""The sets that `bench.answers` asks: the shared ones, our articles, and their questions in other languages."""

from pathlib import Path
from random import Random

from bench.news_asked import ASKED
from bench.reader import SHARED
from rag.reader.data import (
    EXERCISES,
    Asked,
    Paragraph,
    Part,
    exercise_files,
    part_of,
    read_about,
    read_exercises,
    read_squad,
    read_stories,
    read_translated,
)
from rag.reader.train import SETS, STORIES

# Those for measuring and those kept aside, and others up to so many.
PARAGRAPHS = 350
PARTS: tuple[Part, ...] = ("measure", "aside", "train")
TRANSLATED = Path(__file__).with_name("translated")


def libraries(part: str, count: int, wanted: set[str]) -> dict[str, tuple[list[Paragraph], list[Asked]]]:
    """For each set its paragraphs and its answerable questions of the part."""
    found: dict[str, tuple[list[Paragraph], list[Asked]]] = {}
    whole: dict[str, tuple[list[Paragraph], list[Asked]]] = {}
    for name, (patterns, language, _) in SETS.items():
        files = sorted(file for pattern in patterns for file in SHARED.glob(pattern))
        files = files[:4] if name == "jaquad" else files
        if wanted and name not in wanted:
            continue
        every = [each for kind in PARTS for each in read_squad(files, language, kind)]
        paragraphs = list(dict.fromkeys(each.paragraph for each in every))[:PARAGRAPHS]
        whole[name] = paragraphs, [each for each in every if each.answers and each.paragraph in set(paragraphs)]
        asked = [each for each in every if each.answers and part_of(each.paragraph.text) == part and each.paragraph in set(paragraphs)]
        found[name] = paragraphs, Random(5).sample(asked, min(count, len(asked)))
    _add_news(found, part, count, wanted)
    _add_articles(found, part, count, wanted)
    # The sets' questions in other languages, asked of the same libraries.
    translated = sorted([*exercise_files().translated, *TRANSLATED.glob("*.jsonl")])
    for name in ("cmrc", "drcd", "squad"):
        paragraphs, asked = whole.get(name, ([], []))
        foreign = [each for each in read_translated(translated, asked) if part_of(each.paragraph.text) == part]
        if foreign:
            found[f"other→{name}"] = paragraphs, Random(5).sample(foreign, min(count, len(foreign)))
    return found


def _add_news(found: dict[str, tuple[list[Paragraph], list[Asked]]], part: str, count: int, wanted: set[str]) -> None:
    """Our questions about the shared news stories."""
    files = sorted(SHARED.glob(STORIES))
    if (wanted and "news" not in wanted) or not files:
        return
    every = [each for kind in PARTS for each in read_stories(files, kind)]
    of_part = [each for each in every if part_of(each.text) == part]
    paragraphs = (of_part + [each for each in every if part_of(each.text) != part])[: max(PARAGRAPHS, len(of_part))]
    asked = [each for each in read_about([*exercise_files().stories, ASKED], of_part) if each.answers]
    _add(found, "news", paragraphs, asked, count)


def _add_articles(found: dict[str, tuple[list[Paragraph], list[Asked]]], part: str, count: int, wanted: set[str]) -> None:
    """Our own articles, of several paragraphs each, and questions in other languages about them. Nothing is reported on
    them, so that the fifth that is for measuring elsewhere is kept aside here, too."""
    if wanted and "articles" not in wanted:
        return
    for file in sorted(EXERCISES.glob("*_articles.jsonl")):
        every = [each for kind in PARTS for each in read_exercises([file], kind)]
        paragraphs = list(dict.fromkeys(each.paragraph for each in every))
        chosen = {"aside", "measure"} if part == "aside" else {part} - {"measure"}
        asked = [each for each in every if each.answers and part_of(each.paragraph.text) in chosen]
        _add(found, file.stem, paragraphs, asked, count)


def _add(found: dict[str, tuple[list[Paragraph], list[Asked]]], name: str, paragraphs: list[Paragraph], asked: list[Asked], count: int) -> None:
    """The questions in the paragraphs' own language, and those in others apart."""
    own = [each for each in asked if each.language == each.paragraph.language]
    for label, some in ((name, own), (f"other→{name}", [each for each in asked if each.language != each.paragraph.language])):
        if some:
            found[label] = paragraphs, Random(5).sample(some, min(count, len(some)))
