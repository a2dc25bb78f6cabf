"""Damage as text extracted from printed pages has it: the styles of part `tune`.

Two families, each in several languages. `columns`: hard-wrapped, as copied from narrow newspaper columns. `pages`: each
paragraph one long line, as an extractor gives it that joins lines but not pages or columns. In both, a page or column
end cuts paragraphs in two, and what stood at the foot or the head of the page, or in a box, stands between the halves.
"""

import random
import re
from collections.abc import Iterator
from functools import partial

from bench.lines import Paper, byline, caption, person, subhead
from bench.stories import Gold, Kind, Language, Piece, Story, Stray, clauses, draw, has_dateline, headline

FAMILIES: dict[tuple[str, Language], int] = {
    ("columns", "zh"): 7, ("pages", "zh"): 8, ("columns", "zh-Hant"): 2, ("pages", "zh-Hant"): 1, ("columns", "ja"): 2,
    ("pages", "ja"): 2, ("columns", "en"): 3, ("pages", "en"): 2,
}  # fmt: skip
# No page is cut beside these: a cut there could not be told from a paragraph's end, or no typesetter makes it.
NOT_BEFORE_CUT, NOT_AFTER_CUT = '。！？”」…!?."“「『（(《', "。！？，、；：”」』）)》…!?.,;:'’"
CLOSING, OPENING = "，。、；：！？”」』）》)", "“「『（《("


def issues(count: int, seed: int) -> Iterator[tuple[str, Gold]]:
    """`count` printed files, each with 2 to 6 stories."""
    chance = random.Random(seed)
    for _ in range(count):
        layout, language = chance.choices(list(FAMILIES), list(FAMILIES.values()))[0]
        paper = Paper(language, chance)
        used: set[str] = set()
        printed = [set_story(paper, chance, used) for _ in range(chance.randint(2, 6))]
        pieces = [piece for _, each in printed for piece in each]
        text = (as_columns if layout == "columns" else as_pages)(pieces, language, chance)
        strays = tuple(Stray(each.kind, each.text) for each in pieces if each.kind != "paragraph")
        yield text, Gold(f"{layout} {language}", language, tuple(story for story, _ in printed), strays)


def set_story(paper: Paper, chance: random.Random, used: set[str]) -> tuple[Story, list[Piece]]:
    """One story and its pieces in page order.

    Its headline may be lost, or have slipped between two halves, where its dateline tells that it begins.
    """
    language = paper.language
    title, paragraphs = draw(language, False, chance, used)
    if language == "zh" and chance.random() < 0.03:
        return set_brief(paragraphs, chance)
    if language == "zh" and not has_dateline(paragraphs[0]) and chance.random() < 0.35:
        paragraphs[0] = f"本报讯（{chance.choice(['', '首席'])}记者 {person(language, chance)}）" + paragraphs[0]
    title = title or headline(paragraphs, chance)
    fate = chance.random() if language == "zh" and has_dateline(paragraphs[0]) else 1.0
    is_lost, has_slipped = fate < 0.12, 0.12 <= fate < 0.24
    strays: list[Stray] = []
    if not is_lost and not has_slipped:
        strays = [*shoulder(paragraphs, language, chance), Stray("heading", title)]
        if language == "zh" and chance.random() < 0.08:
            strays.append(Stray("heading", f"——{chance.choice(clauses(paragraphs[-1], 4, 10) or [title[:6]])}见闻"))
    place_of_byline = chance.random()
    if place_of_byline < 0.25 and not is_lost and not has_slipped:
        strays.append(byline(language, chance))
    pieces = [Piece(each.kind, each.text) for each in strays]
    has_subheads = chance.random() < 0.25
    for number, text in enumerate(paragraphs):
        if (
            has_subheads
            and number
            and chance.random() < 0.5
            and (head := subhead(language, paragraphs, number, chance))
        ):
            pieces.append(Piece(head.kind, head.text))
        halves = cut(text, chance) if has_slipped or chance.random() < 0.3 else None
        if halves:
            lines = [Stray("heading", title)] if has_slipped else between(paper, paragraphs, chance, True)
            has_slipped = False
            standing = [Piece(each.kind, each.text) for each in lines]
            pieces += [Piece("paragraph", halves[0]), *standing, Piece("paragraph", halves[1], True)]
        else:
            pieces.append(Piece("paragraph", text))
            pieces += [Piece(each.kind, each.text) for each in between(paper, paragraphs, chance, False)]
    if 0.25 <= place_of_byline < 0.4:
        line = byline(language, chance)
        pieces.append(Piece(line.kind, line.text))
    is_lost = not any(each.text == title for each in pieces)  # it did not slip where no paragraph could be cut
    return Story("" if is_lost else title, tuple(paragraphs)), pieces


def set_brief(paragraphs: list[str], chance: random.Random) -> tuple[Story, list[Piece]]:
    """News in brief: one paragraph behind ●, no headline, at times with its reporter below."""
    text = "●" + paragraphs[0]
    line = Piece("byline", f"(记者 {person('zh', chance)} 见习记者 {person('zh', chance)})")
    return Story("", (text,)), [Piece("paragraph", text), *([line] if chance.random() < 0.6 else [])]


def shoulder(paragraphs: list[str], language: Language, chance: random.Random) -> list[Stray]:
    """引题: a line over the headline, such as the name of a series with its number."""
    found = clauses(paragraphs[-1], 8, 16) if language == "zh" and chance.random() < 0.15 else []
    return [Stray("heading", each + chance.choice(["", "", "①", "③"])) for each in found[:1]]


def between(paper: Paper, story: list[str], chance: random.Random, is_cut: bool) -> list[Stray]:
    """What stands where a page or column ends: often nothing, or furniture, a caption, now and then more."""
    language, drawn = paper.language, chance.random()
    if drawn < (0.4 if is_cut else 0.8):
        return []
    if drawn < 0.62 or not is_cut:
        lines = paper.turn() if chance.random() < 0.65 else [caption(language, story, chance)]
        if is_cut and language == "zh" and lines[0].kind == "furniture" and chance.random() < 0.2:
            jump = f"（下转第{paper.page}版）", f"（上接第{paper.page - 1}版）"
            lines = [Stray("furniture", jump[0]), *lines, Stray("furniture", jump[1])]
        return lines
    if drawn < 0.84:
        return [caption(language, story, chance)]
    if drawn < 0.92:
        return [caption(language, story, chance), *paper.turn()]
    other = byline(language, chance) if chance.random() < 0.3 else subhead(language, story, 0, chance)
    return [other] if other else paper.turn()


def cut(text: str, chance: random.Random) -> tuple[str, str] | None:
    """A paragraph as a page end cuts it: Chinese and Japanese at any character, English at a word or with a hyphen."""
    if len(text) < 60:
        return None
    numbers = [each.end() - 1 for each in re.finditer(r"\d[\d家个名万亿年月日%]", text[:-10]) if each.start() > 20]
    for _ in range(20):
        at = chance.choice(numbers) if numbers and chance.random() < 0.2 else chance.randint(20, len(text) - 8)
        if re.search(r"[a-z]{3} [a-z]{2}", text):
            at = text.find(" ", at)
            if not 0 < at < len(text) - 8 or text[at - 1] in '.!?"”)':
                continue
            word = text[text.rfind(" ", 0, at) + 1 : at]
            broken = hyphenated(word, len(word)) if chance.random() < 0.25 else None
            if broken:
                return text[: at - len(broken[1])] + "-", text[at - len(broken[1]) :]
            return text[:at], text[at + 1 :]
        if text[at - 1] not in NOT_BEFORE_CUT and text[at] not in NOT_AFTER_CUT:
            return text[:at].rstrip(), text[at:].lstrip()
    return None


def as_pages(pieces: list[Piece], language: Language, chance: random.Random) -> str:
    """Paragraphs as long lines with blank lines between: an extractor that joins lines, or a newspaper's database."""
    gap = chance.choice(["\n\n", "\n\n", "\n\n", "\n\n\n"])
    parts: list[str] = []
    for piece in pieces:
        if parts:
            feed = piece.goes_on and chance.random() < 0.06
            parts.append("\f" if feed else gap if chance.random() < 0.9 else "\n\n\n\n")
        parts.append(piece.text)
    return chance.choice(["", "\n\n"]) + "".join(parts)


def as_columns(pieces: list[Piece], language: Language, chance: random.Random) -> str:
    """Hard-wrapped: newspaper columns with an indent, or a typescript with blank lines between paragraphs.

    A page ends at the end of a line or in the middle of one; then each half is wrapped on its own.
    """
    latin = language == "en"
    width = chance.choice(range(30, 61)) if latin else 2 * chance.choice([14, 16, 18, 20, 22])
    indent = chance.choice(["    ", "  ", ""] if latin else ["　　", "　　", ""])
    spaced = not indent or chance.random() < 0.3
    kinsoku, keeps_words, breaks_heads = (
        chance.choice(["none", "push", "hang"]),
        chance.random() < 0.7,
        chance.random() < 0.4,
    )
    wide = partial(wrap_wide, width=width, kinsoku=kinsoku, keeps_words=keeps_words)
    wrap = partial(wrap_latin, width=width, hyphens=chance.random() < 0.5) if latin else wide
    parts: list[str] = []
    before: Kind = "paragraph"
    for number, piece in enumerate(pieces):
        if piece.kind == "paragraph":
            lines = wrap(piece.text, indent="" if piece.goes_on else indent)
            rest = next((at for at in range(number + 1, len(pieces)) if pieces[at].kind == "paragraph"), 0)
            if rest and pieces[rest].goes_on and chance.random() < 0.5 and len(lines) > 2 and not latin:
                # The column ends at a line's end: what was left in the short last line goes to the other half.
                pieces[rest] = Piece("paragraph", lines.pop() + pieces[rest].text, True)
        elif piece.kind == "heading" and breaks_heads and " " in piece.text and not latin:
            lines = piece.text.split(" ")
        else:
            is_long = columns(piece.text) > (2 if piece.kind == "caption" else 1.2) * width
            lines = wrap(piece.text, indent="") if is_long and piece.kind in ("caption", "heading") else [piece.text]
        if parts:
            loose = spaced or "heading" in (piece.kind, before) or (piece.kind != before and chance.random() < 0.5)
            feed = piece.goes_on and chance.random() < 0.1
            parts.append("\f" if feed else "\n\n" if loose or (piece.goes_on and chance.random() < 0.5) else "\n")
        parts.append("\n".join(lines))
        before = piece.kind
    text = "".join(parts)
    return text.replace("\n", "\r\n") if chance.random() < 0.1 else text


def columns(text: str) -> int:
    return sum(1 if ord(each) < 0x2000 else 2 for each in text)


def wrap_wide(text: str, *, width: int, indent: str, kinsoku: str, keeps_words: bool) -> list[str]:
    """Chinese or Japanese in lines of `width` half-width columns.

    `kinsoku` keeps closing marks off a line's beginning: `push` takes a character along, `hang` lets the mark hang out.
    """
    units = re.findall(r"[A-Za-z0-9.%]+|.", text) if keeps_words else list(text)
    lines, line = [], [indent] if indent else []
    for unit in units:
        if len(line) > 2 and columns("".join(line)) + columns(unit) > width:
            if kinsoku == "hang" and unit in CLOSING:
                line.append(unit)
                continue
            closes = kinsoku == "push" and unit in CLOSING
            opens = kinsoku != "none" and line[-1] in OPENING
            carried = [line.pop()] if closes or opens else []
            lines.append("".join(line).rstrip())
            line = carried
        if line or unit != " ":
            line.append(unit)
    return [*lines, "".join(line)] if line else lines


def wrap_latin(text: str, *, width: int, indent: str, hyphens: bool) -> list[str]:
    """English in lines of `width` columns; with `hyphens` a word may be broken at the line's end."""
    lines, line = [], indent
    for word in text.split():
        while line.strip() and len(line) + len(word) + 1 > width:
            room = width - len(line) - 2
            own = word.rfind("-", 2, max(room + 1, 0)) + 1  # well-|known: the hyphen is the word's own
            if hyphens and own and word[own:]:
                lines.append(f"{line} {word[:own]}")
                word = word[own:]
            elif hyphens and (broken := hyphenated(word, room)):
                lines.append(f"{line} {broken[0]}-")
                word = broken[1]
            else:
                lines.append(line)
            line = ""
        line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line]


def hyphenated(word: str, room: int) -> tuple[str, str] | None:
    """A word broken between a vowel and a consonant, three letters from either end at least."""
    if not word.strip(",.;:").isalpha():
        return None
    places = [each.end() for each in re.finditer(r"[aeiou](?=[bcdfghjklmnpqrstvwxz][aeiou])", word)]
    fitting = [each for each in places if 3 <= each <= min(len(word) - 3, room)]
    return (word[: fitting[-1]], word[fitting[-1] :]) if fitting else None
