"""The lines of a page as a reader tells them apart at a glance: page numbers, captions, bylines, headings, text."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.sentences import CLOSERS, OTHER_STOPS, WIDE_STOPS

# A sentence's end: a stop and what closes after it, or a colon. A closing mark alone ends no sentence.
CLOSED = re.compile(rf"[{WIDE_STOPS}{OTHER_STOPS}.!?…][{re.escape(CLOSERS)}]*$|[:：]$")
STOPS = re.compile(f"[{WIDE_STOPS}{OTHER_STOPS}；;]|[.!?](?=\\s)")
COMMAS = re.compile("[，、,،、]")
# A heading is one line, no longer than this many columns (a Chinese character takes two), that
# does not end as a sentence does.
HEADING_COLUMNS = 100

LIST_ITEM = re.compile(
    r"\s*(?:[-*•·●■◆▪‣○◎★▶►]\s?|\d{1,3}[.、)）](?!\d)|[（(]\d{1,3}[)）]|[（(][一二三四五六七八九十]{1,3}[)）]"
    r"|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百\d]+[章节條条]|[①-⑳])"
)
LOOSE = "·“”‘’…—"
INDENT = re.compile(r"[ \t]{2,}|\u3000")

NUMBER_MARK = r"[-—–·•|*~\s]"
FURNITURE = re.compile(
    rf"{NUMBER_MARK}*\d{{1,3}}{NUMBER_MARK}*$|{NUMBER_MARK}+\d{{4}}{NUMBER_MARK}+$"
    r"|[-—–·•\s]*(?:第\s*[\d一二三四五六七八九十百〇零]{1,5}\s*[版页頁面]|p(?:age|\.)?\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?"
    r"|seite\s*\d{1,4}|página\s*\d{1,4}|стр\.?\s*\d{1,4}|صفحة\s*\d{1,4}|[A-Z]\d{1,2}\s*版?|\d{1,2}\s*版|\d{1,4}\s*/\s*\d{1,4})[-—–·•\s]*$"
    r"|\d{1,2}\s?[\u4e00-\u9fff]{2,4}$|[A-Z]\d{1,2}\s?[\u4e00-\u9fff]{2,4}$",
    re.I,
)
# 重庆日报 2023年10月18日 星期三: a paper's name, a date, an issue, a page, and nothing else.
DATED = re.compile(
    r"(?:\d{4}\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}\s*日?|星期[一二三四五六日天]|周[一二三四五六日]|[月火水木金土日]曜日?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december)\s+\d{1,2},?\s+\d{4}|\d{1,2}\s+(?:january|february|march|april|may|june|july|august|september"
    r"|october|november|december)\s+\d{4}|农历[\u4e00-\u9fff]{2,8}|第?\s*\d+\s*[期号版頁页]|今日\d+版|vol\.?\s*\d+|no\.?\s*\d+)",
    re.I,
)
CAPTION_START = re.compile(
    r"\s*[▲△▼↑↓◀←→]?\s*(?:图为|圖為|图[①-⑳\d一二三四五六七八九十]{0,3}[：:]|圖[①-⑳\d]{0,3}[：:]|[上下左右]图[：:为]|资料图|資料圖|图片说明|圖片說明|照片[：:]|写真は|写真[：:＝=]"
    r"|(?:photo|picture|image|figure|foto|bild|фото)\b\s*\d*\s*[:：.])",
    re.I,
)
CAPTION_END = re.compile(
    r"(?:(?:摄|攝|摄影|攝影|摄影报道|供图|供圖)(?:\s*[/／]\s*\S{2,10})?|图/[^。]{1,12}|＝[^。]{1,20}(?:撮影|提供)|撮影"
    r"|\((?:photo|courtesy)[^)]{0,40}\)|\b(?:photo(?:graph)?|picture|foto)s?\s*(?:by|:|von|de|courtesy of)\s[^.]{1,40}"
    r"|[/／]\s*(?:staff|ap|afp|epa|efe|dpa|ansa|reuters|getty(?: images)?|xinhua|tass|bloomberg|pool|handout)(?: photo)?)[)）】]?$",
    re.I,
)
CAPTION_INSIDE = re.compile(
    r"[（(](?:[左右前后後中][一二三四五六七八九十\d]?|[左右]起[^）)]{0,4}|居中|从左至右|左から[^）)]{0,6}|[左右中]端?"
    r"|(?:far |second from |third from )?(?:left|right)|cent(?:er|re)|links|rechts|izquierda|derecha|(?:à )?gauche|(?:à )?droite|слева|справа)[）)]",
    re.I,
)
NAMES = r"[\u4e00-\u9fff·]{2,4}(?:[\s、　]+[\u4e00-\u9fff·]{2,4}){0,5}"
BYLINE = re.compile(
    rf"[（(【\[]?\s*(?:本[报報刊台网]|新华社|中新社)?\s*(?:全媒体|首席|见习|特约|实习|驻[\u4e00-\u9fff]{{2,4}}|通讯员|评论员|融媒体)*(?:记者|記者|通讯员|通訊員|评论员)\s*[:：/／]?\s*{NAMES}"
    rf"(?:\s+(?:首席|见习|特约|实习)?(?:通讯员|記者|记者|通訊員|文/图|文|图|摄影|报道|實習記者|实习生)?\s*{NAMES})*\s*(?:文/图|文/摄|报道|报导|整理|综合)?[）)】\]]?$"
    rf"|[□■◎●○]?\s*(?:文|作者|撰文|责任编辑|责编|编辑|編輯|来源|來源|供稿|校对|美编|翻译)\s*[:：/／|丨]\s*\S.{{0,30}}$"
    rf"|{NAMES}\s+(?:图片|照片|图)由.{{2,30}}提供$"
    r"|【?(?:記者|文)[・:：＝=]\s*[\u3040-\u30ff\u4e00-\u9fff]{2,8}】?$"
    r"|[（(]?[\u3040-\u30ff\u4e00-\u9fff]{1,8}[\s　・]*(?:記者|特派員|編集委員|論説委員)[）)]?$"
    r"|[（(](?:[\u3040-\u30ff\u4e00-\u9fff]{2,4}[\s　]?){1,3}[）)]$",
)
# By Jane Smith, Staff Writer: capitalised names after a word for "by", in any Latin or Cyrillic script.
NAME = r"(?:(?:[A-ZÀ-ÞА-Я][\w'’.-]*|d[aeiu]|del|van|von|der|de la|al|bin)\s*)"
LATIN_BYLINE = re.compile(
    rf"(?:[Bb][Yy]|[Vv]on|[Pp]or|[Pp]ar|[Dd]i|[Дд]ля|[Tt]ext:?|[Aa]utore?:?|[Сс]|[Аа]втор:?)\s+(?=[A-ZÀ-ÞА-Я]){NAME}{{2,5}}"
    rf"(?:(?:,|and|und|y|et|e|и)\s*{NAME}{{2,5}})*(?:[,|]\s*(?:[\w.-]+\s?){{1,5}})?$"
)
INSTITUTION = re.compile(r"[\u4e00-\u9fff]{2,12}(?:委员会|市委|省委|县委|区委|党委|党组|部|局|厅|院|会|办公室|研究室|课题组|编辑部|社)$")
AGENCIES = r"(?:新华社|新華社|中新社|中新网|人民网|央视网|光明网|央广网|国际在线|海外网|环球网|中国网|法新社|路透社|美联社|共同社|中央社|据[\u4e00-\u9fff]{2,8}(?:报道|消息))"
DATELINE = re.compile(
    r"\s*[【（(]?\s*(?:本[报報刊台网](?:讯|訊)|本[报報][\u4e00-\u9fff]{1,8}\d{1,2}月\d{1,2}日[电電讯訊]"
    rf"|{AGENCIES}[^，。；]{{0,24}}?(?:[电電讯訊]|消息|报道)"
    r"|(?:人民日报|经济日报|光明日报|科技日报)?[^，。；]{0,6}消息[（(：:]"
    r"|(?:[A-Z][A-Z.'’ -]{2,},?\s+)(?:[A-Z][\w.]*\s?){0,3}(?:\d{1,2}\s*)?(?:\([A-Z][\w ]+\)\s*)?[—–-]{1,2}\s"
    r"|【[^】]{1,12}[＝=][^】]{1,12}】|【[^】]{1,8}(?:共同|時事|聯合報)】)"
)
# What only the end of an article says.
ARTICLE_END = re.compile(r"(?:[（(](?:完|原载[^）)]{1,40}|原載[^）)]{1,40}|本报综合[^）)]{0,20}|据[^）)]{1,20})[）)]|(?:^|\s)(?:###|\* \* \*|■|□))\s*$")
NUMBERED = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}(?:\.\d{1,2})*[.、．\s]"
    r"|第[一二三四五六七八九十百\d]+[章节節條条]|(?:chapter|section|part|kapitel|capítulo|chapitre|глава)\s+[\dIVX]+|[IVX]{1,4}\.\s)",
    re.I,
)
# 高地③, （上）, 之二: one of a series.
SERIES = re.compile(r"(?:[①-⑳㈠-㈩]|[（(][上中下一二三四五六七八九十\d]{1,2}[）)]|之[一二三四五六七八九十]|系列[报報][道导導].{0,4})$|^【.{2,16}】$|^[■◆●]\S{2,16}$")

Kind = Literal["text", "furniture", "caption", "byline", "list"]


@dataclass(frozen=True)
class Line:
    """`text[start:end]` without white space around it; `width` in columns counts the indent as well.

    `loose` of the columns are of marks that some fonts set half as wide.
    """

    start: int
    end: int
    text: str
    width: int
    loose: int
    indented: bool
    after_blank: bool
    page: int
    kind: Kind

    @property
    def closed(self) -> bool:
        """Whether it ends as a sentence does."""
        return CLOSED.search(self.text[-12:]) is not None


def columns(text: str) -> int:
    """The width of a text in columns: two for East Asian wide characters."""
    if text.isascii():
        return len(text)
    widths = [unicodedata.east_asian_width(each) for each in text]
    # Quotation marks and dashes are as wide as the script they stand in.
    wide = "WFA" if "W" in widths else "WF"
    return sum(2 if each in wide else 1 for each in widths)


def is_narrow(text: str, width: int) -> bool:
    """Whether a line is in a script of narrow letters, whose words are parted by spaces."""
    return width < len(text) * 1.2


def lines(text: str, pages: Sequence[int] = ()) -> list[Line]:
    """The lines that are not blank, in order; `pages` are where further pages begin."""
    found: list[tuple[int, int, bool, bool, int]] = []
    position = 0
    blank = True
    page = 0
    for raw in text.split("\n"):
        while page < len(pages) and pages[page] <= position:
            page += 1
        stripped = raw.strip()
        if stripped:
            start = position + len(raw) - len(raw.lstrip())
            found.append((start, start + len(stripped), INDENT.match(raw) is not None, blank, page))
        blank = not stripped
        position += len(raw) + 1
    heads = _repeated([text[start:end] for start, end, *_ in found])
    return [
        _line(text, *each, heads) for each in found
    ]  # fmt: skip


def _line(text: str, start: int, end: int, indented: bool, after_blank: bool, page: int, heads: frozenset[str]) -> Line:
    content = text[start:end]
    width = columns(content[:400]) + (4 if indented else 0) + max(0, len(content) - 400)
    kind: Kind = "furniture" if content in heads else _kind(content, width)
    loose = sum(content.count(each) for each in LOOSE) if width <= 200 and not content.isascii() else 0
    return Line(start, end, content, width, loose, indented, after_blank, page, kind)


def _repeated(contents: list[str]) -> frozenset[str]:
    """Short lines that stand three times or more, digits aside, and look like a running head."""
    shapes = Counter(_shape(each) for each in contents if len(each) <= 60)
    return frozenset(
        each for each in contents
        if len(each) <= 60 and shapes[_shape(each)] >= 3 and not CLOSED.search(each) and DATED.search(each)
    )  # fmt: skip


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", text)


def _kind(content: str, width: int) -> Kind:
    if width <= 40 and FURNITURE.match(content):
        return "furniture"
    if width <= 80 and _is_running_head(content):
        return "furniture"
    if width <= 90 and (BYLINE.match(content) or LATIN_BYLINE.match(content)):
        return "byline"
    if width <= 240 and is_caption(content):
        return "caption"
    return "list" if LIST_ITEM.match(content) else "text"


def is_caption(content: str) -> bool:
    """Whether a line says that it belongs to a picture."""
    return bool(
        CAPTION_START.match(content)
        or CAPTION_END.search(content)
        or (CAPTION_INSIDE.search(content) and not content.endswith(("。", "，")) and len(content) <= 60)
    )


def _is_running_head(content: str) -> bool:
    """A date and little else: the paper's name, a page, a section, an editor."""
    if re.search("[，。；、“”]", content) or not DATED.search(content):
        return False
    rest = re.sub(r"[\s\d·|/—–\-.,:：()（）]+", "", DATED.sub("", content))
    return columns(rest) <= 20 and (len(DATED.findall(content)) > 1 or bool(re.match(r"^\S{0,12}?(?:报|報|新闻|新聞|日报|晚报|周刊|times|post|news|daily|herald|gazette)?$", rest, re.I)))


def is_heading(content: str) -> bool:
    """Whether a line could be a heading: short, and not ended as a sentence or a clause is."""
    return (
        columns(content) <= HEADING_COLUMNS
        and not CLOSED.search(content)
        and not content.endswith(("，", ",", "、", "；", ";"))
        and "\t" not in content
        and any(each.isalpha() for each in content)
    )
