"""The names in a byline, and where they stand in it.

A byline says more than names (本报记者 王翔 图/李明, By Jane Smith, Staff Writer): whose work is not the words,
the roles and the marks around the names are left out.
"""

import re

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

# What parts a western name from what else the line says, and the names of an eastern one.
ASIDE = re.compile(r"\s*[|•]\s*|\s+[—–/-]\s+")
BRACKETS = re.compile(r"[（()）【】\[\]〔〕《》■□◆◎●○▲]")
PARTED = re.compile(r"[、,，;；/／|丨]")
EDGES = " \t\u3000、，,;；/／|丨:：。.\"'"


def signs(text: str) -> bool:
    """Whether a line that is set apart as a byline may name persons: a letter's head and an address are kept so too, and have several
    lines, or numbers."""
    return len(text) <= LONGEST_BYLINE and not re.search(r"[\n\d]", text)


def author_span(text: str) -> tuple[int, int] | None:
    """Where the names of a byline stand in it, from the first to the last, with what stands between; None where it names nobody."""
    blank = _eastern_blank(text) if EASTERN.search(text) else _western_blank(text)
    start, end = len(blank) - len(blank.lstrip(EDGES)), len(blank.rstrip(EDGES))
    return (start, end) if sum(map(str.isalpha, blank[start:end])) > 1 else None


def _eastern_blank(text: str) -> str:
    """The line with as many blanks in the place of all that is no name."""
    if NOT_WRITTEN.match(text):
        return ""
    if agency := AGENCY.match(text):
        return " " * agency.start(1) + agency[1]
    for each in (ADDRESS, BRACKETS, LABEL, BESIDE, ROLE):
        text = each.sub(lambda found: " " * len(found[0]), text)
    return DONE.sub("", text.rstrip(EDGES))


def _western_blank(text: str) -> str:
    before = BY.match(text)
    text = ADDRESS.sub(lambda found: " " * len(found[0]), text)
    if before:
        text = " " * before.end() + text[before.end() :]
    start = len(text) - len(text.lstrip())
    aside = ASIDE.search(text, start)
    text = text[: aside.start()] if aside else text
    if not ORGANISATION.search(text):
        while (comma := text.rfind(",")) > start and DESK.search(text, comma):
            text = text[:comma]
    return text


def author_names(text: str, spoken: str) -> tuple[str, ...]:
    """The names, as they are printed; `spoken` is the language, in BCP 47."""
    line = " ".join(filter(None, map(str.strip, CONTROLS.split(text))))
    text = ADDRESS.sub(" ", line).strip(" \"'")
    found = _eastern_names(text, spoken) if EASTERN.search(text) else _western_names(text)
    return tuple(dict.fromkeys(filter(None, found)))


def _eastern_names(text: str, spoken: str) -> list[str]:
    if NOT_WRITTEN.match(text):
        return []
    if agency := AGENCY.match(text):
        return [agency[1]]
    bare = BRACKETS.sub(" ", text)
    bare = ROLE.sub(" 、", BESIDE.sub(" ", LABEL.sub(" ", bare)))
    found = []
    for piece in PARTED.split(bare):
        words = DONE.sub("", piece.strip()).split()
        # 王　翔 is one name; 李明 王芳 are two, but 山田 太郎 one.
        alone = len(words) == 2 and all(len(each) == 1 for each in words)
        several = not spoken.startswith("ja") and any(all(re.fullmatch(form, each) for each in words) for form in (PERSON, BODY))
        found += words if several else ["".join(words) if alone else " ".join(words)]
    return [each for each in found if len(each) > 1]


def _western_names(text: str) -> list[str]:
    text = ASIDE.split(BY.sub("", text, count=1))[0].strip(" ,")
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
