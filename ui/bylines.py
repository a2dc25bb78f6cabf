"""Who wrote it: the names in an article's byline, at the beginning of its text, or in what is said of the file.

A byline says more than names (本报记者 王翔 图/李明, By Jane Smith, Staff Writer): whose work is not the words,
the roles and the marks around the names are left out.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping

from corpus import Document
from corpus.dateline import DATELINE_CHARACTERS, dateline
from corpus.stray import SURNAMES

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
HAN = "\u3400-\u9fff々"
EASTERN = re.compile(rf"[{HAN}\u3040-\u30ff\uac00-\ud7af]")
ADDRESS = re.compile(r"<[^<>]*@[^<>]*>|https?://\S+")
# Chinese names of persons, and of bodies: neither has white space inside where several follow one another.
PERSON, BODY = rf"[{HAN}·]{{2,4}}", rf"[{HAN}]{{5,}}"
# Whatever is longer, or has a number in it, names no one.
LONGEST_BYLINE = 80

# Bounded repeats only, here and below: a byline may be any line of a file.
# （首席记者 周允）, 新城时报见习记者 王翔, 通讯员李明: all but the names.
ROLE = re.compile(
    rf"(?:本[报報刊台网社]|[{HAN}]{{2,6}}?[报報社台网站部])?"
    rf"(?:首席|见习|見習|特约|特約|实习|實習|资深|高级|全媒体|融媒体|驻[{HAN}]{{1,4}}?|文字|摄影){{0,3}}"
    rf"(?:记者|記者|通讯员|通訊員|特派员|特派員|撰稿人|实习生|實習生|主笔|編集委員|論説委員|评论员(?=\s*[{HAN}]{{2,4}})|기자)\s*[:：]?"
)
LABEL = re.compile(
    r"(?:文[/／][图摄]|图[/／]文|图文)\s*[:：/／|丨]?|(?:撰文|采写|採訪|执笔|執筆|作者|撰稿|文)\s*[:：/／|丨・]|[/／]\s*文图?(?!\w)"
)
# 图/李明, 李明/摄, 图片由主办方提供, ／台北報導: who took the picture, and where the writer was.
BESIDE = re.compile(
    rf"(?:图片|照片|图)由.{{0,40}}?提供|(?:摄影|图片|制图|漫画|图|摄)\s*[:：/／|丨]\s*[{HAN}·]+(?:[\s、]+[{HAN}·]{{2,4}})*"
    r"|(?:责任编辑|责编|编辑)\s*[:：].{0,40}"
    rf"|[{HAN}·]{{2,4}}\s*[/／]\s*(?:摄影?|图)(?![\w])|[/／]\s*[{HAN}]{{2,6}}(?:報導|报道|报导)|[{HAN}]{{2,4}}部・"
)
DONE = re.compile(r"(?:摄影|综合)?(?:报道|報道|報導|报导|整理|编译|执笔)$")
NOT_WRITTEN = re.compile(r"\W*(?:摘自|原载|原載|选自|转自|来源|來源|翻译|策划|统筹|作者[系为是])")
AGENCY = re.compile(r"\W*据?\s*((?:新华|新華|中新|中央通訊|共同)社)[^，。]{0,14}?(?:[电電讯訊]|消息)\W*$")
# 本报讯(首席记者 周允)10月17日，…
OPENING = re.compile(r"[^。！？]{0,40}?[（(【〔]([^（()）【】〔〕]*(?:记者|記者|通讯员|通訊員|特派员)[^（()）【】〔〕]*)[）)】〕]")

# Von Anna Müller is a byline; Di Fox, and Von Trapp, Georg, are names.
BY = re.compile(
    r"\A\W*(?:(?:(?:story|text|words|written|report(?:ing|ed)) )?by|(?:von|por|par|di)(?=\s+[^\s,]+\s+\S)|texto?:|автор:?|بقلم:?)\s*:?\s+", re.I
)
AND = re.compile(r"\s+(?:and|und|и)\s+|\s*&\s*", re.I)
# A surname may hold these: they part names only where each side is a whole one (Ortega y Gasset).
AND_OR_NAME = re.compile(r"\s+(?:y|et|e)\s+")
DESK = re.compile(
    r"\b(?:staff|writers?|reporters?|correspondents?|bureau|desk|editors?|columnists?|special to|redakt\w*|redactora?|corresponsal|"
    r"ph\.?d|m\.?d|jr|sr)\b",
    re.I,
)
INITIALS = re.compile(r"(?:[^\W\d_]\.[\s-]?)+")
ORGANISATION = re.compile(
    r"\b(?:of|for|für|the|press|agency|agence|agentur|reuters|xinhua|news|times|post|universit\w+|ministry|ministerio|ministère|council|"
    r"committee|commission|institut\w*|association|organi[sz]ation|department|office|bureau|group|company|corporation|foundation|bank|"
    r"cent(?:er|re)|union|society|government|ltd|inc|corp|gmbh|ag|llc)\b|[\d@]",
    re.I,
)
PARTICLES = frozenset(
    ["van", "von", "der", "den", "de", "del", "la", "le", "da", "do", "dos", "das", "du", "di", "al", "el", "bin", "ter", "zu", "y"]
)


def authors(document: Document, start: int, fields: Mapping[str, str], said: str, spoken: str) -> tuple[str, ...]:
    """The names of who wrote what stands at `start`, as they are printed; () where no one is named.

    `said` is what the metadata's `fields` say of an author, and `spoken` the language there, in BCP 47.

    In a file of several articles what is said of the file gives way to the article's own byline.
    So does an author that the reader took from the text: 记者昨日获悉 has a word for a reporter and names none.
    """
    named, signed = _names(said, spoken), _signed(document, start, spoken)
    if document.blocks and document.blocks[0].article != document.blocks[-1].article:
        return signed or named
    if fields.get("author") and dateline(document.text, document.blocks).get("author") == fields["author"]:
        return signed or tuple(filter(_looks_like_a_name, named))
    return named or signed


def _signed(document: Document, start: int, spoken: str) -> tuple[str, ...]:
    """The names in the byline of the article that holds `start`, or at the beginning of its text."""
    if not document.blocks:
        return ()
    number = max(bisect_right(document.blocks, start, key=lambda each: each.start) - 1, 0)
    blocks = [each for each in document.blocks if each.article == document.blocks[number].article]
    found: tuple[str, ...] = ()
    for block in blocks:
        text = document.text[block.start : block.end].strip()
        # A letter's head and an address are kept as bylines too: they have several lines, or numbers.
        signs = block.kind == "byline" and len(text) <= LONGEST_BYLINE and not re.search(r"[\n\d]", text)
        if found and not signs:
            break
        if signs:
            found = tuple(dict.fromkeys((*found, *_names(text, spoken))))
    opening = next((document.text[each.start : each.start + DATELINE_CHARACTERS] for each in blocks if each.kind == "paragraph"), "")
    if not found and (match := OPENING.match(opening)):
        found = tuple(filter(_looks_like_a_name, _names(match[1], spoken)))
    return found


def _looks_like_a_name(text: str) -> bool:
    if EASTERN.search(text):
        return text[0] in SURNAMES and len(text) <= 3
    return all(each[0].isupper() or each in PARTICLES for each in text.split())


def _names(text: str, spoken: str) -> tuple[str, ...]:
    line = " ".join(filter(None, map(str.strip, CONTROLS.split(text))))
    text = ADDRESS.sub(" ", line).strip(" \"'")
    found = _eastern_names(text, spoken) if EASTERN.search(text) else _western_names(text)
    return tuple(dict.fromkeys(filter(None, found)))


def _eastern_names(text: str, spoken: str) -> list[str]:
    if NOT_WRITTEN.match(text):
        return []
    if agency := AGENCY.match(text):
        return [agency[1]]
    bare = re.sub(r"[（()）【】\[\]〔〕《》■□◆◎●○▲]", " ", text)
    bare = ROLE.sub(" 、", BESIDE.sub(" ", LABEL.sub(" ", bare)))
    found = []
    for piece in re.split(r"[、,，;；/／|丨]", bare):
        words = DONE.sub("", piece.strip()).split()
        # 王　翔 is one name; 李明 王芳 are two, but 山田 太郎 one.
        alone = len(words) == 2 and all(len(each) == 1 for each in words)
        several = not spoken.startswith("ja") and any(all(re.fullmatch(form, each) for each in words) for form in (PERSON, BODY))
        found += words if several else ["".join(words) if alone else " ".join(words)]
    return [each for each in found if len(each) > 1]


def _western_names(text: str) -> list[str]:
    text = re.split(r"\s*[|•]\s*|\s+[—–/-]\s+", BY.sub("", text, count=1))[0].strip(" ,")
    if ";" in text:
        return [name for each in text.split(";") for name in _western_names(each)]
    if ORGANISATION.search(AND.split(text)[0].split(",")[0]):
        # Ministry of Culture, Sports and Tourism
        return [text]
    groups = [part for each in AND.split(text) for part in _whole_names(each)]
    return [name for group in groups for name in _comma_names(group)]


def _whole_names(text: str) -> list[str]:
    parts = AND_OR_NAME.split(text)
    return parts if all(" " in each for each in parts) else [text]


def _comma_names(group: str) -> list[str]:
    """`John Smith, Jane Doe` are two names; `Smith, John` and `Smith, J.` are one."""
    pieces = [each for each in re.split(r"\s*,\s*", group.strip()) if each and not DESK.search(each)]
    found: list[str] = []
    for number, piece in enumerate(pieces):
        given = INITIALS.fullmatch(piece) is not None or (len(pieces) == 2 and _is_surname(pieces[0]))
        turned = given and number > 0 and "," not in found[-1]
        found[-1:] = [f"{found[-1]}, {piece}"] if turned else [*found[-1:], piece]
    # BY JOHN SMITH is how it is printed, not how he is called.
    return [each.title() if each.isupper() and " " in each and "," not in each else each for each in found]


def _is_surname(text: str) -> bool:
    *before, _ = text.split()
    return all(each.casefold() in PARTICLES for each in before)
