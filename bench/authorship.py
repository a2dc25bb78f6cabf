"""Who wrote a story, asked of printed pages with several stories each, of which some are signed.

    python -m bench.authorship [--files 60] [--alone] [--show 10]

Pages of part `held` (`bench.typeset_held`). A signed story is asked for by its headline: right is an answer whose first quote is its byline.
Headlines of stories that were printed nowhere are asked for as well: right is no answer. `--alone`: the reader without `rag.reader.authorship`.
"""

import argparse
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.lines_held import Sheet
from bench.stories import Language, available, has_dateline
from bench.typeset_held import LETTERS, in_columns, in_pages, set_story
from corpus import Library
from embeddings import load_encoder
from rag import Assistant, index_paths
from rag.reader import authorship

FORMS: dict[Language, tuple[str, ...]] = {
    "zh": ("《{}》这篇报道是谁写的？", "关于{}的新闻由哪位记者采写？", "{}一文的作者是谁"),
    "zh-Hant": ("「{}」這篇報導是誰寫的？", "{}這則新聞的記者是誰？"),
    "ja": ("「{}」の記事は誰が書きましたか？", "{}という記事の記者は誰ですか？"),
    "en": ("Who wrote the story “{}”?", "Which reporter wrote the article about {}?"),
}
REPORTER = re.compile("记者|記者|通讯员|(消息|电|讯)[：:]")


@dataclass(frozen=True)
class Asked:
    """A question, its language, and the byline that answers it; "" where none does."""

    question: str
    language: Language
    byline: str


def printed(folder: Path, files: int, chance: random.Random) -> Iterator[Asked]:
    """Pages written into the folder, and the questions about them; of every fifth page only the questions."""
    headlines: set[str] = set()
    for number in range(files):
        letter = chance.choices(list(LETTERS), [weight for _, _, weight in LETTERS.values()])[0]
        layout, language, _ = LETTERS[letter]
        sheet = Sheet(language, chance)
        drawn = [set_story(language, chance, set()) for _ in range(chance.randint(2, 6))]
        # A headline that stands over two stories asks for neither.
        stories = {story.headline: (story, pieces) for story, pieces in drawn if story.headline not in headlines}
        headlines.update(stories)
        text, _ = (in_columns if layout == "columns" else in_pages)([piece for _, each in stories.values() for piece in each], sheet, chance)
        kept = number % 5 > 0
        if kept and stories:
            (folder / f"{number:03}.txt").write_text(text, encoding="utf8")
        for headline, (story, pieces) in stories.items():
            bylines = [each.text for each in pieces if each.kind == "byline"]
            # Some stories name another reporter in their own words.
            if headline and len(bylines) == 1 and not has_dateline(story.paragraphs[0]) and not REPORTER.search("".join(story.paragraphs)):
                yield Asked(chance.choice(FORMS[language]).format(headline), language, bylines[0] if kept else "")


def measure(files: int, show: int) -> Counter[tuple[str, str]]:
    """Of each language, how many questions of each kind, and how many of them are answered right."""
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        pages = Path(scratch, "pages")
        pages.mkdir()
        asked = list(printed(pages, files, random.Random("authors")))
        encoder = load_encoder()
        with Library.create(Path(scratch, "library"), encoder.name, encoder.dimension) as library:
            index_paths([pages], library, encoder)
        with Assistant.open(Path(scratch, "library"), encoder) as assistant:
            for each, answer in zip(asked, assistant.ask_many([each.question for each in asked]), strict=True):
                first = _bare(answer.quotes[0].text) if answer.quotes else ""
                right = _bare(each.byline) in first if each.byline else not answer.answered
                kind = "signed" if each.byline else "absent"
                counts[each.language, kind] += 1
                counts[each.language, f"{kind} right"] += right
                counts[each.language, f"{kind} wrong words"] += bool(each.byline and answer.answered and not right)
                if not right and show:
                    show -= 1
                    print(f"{each.question}\n  {each.byline!r}: {answer.confidence:.2f} {first[:60]!r}")
    return counts


def _bare(text: str) -> str:
    return "".join(text.split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args()
    if not available():
        raise SystemExit("the stories of ../shared/datasets are not here; nothing can be measured")
    if given.alone:
        authorship.asks_who_wrote = lambda question: False
    counts = measure(given.files, given.show)
    for language in FORMS:
        signed, absent = counts[language, "signed"], counts[language, "absent"]
        print(
            f"{language}: of {signed} signed {counts[language, 'signed right']} by their byline, {counts[language, 'signed wrong words']} by other words; "
            f"of {absent} absent {counts[language, 'absent right']} unanswered"
        )


if __name__ == "__main__":
    main()
