"""A quote as a citation: who wrote it, when and where, in the style that a reader's field asks for.

    quotation(cited(document, quote.start, quote.end), "gbt7714")

Everything is taken from the document: what is not known is left out. The quoted words stay as they are.
GB/T 7714-2015 is in its numeric style, which may leave out an author who is not known instead of writing 佚名.
Nothing is escaped for HTML.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import date
from hashlib import blake2b
from typing import Literal
from unicodedata import normalize

from corpus import Document, YinjuError, page_at, title_at
from corpus.author_names import CONTROLS, EASTERN, ORGANISATION, PARTICLES
from corpus.dateline import ENGLISH_DATE, ENGLISH_MONTHS
from corpus.language import language
from corpus.where import COMPACT_DATE, DATE, searchable
from ui.bylines import authors

Kind = Literal["newspaper", "journal", "report", "web", "other"]

# Fields of the metadata that say a fact, the plainest first. `source` is a path and `site` a web page's own name.
AUTHOR, DAY = ("author", "作者", "creator"), ("date", "日期", "published", "发布日期")
NEWSPAPER, JOURNAL = ("newspaper", "报纸", "報紙"), ("journal", "期刊", "刊名")
PUBLICATION, ELSEWHERE = ("publication", "刊物", "媒体"), ("site", "publisher", "出版者", "origin")
SECTION, PAGE, LINK = ("section", "栏目", "版面"), ("page", "版次", "页码"), ("url", "link", "网址", "origin")
# What a field `type` may say.
TYPES: dict[str, Kind] = {
    "newspaper": "newspaper", "news": "newspaper", "报纸": "newspaper", "journal": "journal", "期刊": "journal",
    "report": "report", "报告": "report", "web": "web", "webpage": "web", "网页": "web",
}  # fmt: skip
JOURNAL_NAME = re.compile(
    r"(?:学报|學報|期刊|杂志|雜誌|[月季周週旬半]刊|研究|通报|公报|论坛|求是)$"
    r"|\b(?:(?<!street )journal|review|quarterly|proceedings|transactions|annals|magazine|zeitschrift|revista|revue|журнал|вестник)\b",
    re.I,
)
NEWSPAPER_NAME = re.compile(
    r"(?:报|報|参考消息)$"
    r"|\b(?:times|post|daily|herald|tribune|gazette|guardian|telegraph|chronicle|observer|street journal|zeitung|tageblatt|"
    r"país|mundo|monde|figaro|газета|известия|правда)\b",
    re.I,
)
REPORT_NAME = re.compile(r"(?:报告|報告|白皮书|白皮書|蓝皮书|年报)$|\b(?:report|white paper|working paper|bericht|informe)$", re.I)

SUFFIX = re.compile(r",?\s+(?:[JS]r\.?|I{2,3}|IV)$")

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
CODES: dict[Kind, str] = {"newspaper": "N", "journal": "J", "report": "R", "web": "EB/OL", "other": "Z"}
ANGLES, CORNERS, USUAL_MARKS = ("«", "»"), ("「", "」"), ("“", "”")
MARKS = {"es": ANGLES, "ru": ANGLES, "fr": ANGLES, "de": ("„", "“"), "ja": CORNERS, "zh-Hant": CORNERS}
# A brace, even behind a backslash, is counted by BibTeX.
TEX = str.maketrans(
    {each: "\\" + each for each in "$&#_%"}
    | {"\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)
TEX_LINK = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})


class CitationError(YinjuError):
    """A place or a style that nothing can be cited by."""


@dataclass(frozen=True)
class Cited:
    """The words of a quote, and what is known of where they stand; "" or () where nothing is.

    `words` are `document.text[start:end]`. `authors` are names as they are printed (周允, John Smith, 新华社);
    `date` is YYYY, YYYY-MM or YYYY-MM-DD; `page` may be several (3-4); `language` is the quote's, in BCP 47.
    """

    words: str
    title: str
    kind: Kind = "other"
    authors: tuple[str, ...] = ()
    date: str = ""
    publication: str = ""
    section: str = ""
    page: str = ""
    volume: str = ""
    issue: str = ""
    url: str = ""
    language: str = ""


def cited(document: Document, start: int, end: int) -> Cited:
    """The quote `document.text[start:end]` with what the document says of its source.

    Raises CitationError where that is no place in the document.
    """
    if not 0 <= start < end <= len(document.text):
        raise CitationError(
            f"characters {start} to {end} are no place in {document.name}, which has {len(document.text):,}; ask again and cite the new quote"
        )
    words = document.text[start:end]
    fields = {key: _line(value) for key, value in searchable(document.name, "", document.metadata).items()}
    spoken = language(words) or fields.get("language") or language(document.text) or ""
    title = _line(title_at(document, start)) or document.name.rsplit("/", 1)[-1]
    day, page = _date(_first(fields, DAY)), _page(document, start, end, fields)
    publication = _first(fields, (*NEWSPAPER, *JOURNAL, *PUBLICATION, *ELSEWHERE))
    link = next((fields[key] for key in LINK if _is_link(fields.get(key, ""))), "")
    return Cited(
        words,
        title,
        _kind(fields, title, publication, day, link),
        authors(document, start, fields, _first(fields, AUTHOR), spoken),
        day,
        publication,
        _first(fields, SECTION),
        page,
        fields.get("volume", ""),
        fields.get("issue", "") or fields.get("number", ""),
        link,
        spoken,
    )


def quotation(cited: Cited, style: str) -> str:
    """The quote in the quotation marks of its language and, on the next line, its citation in a style of STYLES.

    Raises CitationError where there is no such style.
    """
    if style not in STYLES:
        raise CitationError(f"there is no citation style {style!r}; choose one of {', '.join(STYLES)}")
    before, after = MARKS.get(_language_of_marks(cited.language), USUAL_MARKS)
    return f"{before}{cited.words}{after}\n{STYLES[style](cited)}"


def gbt7714(cited: Cited) -> str:
    """GB/T 7714-2015, numeric style: 周允. 题名[N]. 重庆日报, 2023-10-18(3)."""
    names = [_family_first(each, " ", upper=True, dot="") for each in cited.authors[:3]]
    if len(cited.authors) > 3:
        names.append("等" if EASTERN.search("".join(names)) else "et al")
    code = CODES[cited.kind]
    title = f"{cited.title}[{code if '/' in code or not cited.url else f'{code}/OL'}]"
    year, place = cited.date[:4], f": {cited.page}" if cited.page else ""
    if cited.kind == "newspaper":
        where, page = _listed(cited.publication, cited.date), cited.page or cited.section
        place = f"({page})" if page else ""
    elif cited.kind == "journal":
        where = _listed(cited.publication, year, _volume(cited))
    elif cited.url and cited.date and (cited.date != year or not cited.publication):
        # What is on the web has its day in brackets, beside the year where someone published it.
        where = _listed(cited.publication, f"{year if cited.publication else ''}({cited.date})")
    else:
        where = _listed(cited.publication, cited.date)
    return _sentences([", ".join(names), title + ("" if where else place), where and where + place], cited.url)


def apa(cited: Cited) -> str:
    """APA, 7th edition: Smith, J. (2023, October 18). Title. The Daily, A1."""
    names = [_family_first(each, ", ", upper=False, dot=".") for each in cited.authors]
    if len(names) > 20:
        names = [f"{', '.join(names[:19])}, . . . {names[-1]}"]
    writers = ", ".join(names[:-1]) + ", & " + names[-1] if len(names) > 1 else "".join(names)
    year, month, day = _ymd(cited)
    when = f"({year}{f', {MONTHS[int(month) - 1]}' if month else ''}{f' {int(day)}' if day else ''})" if year else "(n.d.)"
    page = cited.page.replace("-", "–")
    title, where = cited.title, "" if cited.publication in cited.authors else cited.publication
    if cited.kind in ("newspaper", "journal") and cited.publication:
        where = _listed(cited.publication, _volume(cited), page or (cited.section if cited.kind == "newspaper" else ""))
    elif page:
        title += f" ({'pp.' if '–' in page else 'p.'} {page})"
    return _sentences([writers, when, title, where] if writers else [title, when, where], cited.url)


def bibtex(cited: Cited) -> str:
    """An entry for BibTeX; its key is ASCII, the same for entries that say the same and for no others."""
    periodical = cited.kind in ("newspaper", "journal") and bool(cited.publication)
    year, month, day = _ymd(cited)
    fields = {
        "author": " and ".join(map(_tex_name, cited.authors)),
        # Within a second pair of braces capitals stay: German nouns, names.
        "title": "{" + cited.title.translate(TEX) + "}",
        "journal" if periodical else "howpublished": cited.publication.translate(TEX),
        "year": year,
        "month": ENGLISH_MONTHS[int(month) - 1] if month else "",
        "day": str(int(day)) if day else "",
        "volume": cited.volume.translate(TEX),
        "number": cited.issue.translate(TEX),
        "pages": cited.page.replace("-", "--").translate(TEX),
        "note": cited.section.translate(TEX),
        "url": cited.url.translate(TEX_LINK),
    }
    lines = [f"  {key} = {value if key == 'month' else f'{{{value}}}'}," for key, value in fields.items() if value]
    return "\n".join([f"@{'article' if periodical else 'misc'}{{{_key(cited)},", *lines, "}"])


STYLES: dict[str, Callable[[Cited], str]] = {"gbt7714": gbt7714, "apa": apa, "bibtex": bibtex}


# What the document says


def _line(text: str) -> str:
    return " ".join(filter(None, map(str.strip, CONTROLS.split(text))))


def _first(fields: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """What the first of the fields says that is there; an address is neither a name nor a date."""
    return next((fields[each] for each in keys if fields.get(each) and not _is_link(fields[each])), "")


def _is_link(text: str) -> bool:
    return re.fullmatch(r"https?://[^\s/?#]+\S*", text, re.I) is not None


def _kind(fields: Mapping[str, str], title: str, publication: str, day: str, link: str) -> Kind:
    said = TYPES.get(fields.get("type", "").casefold())
    if said:
        return said
    if _first(fields, NEWSPAPER) or _first(fields, JOURNAL):
        return "newspaper" if _first(fields, NEWSPAPER) else "journal"
    if JOURNAL_NAME.search(publication) or NEWSPAPER_NAME.search(publication):
        return "journal" if JOURNAL_NAME.search(publication) else "newspaper"
    # What has a day and a name of its own comes out daily or weekly.
    if _first(fields, PUBLICATION) and (fields.get("volume") or len(day) == 10):
        return "journal" if fields.get("volume") else "newspaper"
    return "report" if REPORT_NAME.search(title) else "web" if link else "other"


def _date(text: str) -> str:
    """YYYY, YYYY-MM or YYYY-MM-DD; "" where the text is no date, or one that never was."""
    folded = normalize("NFKC", text).strip()
    if match := ENGLISH_DATE.search(folded):
        before, name, after, year = match.groups()
        parts = [int(each) for each in (year, ENGLISH_MONTHS.index(name[:3].lower()) + 1, before or after) if each]
    elif match := COMPACT_DATE.match(folded) or DATE.match(folded):
        parts = [int(each) for each in match.groups()[:3] if each]
    else:
        return ""
    try:
        whole = date(*[*parts, 1, 1][:3]).isoformat()
    except ValueError:
        return ""
    return whole[: (4, 7, 10)[len(parts) - 1]]


def _page(document: Document, start: int, end: int, fields: Mapping[str, str]) -> str:
    """The printed page where the metadata says one; else those of the file that the quote stands on."""
    said = re.sub(r"^(?:第\s*|pp?\.\s*)|\s*[版页頁]$", "", _first(fields, PAGE))
    if said:
        return re.sub(r"\s*[–—~～至-]+\s*", "-", said)
    pages = sorted({each for each in (page_at(document, start), page_at(document, end - 1)) if each is not None})
    return "-".join(map(str, pages))


# How it is written


def _parts(name: str) -> tuple[str, str] | None:
    """Family and given name of a person whose given name comes first; None for other scripts and for bodies."""
    if EASTERN.search(name) or name.lower() == name.upper() or ORGANISATION.search(name):
        return None
    if "," in name:
        family, _, given = name.partition(",")
        return family.strip(), given.strip()
    words = SUFFIX.sub("", name).split()
    if len(words) < 2:
        return None
    if re.fullmatch("[A-Z]{1,2}", words[-1]):  # Smith JA
        return " ".join(words[:-1]), ".".join(words[-1])
    # van Beethoven, de la Cruz; Ortega y Gasset
    joins = ((place, each) for place, each in enumerate(words[1:-1], 1) if each in PARTICLES)
    number = next((max(place - (each == "y"), 1) for place, each in joins), len(words) - 1)
    return " ".join(words[number:]), " ".join(words[:number])


def _family_first(name: str, between: str, upper: bool, dot: str) -> str:
    """`Smith, J. A.` or `SMITH J A`; what is no such name stays as it is."""
    parts = _parts(name)
    if parts is None:
        return name
    family, given = parts
    initials = re.findall(r"(-?)([^\W\d_])[\w'’]*", given)
    short = "".join(f"{'-' if hyphen and dot else ' '}{letter.upper()}{dot}" for hyphen, letter in initials).strip()
    return between.join(filter(None, (family.upper() if upper else family, short)))


def _listed(*facts: str) -> str:
    return ", ".join(filter(None, facts))


def _ymd(cited: Cited) -> tuple[str, str, str]:
    return cited.date[:4], cited.date[5:7], cited.date[8:10]


def _volume(cited: Cited) -> str:
    return cited.volume + (f"({cited.issue})" if cited.issue else "")


def _sentences(parts: list[str], link: str) -> str:
    """Each part with a full stop, unless it ends with one; none after a link, which it would break."""
    stopped = [each if each[-1] in ".?!。？！" else f"{each}." for each in parts if each]
    return " ".join([*stopped, link] if link else stopped)


def _language_of_marks(code: str) -> str:
    first, *rest = code.replace("_", "-").split("-")
    traditional = {"hant", "tw", "hk", "mo"} & {each.casefold() for each in rest}
    return "zh-Hant" if first.casefold() == "zh" and traditional else first.casefold()


def _tex_name(name: str) -> str:
    parts = _parts(name)
    if parts is None:
        return "{" + name.translate(TEX) + "}"
    return ", ".join(each.translate(TEX) for each in parts if each)


def _key(cited: Cited) -> str:
    named = (_parts(cited.authors[0]) or (cited.authors[0], ""))[0] if cited.authors else ""
    plain = re.sub(r"[^a-z]", "", normalize("NFKD", named).casefold())[:20]
    # All but the words quoted: BibTeX refuses two entries that differ and have one key.
    said = repr(astuple(cited)[1:-1]).encode("utf8", "surrogatepass")
    return f"{plain or 'yinju'}{cited.date[:4]}-{blake2b(said, digest_size=4).hexdigest()}"
