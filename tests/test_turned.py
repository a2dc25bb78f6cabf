"""Right-to-left lines of PDFs, and letters that are drawn out of order: read as they stand on the page."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from corpus import read_bytes
from corpus.readers.lines import Line
from corpus.readers.turned import from_the_right, rightly_bracketed

# `lines.html`, printed by LibreOffice 7.4 and by Chromium: Arabic, Persian, Hebrew with Latin, Urdu, and Vietnamese whose
# letters LibreOffice took from two fonts, one after the other.
PRINTED = Path(__file__).parent / "printed"
SIZE = 12.0


@pytest.mark.parametrize("program", ["libreoffice", "chromium"])
def test_what_programs_print_is_read_as_it_was_written(program: str) -> None:
    written = re.findall(r"<p [^>]*>(.*?)</p>", (PRINTED / "lines.html").read_text("utf8"))
    document = read_bytes((PRINTED / f"lines-{program}.pdf").read_bytes(), "a.pdf")
    assert len(written) == 5
    assert " ".join(document.text.split()) == " ".join(written)


@dataclass
class Glyph:
    text: str
    left: float
    right: float
    origin: float


WORDS = st.lists(st.sampled_from(["قال", "الأول", "لا", "مُحَمَّد", "2023", "1,250", "۱۳۱۳", "Balfour", "שלום", "וְאֵת", "إن", "ﷲ"]), min_size=1, max_size=8)


@given(WORDS, st.booleans(), st.booleans())
def test_words_are_read_from_the_right_however_the_blanks_between_them_are_placed(words: list[str], behind: bool, typed: bool) -> None:
    """`behind`: a blank has the place of the glyph after it, not of the one before; where none is typed, white space tells."""
    # Where a number is beside a Latin word, the page does not tell which of them comes first.
    words = ["قال", *(each for word in words for each in (["إن", word, "لا"] if word.isascii() and word.isalpha() else [word]))]
    glyphs: list[Glyph] = []
    blanks: list[float] = []
    edge = 500.0
    for word in words:
        placed = drawn(word, edge)
        if glyphs:
            # The glyph that stands nearest to the blank, on its left or its right.
            blanks.append(max(placed, key=lambda each: each.right).origin if behind else min(glyphs, key=lambda each: each.left).origin)
        glyphs += placed
        edge = min(each.left for each in placed) - 0.3 * SIZE
    ((found, left, right),) = from_the_right(glyphs, blanks if typed else [], SIZE)
    assert found.split() == words
    assert (left, right) == (min(each.left for each in glyphs), max(each.right for each in glyphs))


def drawn(word: str, edge: float) -> list[Glyph]:
    """The word's characters to the left of `edge`, as PDFium tells them: each of a glyph at its place, turned where it is right-to-left."""
    parts = re.findall(r"ل[اأإآ]|.[\u0591-\u05c7\u064b-\u0652]*", word)
    if from_left(word):
        parts.reverse()
    places = [edge - 6.0 * (at + 1) for at in range(len(parts))]
    turned = (part[::-1] if part[1:2] and part[1] in "اأإآ" else part for part in parts)
    return [Glyph(letter, left, left + 6, left) for part, left in zip(turned, places, strict=True) for letter in part]


@pytest.mark.parametrize(("seen", "read"), [
    # From the right, character by character.
    ("بلغ 05% اليوم", "بلغ 50% اليوم"), ("בשנת %05 מהם", "בשנת 50% מהם"), ("من 0991-5991 ثم", "من 1990-1995 ثم"), ("בשנים 5991-0991 גם", "בשנים 1990-1995 גם"),
    ("رقم 3202 052,1", "رقم 2023 1,250"), ("נכתב ב 11 swodniW כאן", "נכתב ב Windows 11 כאן"), ("مع kroY weN yaw ثم", "مع way New York ثم"),
])  # fmt: skip
def test_numbers_and_latin_words_are_read_from_the_left(seen: str, read: str) -> None:
    glyphs = [Glyph(letter, 500.0 - 6 * at, 506.0 - 6 * at, 500.0 - 6 * at) for at, letter in enumerate(seen) if letter != " "]
    ((found, _, _),) = from_the_right(glyphs, [], SIZE)
    assert found == read


def from_left(word: str) -> bool:
    return word[0].isdigit() or word[0].isascii()


@pytest.mark.parametrize("text", ["قال (انظر الجدول 4) ذلك", "قال )انظر الجدول 4( ذلك"])
def test_brackets_open_before_they_close_whatever_the_program_wrote(text: str) -> None:
    line, latin = Line(text, 0, 0, 100, 10, 10, 1), Line("a) first (or b", 0, 20, 100, 30, 10, 1)
    found, kept = rightly_bracketed([line, latin])
    assert found.text == "قال (انظر الجدول 4) ذلك" and kept == latin


def test_letters_that_are_drawn_later_stand_in_the_gaps_that_were_left_for_them() -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    words = "The new harbour opened in 1921 and has nine berths."
    later = {"h", "n", "9"}
    for wanted in (False, True):
        for at, letter in enumerate(words):
            if letter != " " and (letter in later) is wanted:
                canvas.drawString(72 + canvas.stringWidth(words[:at]), 700, letter)
    canvas.drawString(72, 680, "The old one was closed.")
    canvas.save()
    assert words in read_bytes(file.getvalue(), "a.pdf").text


def test_what_is_drawn_twice_is_not_woven_into_itself() -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    for shift in (0, 0.4):
        canvas.drawString(72 + shift, 700, "The harbour opened in 1921.")
    canvas.save()
    assert "The harbour opened in 1921." in read_bytes(file.getvalue(), "a.pdf").text
