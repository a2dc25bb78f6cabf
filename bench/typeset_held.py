"""The styles of part `held`. Whoever writes the repair does not look in here, nor at what it makes.

A file is set as a whole and paged: text runs on until the column or page is full and is cut where that falls, for
`columns` at a line's end, for `pages` (lines joined) at any character. Reports name the styles by letters only.
"""

import random
import re
from collections.abc import Iterator

from bench.lines_held import Sheet, byline, caption, person, subhead
from bench.stories import Gold, Language, Piece, Story, Stray, clauses, draw, has_dateline, headline

LETTERS: dict[str, tuple[str, Language, int]] = {
    "A": ("columns", "zh", 7), "B": ("pages", "zh", 8), "C": ("columns", "ja", 2), "D": ("pages", "ja", 2),
    "E": ("columns", "en", 3), "F": ("pages", "en", 2), "G": ("columns", "zh-Hant", 2), "H": ("pages", "zh-Hant", 1),
}  # fmt: skip
WIDTHS = [12, 13, 15, 17, 19, 21, 24]
STOPS, NEVER_FIRST, NEVER_LAST = '。！？!?.…”」』"', "，。、；：！？”’」』）》〉】％%,.;:!?)…—ー", "“‘「『（《〈【("


def issues(count: int, seed: int) -> Iterator[tuple[str, Gold]]:
    """`count` files of 2 to 6 stories, all of them of the measuring fifth."""
    chance = random.Random(f"held {seed}")
    for _ in range(count):
        letter = chance.choices(list(LETTERS), [weight for _, _, weight in LETTERS.values()])[0]
        layout, language, _ = LETTERS[letter]
        sheet = Sheet(language, chance)
        used: set[str] = set()
        printed = [set_story(language, chance, used) for _ in range(chance.randint(2, 6))]
        pieces = [piece for _, each in printed for piece in each]
        strays = [Stray(each.kind, each.text) for each in pieces if each.kind != "paragraph"]
        setter = in_columns if layout == "columns" else in_pages
        text, inserted = setter(pieces, sheet, chance)
        stories = tuple(story for story, _ in printed)
        yield text, Gold(f"held {letter}", language, stories, (*strays, *inserted))


def set_story(language: Language, chance: random.Random, used: set[str]) -> tuple[Story, list[Piece]]:
    """A story: lines over it, headline, byline, paragraphs with subheads; its headline is lost now and then."""
    title, paragraphs = draw(language, True, chance, used)
    kicker = chance.choice(["", "", "", "", "", "快评｜", "聚焦·", "关注｜"]) if language == "zh" else ""
    title = title or kicker + headline(paragraphs, chance, 9, 28)
    is_dated = has_dateline(paragraphs[0])
    is_lost = language in ("zh", "en") and chance.random() < (0.08 if is_dated or language == "en" else 0.04)
    if not is_dated and (is_lost or (language == "zh" and chance.random() < 0.25)):
        paragraphs[0] = dateline(language, chance) + paragraphs[0]
    over: list[Stray] = []
    if not is_lost:
        over.append(Stray("heading", title))
        if language == "zh" and chance.random() < 0.12:
            over.insert(0, Stray("heading", chance.choice(clauses(paragraphs[-1], 8, 20) or ["本报特别报道"])))
        if language == "zh" and chance.random() < 0.1:
            name = chance.choice(clauses(paragraphs[-1], 5, 12) or ["一线工作者"])
            over.append(
                Stray(
                    "heading", f"——{chance.choice(['记', '写在', '来自'])}{name}{chance.choice(['的报道', '之际', ''])}"
                )
            )
        if chance.random() < 0.25:
            over.append(byline(language, chance))
    pieces = [Piece(each.kind, each.text) for each in over]
    headed = chance.random() < 0.3
    for number, text in enumerate(paragraphs):
        if headed and number and chance.random() < 0.4 and (line := subhead(language, paragraphs, number, chance)):
            pieces.append(Piece(line.kind, line.text))
        pieces.append(Piece("paragraph", text))
        if chance.random() < 0.06:
            pieces.append(Piece("caption", caption(language, paragraphs, chance).text))
    if len(over) < 2 and chance.random() < 0.2:
        pieces.append(Piece("byline", byline(language, chance).text))
    return Story("" if is_lost else title, tuple(paragraphs)), pieces


def dateline(language: Language, chance: random.Random) -> str:
    one, day = person(language, chance), chance.randint(1, 28)
    if language == "en":
        city = chance.choice(["WARSAW", "NEW YORK", "LISBON", "OSLO"])
        return chance.choice([f"{city}, Oct. {day} — ", f"{city} (Agency) - ", f"{city} — "])
    forms = [
        f"【本报讯】（{one}）",
        f"新华社重庆10月{day}日电（记者{one}）",
        f"本报讯 （记者 {one}）",
        f"本报北京10月{day}日电 记者{one}报道：",
    ]
    return chance.choice(forms)


def breaks(sheet: Sheet, near: list[str], chance: random.Random, inside: bool) -> list[Stray]:
    """What stands at the end of a column or page: nothing, a picture's caption, or foot and head."""
    drawn = chance.random()
    if drawn < 0.35:
        return []
    if drawn < 0.55:
        return [caption(sheet.language, near, chance)]
    if drawn < 0.62 and inside and (line := subhead(sheet.language, near, 1, chance)):
        return [line]
    if drawn < 0.7 and inside:
        to, back = sheet.jumps()
        return [to, *sheet.turn(), back]
    lines = sheet.turn()
    return [caption(sheet.language, near, chance), *lines] if chance.random() < 0.2 else lines


def in_pages(pieces: list[Piece], sheet: Sheet, chance: random.Random) -> tuple[str, list[Stray]]:
    """Lines joined, pages not. Paragraphs stand apart by blank lines, or by their indent alone."""
    room_of_page = chance.randint(250, 900) * (3 if sheet.language == "en" else 1)
    set_pieces: list[Piece] = []
    inserted: list[Stray] = []
    room = chance.randint(room_of_page // 2, room_of_page)
    for piece in pieces:
        text, goes_on = piece.text, False
        while piece.kind == "paragraph" and len(text) > room:
            at = place_of_cut(text, room, sheet.language)
            if at is None:
                room = len(text)
                break
            set_pieces.append(Piece("paragraph", text[:at].rstrip(), goes_on))
            lines = breaks(sheet, [piece.text], chance, True)
            inserted += lines
            set_pieces += [Piece(each.kind, each.text) for each in lines]
            text, goes_on, room = text[at:].lstrip(), True, room_of_page
        set_pieces.append(Piece(piece.kind, text, goes_on))
        room = max(room - len(text), 40)
    wide_indent = sheet.language != "en" and chance.random() < 0.35
    indent = ("　" if sheet.language == "ja" else "　　") if wide_indent else ""
    gap = "\n" if wide_indent else chance.choice(["\n\n", "\n\n", "\n \n", "\r\n\r\n"])
    folds = chance.random() < 0.3
    parts = []
    for piece in set_pieces:
        line = indent + piece.text if piece.kind == "paragraph" and not piece.goes_on else piece.text
        if piece.kind == "heading" and folds and " " in piece.text:
            line = piece.text.replace(" ", "\n", 1)
        parts.append(("\n" if wide_indent and piece.kind == "heading" else "") + line)
    return gap.join(parts), inserted


def place_of_cut(text: str, room: int, language: Language) -> int | None:
    """Where to cut so that the first part fills the room: not at a sentence's end, nor beside marks that stick."""
    for at in range(min(room, len(text) - 6), 19, -1):
        if language == "en":
            if text[at] == " " and text[at - 1] not in STOPS:
                return at
        elif text[at - 1] not in STOPS + NEVER_LAST and text[at] not in NEVER_FIRST + " " and text[at - 1] != " ":
            return at
    return None


def in_columns(pieces: list[Piece], sheet: Sheet, chance: random.Random) -> tuple[str, list[Stray]]:
    """Hard-wrapped and cut at line ends; some with a left margin, double line spacing, justified or hyphenated."""
    latin = sheet.language == "en"
    width = chance.randint(28, 45) if latin else 2 * chance.choice(WIDTHS)
    indent = chance.choice(["   ", "     ", ""] if latin else ["　　", "    ", "　　", ""])
    if sheet.language == "ja":
        indent = "　"
    gap = "\n" if indent and chance.random() < 0.65 else "\n\n"
    margin = " " * chance.choice([0, 0, 0, 0, 4, 9])
    double = bool(indent) and gap == "\n" and chance.random() < 0.1
    justified, hyphen = chance.random() < 0.3, chance.choice(["-", "-", "-", "", "\u00ad", "‐"])
    strict, loose_strays, trails = chance.random() < 0.7, chance.random() < 0.6, chance.random() < 0.15
    end = ("  " if trails else "") + ("\n\n" if double else "\n")
    length, room = chance.randint(18, 60), chance.randint(6, 40)
    inserted: list[Stray] = []
    parts: list[str] = []

    def wrap(text: str, first: str) -> list[str]:
        return wrapped_words(text, width, first, hyphen, justified) if latin else wrapped(text, width, first, strict)

    def set_lines(lines: list[str], kind: str) -> str:
        return end.join(margin + line for line in lines)

    before = ""
    for piece in pieces:
        is_wide = columns(piece.text) > 1.6 * width and piece.kind in ("heading", "caption")
        lines = (
            wrap(piece.text, indent if piece.kind == "paragraph" else "")
            if is_wide or piece.kind == "paragraph"
            else [piece.text]
        )
        apart = gap == "\n\n" or "heading" in (piece.kind, before) or (piece.kind != before and loose_strays)
        separator = ("\n\n\n" if double else "\n\n") if apart else end
        block = ""
        while piece.kind == "paragraph" and len(lines) > room > 1:
            at = next(
                (
                    at
                    for at in (room, room - 1, room + 1)
                    if 1 < at < len(lines) and lines[at - 1].rstrip()[-1] not in STOPS
                ),
                None,
            )
            if at is None:
                break
            standing = breaks(sheet, [piece.text], chance, True)
            inserted += standing
            around = "\n\n" if loose_strays or not standing or double or gap == "\n\n" else "\n"
            block += set_lines(lines[:at], "paragraph") + around
            block += "".join(
                set_lines(wrap(each.text, "") if columns(each.text) > 2 * width else [each.text], each.kind) + around
                for each in standing
            )
            lines, room = lines[at:], length
        block += set_lines(lines, piece.kind)
        room = max(room - len(lines), 3)
        parts.append((separator if parts else "") + block)
        before = piece.kind
    return "".join(parts), inserted


def columns(text: str) -> int:
    return sum(2 if ord(each) >= 0x2E80 or each in "“”‘’—…·" else 1 for each in text)


def wrapped(text: str, width: int, indent: str, strict: bool) -> list[str]:
    """East Asian lines. `strict`: no mark that may not begin or end a line does; its neighbour moves along."""
    lines: list[str] = []
    rest = indent + text
    while columns(rest) > width:
        at = len(indent) + 1
        while columns(rest[: at + 1]) <= width:
            at += 1
        full = at
        if strict:
            while at > 4 and (
                rest[at] in NEVER_FIRST
                or rest[at - 1] in NEVER_LAST
                or re.match(r"[A-Za-z\d.]{2}", rest[at - 1 : at + 1])
            ):
                at -= 1
            at = full if at <= 4 else at
        lines.append(rest[:at].rstrip() if rest[:at].strip() else rest[:at])
        rest = rest[at:].lstrip(" ")
    return [*lines, rest] if rest else lines


def wrapped_words(text: str, width: int, indent: str, hyphen: str, justified: bool) -> list[str]:
    """Latin lines, words broken with `hyphen` (none where it is empty), spread to the full width where justified."""
    lines: list[str] = []
    line = indent
    for word in text.split():
        blank = " " if line.strip() else ""
        if line.strip() and len(line) + 1 + len(word) > width:
            room = width - len(line) - 2
            at = next(
                (
                    at
                    for at in range(min(room, len(word) - 3), 2, -1)
                    if re.match(r"[a-z]{2}[bcdfglmnprst][aeiou]", word[at - 2 : at + 2])
                ),
                0,
            )
            own = word.find("-", 1) + 1
            if hyphen and 2 < own <= room + 1 and word[own:].isalpha():
                lines.append(f"{line} {word[:own]}")
                line = word[own:]
            elif hyphen and at and word[at:].strip(',.;:)”"').isalpha() and word[:at].isalpha():
                lines.append(f"{line} {word[:at]}{hyphen}")
                line = word[at:]
            else:
                lines.append(spread(line, width) if justified else line)
                line = word
        else:
            line += blank + word
    return [*lines, line]


def spread(line: str, width: int) -> str:
    """Two spaces instead of one at as many places as fill the width."""
    lead = line[: len(line) - len(line.lstrip())]
    words = line.split()
    missing = min(width - len(line), len(words) - 1)
    return lead + "".join(word + ("  " if number < missing else " ") for number, word in enumerate(words)).rstrip()
