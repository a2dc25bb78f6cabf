"""The user's newspaper, read by line number: every cut, stray line and article border that a person finds in it."""


import pytest

from corpus import Document, original_at, originals, read, split_passages, split_sentences
from tests.conftest import ROOT

SEED = ROOT.parent / "shared" / "seed" / "000_5e5cb1ed048f66ec.txt"
pytestmark = pytest.mark.skipif(not SEED.is_file(), reason="the user's newspaper (../shared/seed) is not here")

# Line numbers from 1. A cut: the paragraph of the first line goes on in the second.
CUTS = [(17, 19), (29, 31), (41, 43), (95, 99), (115, 117), (125, 127)]
# Ends without a stop where its rest was lost: it must go on in nothing.
BROKEN_OFF = [(119, 121), (119, 123)]
HEADLINES = [3, 63, 73, 97]
SUBHEADS = [9, 27, 39, 91, 103, 121]
KICKER, CAPTION = 87, 111
BYLINES = [5, 83, 133]
# The first line of each article's text: the second lost its headline, the fifth is a brief, and the sixth's
# headline stands at line 97, between the halves of a sentence.
ARTICLES = [(7, 51), (53, 61), (65, 71), (75, 79), (81, 83), (87, 133)]


@pytest.fixture(scope="module")
def text() -> str:
    return SEED.read_text("utf8")


@pytest.fixture(scope="module")
def document() -> Document:
    return read(SEED)


@pytest.fixture(scope="module")
def starts(text: str) -> list[int]:
    """Where each line starts, by its number."""
    found, position = [0], 0
    for line in text.split("\n"):
        found.append(position)
        position += len(line) + 1
    return found


def here(document: Document, original: int) -> int:
    """Where the character at a place of the file stands in the document's text."""
    run = next(each for each in document.runs if each.original <= original < each.original + each.length)
    return run.start + original - run.original


def block_of(document: Document, original: int) -> int:
    place = here(document, original)
    return next(number for number, each in enumerate(document.blocks) if each.start <= place < each.end)


def ends(text: str, start: int) -> int:
    return text.index("\n", start) - 1 if "\n" in text[start:] else len(text) - 1


def test_what_a_page_cut_in_two_is_one_again(text: str, document: Document, starts: list[int]) -> None:
    for first, second in CUTS:
        assert here(document, starts[second]) == here(document, ends(text, starts[first])) + 1, (first, second)
    for first, second in BROKEN_OFF:
        assert block_of(document, starts[first]) != block_of(document, starts[second]), (first, second)


def test_a_sentence_with_a_headline_between_its_halves_is_one_sentence(
    text: str, document: Document, starts: list[int]
) -> None:
    half, rest = here(document, ends(text, starts[95])), here(document, starts[99])
    holder = next(each for each in split_sentences(document) if each.start <= rest < each.end)
    assert holder.start < half < rest < holder.end
    first, second = originals(document, holder.start, holder.end)
    assert first[1] == ends(text, starts[95]) + 1 and second[0] == starts[99]
    assert text[starts[97] : ends(text, starts[97])] not in document.text[holder.start : holder.end]


def test_stray_lines_are_blocks_of_their_own_kind(text: str, document: Document, starts: list[int]) -> None:
    def block(line: int) -> tuple[str, int, str]:
        found = document.blocks[block_of(document, starts[line])]
        return found.kind, found.level, document.text[found.start : found.end]

    def printed(line: int) -> str:
        return text[starts[line] : ends(text, starts[line]) + 1]

    assert [block(each) for each in HEADLINES] == [("heading", 1, printed(each)) for each in HEADLINES]
    assert [block(each) for each in SUBHEADS] == [("heading", 2, printed(each)) for each in SUBHEADS]
    assert block(KICKER) == ("heading", 2, printed(KICKER))
    assert block(CAPTION) == ("caption", 0, printed(CAPTION))
    assert [block(each) for each in BYLINES] == [("byline", 0, printed(each)) for each in BYLINES]


def test_the_issue_falls_into_its_articles(text: str, document: Document, starts: list[int]) -> None:
    for number, (first, last) in enumerate(ARTICLES):
        inside = [line for line in range(first, last + 1) if text[starts[line] : ends(text, starts[line]) + 1].strip()]
        assert {document.blocks[block_of(document, starts[line])].article for line in inside} == {number}
    assert max(each.article for each in document.blocks) == len(ARTICLES) - 1


def test_no_passage_crosses_from_one_article_into_the_next(document: Document, starts: list[int]) -> None:
    for passage in split_passages(document, len, 400):
        inside = [each for each in document.blocks if each.start < passage.end and each.end > passage.start]
        assert len({each.article for each in inside}) == 1
        headline = next(
            (document.text[b.start : b.end] for b in document.blocks if b.article == inside[0].article and b.level == 1), None
        )
        assert headline is None or headline in passage.headings


def test_every_character_leads_back_to_where_it_stood(text: str, document: Document) -> None:
    assert document.source == text
    for run in document.runs:
        assert document.text[run.start : run.start + run.length] == text[run.original : run.original + run.length]
    for block in document.blocks:
        assert text[original_at(document, block.start)] == document.text[block.start]
    kept = "".join(document.text[each.start : each.start + each.length] for each in document.runs)
    assert sorted("".join(kept.split())) == sorted("".join(text.split()))
