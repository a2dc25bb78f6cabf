"""Damage as text extracted from printed pages has it: the styles of part `tune`.

Two families, each in several languages. `columns`: hard-wrapped, as copied from narrow newspaper columns. `pages`: each
paragraph one long line, as an extractor gives it that joins lines but not pages or columns. In both, a page or column
end cuts paragraphs in two, and what stood at the foot or the head of the page, or in a box, stands between the halves.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bench.stories import Gold, Kind, Language, Piece, Story, Stray, clauses, draw, has_dateline, headline

FAMILIES: dict[tuple[str, Language], int] = {
    ("columns", "zh"): 7, ("pages", "zh"): 8, ("columns", "zh-Hant"): 2, ("pages", "zh-Hant"): 1, ("columns", "ja"): 2,
    ("pages", "ja"): 2, ("columns", "en"): 3, ("pages", "en"): 2,
}  # fmt: skip

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙朱马胡郭林何", ["翔", "珊", "伟明", "静", "晓东", "佳怡", "国强", "毅", "子涵", "允", "雅楠", "春海", "志远"]
JAPANESE = ["山田太郎", "佐藤花子", "鈴木一郎", "高橋恵", "田中健", "伊藤真理"]
ENGLISH = ["Jane Smith", "Robert Miller", "Alice Brown", "Tom O'Neill", "Mary-Ann Lee", "David Cohen"]
PAPERS = {
    "zh": ["重庆日报", "江城晚报", "北方都市报", "滨海日报"], "zh-Hant": ["南島日報", "海港時報"], "ja": ["東都新聞", "北海日報"],
    "en": ["THE DAILY HERALD", "The Evening Star", "Valley Gazette"],
}  # fmt: skip
SECTIONS = {"zh": ["要闻", "综合", "区县", "经济"], "zh-Hant": ["要聞", "綜合"], "ja": ["社会", "総合"], "en": ["NEWS", "Local"]}
PLACES = ["市民在公园散步", "工作人员正在检修设备", "游客在景区观光", "农民在田间采摘蔬菜", "学生们在体验科技展品", "施工现场一片忙碌"]


@dataclass
class Paper:
    """The newspaper a file is made from: its name, date, and how it numbers its pages."""

    language: Language
    chance: random.Random
    page: int = 1

    def __post_init__(self) -> None:
        chance = self.chance
        self.name = chance.choice(PAPERS[self.language])
        self.section = chance.choice(SECTIONS[self.language])
        self.month, self.day = chance.randint(1, 12), chance.randint(1, 28)
        self.page = chance.randint(1, 12)
        self.numbering = chance.randrange(7)
        self.has_head = chance.random() < 0.5

    def number(self) -> str:
        page = self.page
        if self.language == "en":
            return [f"{page}", f"- {page} -", f"A{page}", f"Page {page}", f"{page} {self.section}", f"{page}", f"[{page}]"][self.numbering]
        sheet = "第{}面" if self.language == "ja" else "第{}版"
        return [f"{page}", f"- {page} -", sheet.format(page), f"A{page:02}", f"·{page}·", f"{page:02} {self.section}", f"{page}{self.section}"][self.numbering]

    def head(self) -> str:
        weekday = "一二三四五六日"[self.day % 7]
        if self.language == "en":
            day = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][self.day % 7]
            return f"{self.name} {day}, October {self.day}, 2023"
        if self.language == "ja":
            return f"{self.name} 2023年{self.month}月{self.day}日 {'月火水木金土日'[self.day % 7]}曜日"
        return f"{self.name} 2023年{self.month}月{self.day}日 星期{weekday}"

    def turn(self) -> list[Stray]:
        """The foot of this page and the head of the next."""
        lines = [self.number()] if self.chance.random() < 0.8 or not self.has_head else []
        self.page += 1
        if self.has_head:
            glued = str(self.page) if self.numbering == 0 and self.chance.random() < 0.15 else ""
            lines.append(glued + self.head())
        return [Stray("furniture", line) for line in lines]


def person(language: Language, chance: random.Random) -> str:
    if language == "en":
        return chance.choice(ENGLISH)
    return chance.choice(JAPANESE) if language == "ja" else chance.choice(SURNAMES) + chance.choice(GIVEN)


def byline(language: Language, chance: random.Random) -> Stray:
    one, other = person(language, chance), person(language, chance)
    if language == "en":
        text = chance.choice([f"By {one}", f"By {one} and {other}", f"BY {one.upper()}", f"By {one}, Staff Writer"])
    elif language == "ja":
        text = chance.choice([f"（{one}）", f"記者 {one}", f"【{one}】", f"{one}記者"])
    elif language == "zh-Hant":
        text = chance.choice([f"記者{one}／台北報導", f"（記者 {one}）", f"本報記者 {one}"])
    else:
        text = chance.choice([f"本报记者 {one}", f"（记者 {one}）", f"记者 {one} 通讯员 {other}", f"(记者 {one} 见习记者 {other})", f"本报记者 {one} {other} 文/图"])
    return Stray("byline", text)


def caption(language: Language, paragraphs: list[str], chance: random.Random) -> Stray:
    """A photo caption, told by 图为, a photographer or (右一), with or without a full stop."""
    one = person(language, chance)
    if language == "en":
        templates = [f"{one} (left) speaks to visitors at the opening", f"A view of the old harbor. Photo by {one}", f"Above: visitors at the museum on Sunday. (Photo: {one})"]
    elif language == "ja":
        templates = [f"会場を訪れた人たち＝{one}撮影", f"あいさつする{one}さん（右）", "写真は当時の様子を伝える模型"]
    elif language == "zh-Hant":
        templates = [f"圖為當地街景。記者{one}攝", f"{one}（左二）出席活動", f"圖為展覽現場。（{one}攝）"]
    else:
        place = chance.choice([PLACES, clauses(paragraphs[-1], 8, 18) or PLACES][chance.random() < 0.4])
        templates = [f"图为{place}。记者 {one} 摄", f"{one}(右一)正在现场进行技术指导", f"▲{place}。 {one} 摄", f"{place} 本报记者 {one} 摄/视觉重庆", f"图为{place}。（资料图片）"]
    return Stray("caption", chance.choice(templates))


def subhead(language: Language, paragraphs: list[str], number: int, chance: random.Random) -> Stray | None:
    if language != "zh":
        return None
    found = clauses(chance.choice(paragraphs), 6, 16)
    prefix = chance.choice(["", "", f"{'一二三四五六七八'[number]}、", "◆"])
    return Stray("heading", prefix + chance.choice(found)) if found else None


def cut(text: str, chance: random.Random) -> tuple[str, str] | None:
    """A paragraph as a page end cuts it: at any character of Chinese or Japanese, at a word or a hyphen of English."""
    if len(text) < 60:
        return None
    inside = [match.start() + 1 for match in re.finditer(r"\d(?=\d)|\d(?=[家个名万亿年月日%])", text[:-10]) if match.start() > 20]
    for _ in range(20):
        at = chance.choice(inside) if inside and chance.random() < 0.2 else chance.randint(20, len(text) - 8)
        if (text[at - 1 :: -1][:1] and text[at - 1] in "。！？”」…!?.\"") or text[at] in "。！？，、；：”」』）)》…!?.,;:'’" or text[at - 1] in "“「『（(《":
            continue
        if text.isascii() or re.search(r"[a-z]{3} [a-z]{2}", text):
            space = text.find(" ", at)
            if space < 0 or space > len(text) - 8 or text[space - 1] in ".!?\"”)":
                continue
            if chance.random() < 0.25 and (broken := hyphenated(text[text.rfind(" ", 0, space) + 1 : space], 99)):
                middle = space - len(broken[1])
                return text[:middle] + "-", text[middle:]
            return text[:space], text[space + 1 :]
        return text[:at].rstrip(), text[at:].lstrip()
    return None


def between(paper: Paper, story: list[str], chance: random.Random, is_cut: bool) -> list[Stray]:
    """What stands where a page or column ends: often nothing, or furniture, a caption, now and then more."""
    drawn = chance.random()
    if drawn < (0.4 if is_cut else 0.8):
        return []
    if drawn < 0.62 or not is_cut:
        lines = paper.turn() if chance.random() < 0.65 else [caption(paper.language, story, chance)]
        if is_cut and paper.language == "zh" and lines[0].kind == "furniture" and chance.random() < 0.2:
            lines = [Stray("furniture", f"（下转第{paper.page}版）"), *lines, Stray("furniture", f"（上接第{paper.page - 1}版）")]
        return lines
    if drawn < 0.84:
        return [caption(paper.language, story, chance)]
    if drawn < 0.92:
        return [caption(paper.language, story, chance), *paper.turn()]
    other = byline(paper.language, chance) if chance.random() < 0.3 else subhead(paper.language, story, 0, chance)
    return [other] if other else paper.turn()


def set_story(paper: Paper, chance: random.Random) -> tuple[Story, list[Piece]]:
    """One story and its pieces in page order. A headline may be lost, or have slipped between two halves."""
    language = paper.language
    title, paragraphs = draw(language, False, chance)
    if language == "zh" and not has_dateline(paragraphs[0]) and chance.random() < 0.35:
        paragraphs[0] = f"本报讯（{chance.choice(['', '首席'])}记者 {person(language, chance)}）" + paragraphs[0]
    title = title or headline(paragraphs, chance)
    fate = chance.random()
    dated = language == "zh" and has_dateline(paragraphs[0])
    is_lost, has_slipped = dated and fate < 0.12, dated and 0.12 <= fate < 0.24
    pieces: list[Piece] = []
    if not is_lost and not has_slipped:
        shoulder = clauses(paragraphs[-1], 8, 16) if language == "zh" and chance.random() < 0.15 else []
        pieces += [Piece("heading", each + chance.choice(["", "①"])) for each in shoulder[:1]]
        pieces.append(Piece("heading", title))
        if language == "zh" and chance.random() < 0.08:
            pieces.append(Piece("heading", f"——{title[:6]}见闻"))
    has_byline = chance.random()
    if has_byline < 0.25 and not is_lost and not has_slipped:
        line = byline(language, chance)
        pieces.append(Piece(line.kind, line.text))
    subheads = chance.random() < 0.25
    for number, text in enumerate(paragraphs):
        if subheads and number and chance.random() < 0.5 and (head := subhead(language, paragraphs, number, chance)):
            pieces.append(Piece(head.kind, head.text))
        halves = cut(text, chance) if has_slipped or chance.random() < 0.3 else None
        if halves:
            lines = [Stray("heading", title)] if has_slipped else between(paper, paragraphs, chance, True)
            has_slipped = False
            pieces += [Piece("paragraph", halves[0]), *(Piece(each.kind, each.text) for each in lines), Piece("paragraph", halves[1], True)]
        else:
            pieces.append(Piece("paragraph", text))
            pieces += [Piece(each.kind, each.text) for each in between(paper, paragraphs, chance, False)]
    if 0.25 <= has_byline < 0.4:
        line = byline(language, chance)
        pieces.append(Piece(line.kind, line.text))
    return Story("" if is_lost else title, tuple(paragraphs)), pieces


def issues(count: int, seed: int) -> Iterator[tuple[str, Gold]]:
    """`count` printed files, each with 2 to 6 stories."""
    chance = random.Random(seed)
    names = list(FAMILIES)
    for _ in range(count):
        layout, language = chance.choices(names, list(FAMILIES.values()))[0]
        paper = Paper(language, chance)
        printed = [set_story(paper, chance) for _ in range(chance.randint(2, 6))]
        pieces = [piece for _, each in printed for piece in each]
        text = LAYOUTS[layout](pieces, language, chance)
        strays = tuple(Stray(each.kind, each.text) for each in pieces if each.kind != "paragraph")
        yield text, Gold(f"{layout} {language}", language, tuple(story for story, _ in printed), strays)


def as_pages(pieces: list[Piece], language: Language, chance: random.Random) -> str:
    """Paragraphs as long lines with blank lines between: a PDF extractor that joins lines, or a newspaper's database."""
    gap = chance.choice(["\n\n", "\n\n", "\n\n", "\n\n\n"])
    parts: list[str] = []
    for piece in pieces:
        if parts:
            parts.append("\f" if piece.goes_on and chance.random() < 0.06 else gap if chance.random() < 0.9 else "\n\n\n\n")
        parts.append(piece.text)
    return chance.choice(["", "\n\n"]) + "".join(parts)


def as_columns(pieces: list[Piece], language: Language, chance: random.Random) -> str:
    """Hard-wrapped: newspaper columns with an indent, or a typescript with blank lines between paragraphs."""
    latin = language == "en"
    width = chance.choice(range(30, 61)) if latin else 2 * chance.choice([14, 16, 18, 20, 22])
    indent = chance.choice(["    ", "  ", ""] if latin else ["　　", "　　", ""])
    spaced = not indent or chance.random() < 0.3
    keeps_words, kinsoku = chance.random() < 0.7, chance.choice(["none", "push", "hang"])
    wrap = partial(wrap_latin, width=width, hyphens=chance.random() < 0.5) if latin else partial(
        wrap_wide, width=width, kinsoku=kinsoku, keeps_words=keeps_words
    )  # fmt: skip
    parts: list[str] = []
    before: Kind = "paragraph"
    for piece in pieces:
        if piece.kind == "paragraph":
            lines = wrap(piece.text, indent="" if piece.goes_on or not indent else indent)
        else:
            is_long = piece.kind == "caption" and columns(piece.text) > 2 * width
            lines = wrap(piece.text, indent="") if is_long else [piece.text]
        loose = spaced or "heading" in (piece.kind, before) or (piece.kind != before and chance.random() < 0.5)
        if parts:
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
        if line and columns("".join(line)) + columns(unit) > width:
            if kinsoku == "hang" and unit in "，。、；：”」）":
                line.append(unit)
                continue
            carried = [line.pop()] if kinsoku == "push" and unit in "，。、；：！？”」』）》" and len(line) > 2 else []
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
            broken = hyphenated(word, width - len(line) - 2) if hyphens else None
            if broken:
                lines.append(f"{line} {broken[0]}-")
                word = broken[1]
            else:
                lines.append(line)
            line = ""
        line = f"{line} {word}" if line.strip() else line + word
    return [*lines, line]


def hyphenated(word: str, room: int) -> tuple[str, str] | None:
    """A word broken between a vowel and a consonant, three letters from either end at least."""
    places = [match.start() + 1 for match in re.finditer(r"[aeiou](?=[bcdfghjklmnpqrstvwxz][aeiou])", word) if 2 <= match.start() <= len(word) - 4]
    fitting = [each for each in places if each <= room and word.strip(",.;:").isalpha()]
    return (word[: fitting[-1]], word[fitting[-1] :]) if fitting else None


LAYOUTS = {"columns": as_columns, "pages": as_pages}
