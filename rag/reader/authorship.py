"""Questions who wrote a report: the byline of the article that they are about answers, and that of no other.

To a reader of sentences all bylines look alike, and one at the end of an article says nothing of what the article is about.
"""

import re
from collections.abc import Mapping, Sequence

from corpus import Document, Sentence
from corpus.author_names import OPENING, author_span, signs
from corpus.document import Block, article_at, block_at
from rag.folding import folded
from rag.reader.reading import Candidate
from rag.terms import terms

WHO = (
    r"谁|誰|哪(?:几|幾|一)?[位名个個些]|何人|だれ|どの|누가|누구|\bwho\b|\bby whom\b|\b(?:which|what)\b|\bquién(?:es)?\b|\bqué\b|\bqui\b|\bquels?\b|\bquelle\b|\bwer\b|\bwelche[rn]?\b"
    r"|\bquem\b|\bqual\b|\bchi\b|\bquale\b|\bкто\b|\bкем\b|\bкакой\b|\bkim\b|\bhangi\b|من|مَن"
)
REPORTER = (
    r"记者|記者|通讯员|通訊員|特派员|特派員|기자|\b(?:reporter|journalist|correspondent)s?\b|\bperiodistas?\b|\breporter[oa]s?\b|\bjournalistes?\b|\breporterin\b|\bjournalist(?:in|en)?\b"
    r"|\bjornalistas?\b|\bgiornalist[aie]\b|\bжурналист\w*|\bкорреспондент\w*|\bgazeteci\w*|\bmuhabir\w*|الصحفي|صحفي|مراسل"
)
WROTE = (
    r"写|寫|报道|報道|報導|报导|采写|採訪|采访|撰|执笔|執筆|作者|書[いかき]|쓴|썼|작성|\b(?:wrote|written|writes?|reported|authors?|authored|penned|covered|filed|by whom)\b|\bescri\w+|\bautor(?:a|es|in)?\b|\bécrit\w*"
    r"|\bauteure?s?\b|\bgeschrieben\b|\bschrieb\b|\bverfasst\w*|\bescreveu\b|\bha scritto\b|\bscritt[oa]\b|\bautor[ei]\b|\bнаписал\w*|\bнаписан\w*|\bавтор\w*|\byaz\w+|كتب|كاتب"
)
PIECE = (
    r"报道|報道|報導|报导|新闻|新聞|消息|文章|稿|通讯(?!员)|社论|社論|评论|評論|专栏|專欄|本文|一文|記事|ニュース|기사|\b(?:article|story|stories|report|piece|news|column|editorial|item)s?\b|\bartículo\b|\bnoticia\b"
    r"|\breportaje\b|\bcrónica\b|\breportage\b|\bartikel\b|\bbericht\b|\bmeldung\b|\bbeitrag\b|\bartigo\b|\bnotícia\b|\breportagem\b|\barticolo\b|\bnotizia\b|\bстать\w+|\bзаметк\w+|\bрепортаж\w*|\bновост\w+"
    r"|\bmakale\w*|\bhaber\w*|مقال|المقال|الخبر|خبر|التقرير|تقرير"
)
_WHO, _REPORTER, _WROTE, _PIECE = (re.compile(each, re.IGNORECASE) for each in (WHO, REPORTER, WROTE, PIECE))
# Words that only ask; what is left of a question is what the article is about.
ASKING = (
    r"关于|關於|有关|有關|[这這那该][篇条條则則]|[是由的了]|に?(?:ついて|関する)の?|という|の(?=記事|ニュース)|は(?=誰|だれ|どの)|(?:を|が|は)?書[いかき]\w*|の?(?:記者)?は?(?:誰|だれ)ですか|\b(?:the|about|an?|did|was|is|has|were|titled)\b"
    r"|\b(?:sobre|el|la|los|las|fue|ha)\b|\b(?:über|den|die|das|der|hat|von|zu)\b|\b(?:sur|le|les|du|de|est|a)\b|\b(?:o|os|as|foi)\b|\b(?:il|lo|gli|su)\b|\b(?:о|об)\b|\bhakkında\w*|عن"
)
_ASKING = re.compile("|".join((ASKING, WHO, REPORTER, WROTE, PIECE)), re.IGNORECASE)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# So much of what a question is about is in what was read of the article that is meant.
ABOUT = 0.5


def asks_who_wrote(question: str) -> bool:
    """Whether who wrote an article is asked for, and not who wrote a book or did what is reported."""
    if not _WHO.search(question):
        return False
    # 报道 is what was written and that it was: said once, it is one of both.
    pieces, wrote = ({each.span() for each in form.finditer(question)} for form in (_PIECE, _WROTE))
    return bool((pieces and wrote and len(pieces | wrote) > 1) or (_REPORTER.search(question) and (pieces or wrote)))


def topic(question: str) -> str:
    """What the article is about that who wrote it is asked of; "" where that is not asked, or not said."""
    return _EDGES.sub("", " ".join(_ASKING.sub(" ", question).split())) if asks_who_wrote(question) else ""


def meant(question: str, candidates: Sequence[Candidate]) -> tuple[Document, int] | None:
    """The article that is asked about, where who wrote it is asked: most of what the question is about stands in what was found of it, and
    enough; of equals the one whose headings have more of it, and then the one that was found first."""
    if not asks_who_wrote(question):
        return None
    articles: dict[tuple[str, int], list[Candidate]] = {}
    for each in candidates:
        articles.setdefault((each.document.id, article_at(each.document, each.passage.start)), []).append(each)
    about = terms(folded(topic(question)))
    if not about:
        return _only(articles)
    shares = {each: [len(about & terms(folded(text))) / len(about) for text in _texts(found)] for each, found in articles.items()}
    best = max(shares, key=lambda each: shares[each], default=None)
    return (articles[best][0].document, best[1]) if best is not None and shares[best][0] >= ABOUT else None


def _only(articles: Mapping[tuple[str, int], Sequence[Candidate]]) -> tuple[Document, int] | None:
    """The article that all of what was found is of, if it is one."""
    if len(articles) != 1:
        return None
    (((_, article), found),) = articles.items()
    return found[0].document, article


def _texts(found: Sequence[Candidate]) -> tuple[str, str]:
    """What passages of an article and its headings say, and its headings alone."""
    document, article = found[0].document, article_at(found[0].document, found[0].passage.start)
    headings = "\n".join(document.text[each.start : each.end] for each in document.blocks if each.kind == "heading" and each.article == article)
    return "\n".join((headings, *(document.text[each.passage.start : each.passage.end] for each in found))), headings


def bylines(document: Document, article: int) -> list[Block]:
    """The lines that name who wrote an article."""
    return [each for each in document.blocks if each.article == article and _signs(document, each)]


def _signs(document: Document, block: Block) -> bool:
    return block.kind == "byline" and signs(document.text[block.start : block.end])


class AskedAuthor:
    """A question who wrote something, and the article that it is about; of any other question nothing is known."""

    def __init__(self, question: str, candidates: Sequence[Candidate]) -> None:
        self._asks = asks_who_wrote(question)
        found = meant(question, candidates)
        self._meant = (found[0].id, found[1]) if found else None

    def is_another(self, document: Document, sentence: Sentence) -> bool:
        """Whether the sentence names who wrote another article than is meant, or nothing that is like who wrote."""
        block = block_at(document, sentence.start) if self._asks else None
        if block is None:
            return False
        text = document.text[sentence.start : sentence.end]
        if _signs(document, block) or OPENING.match(text):
            return self._meant != (document.id, block.article)
        return not (_REPORTER.search(text) or _WROTE.search(text))

    def is_the_one(self, document: Document, sentence: Sentence) -> bool:
        """Whether the sentence is the byline of the article that is meant."""
        return self._names(document, sentence) is not None

    def value(self, document: Document, sentence: Sentence, answer: Sentence) -> Sentence:
        """The names in the byline of the article that is meant; what is none stays as it is."""
        return self._names(document, sentence) or answer

    def _names(self, document: Document, sentence: Sentence) -> Sentence | None:
        block = block_at(document, sentence.start) if self._meant else None
        if block is None or self._meant != (document.id, block.article) or not _signs(document, block):
            return None
        span = author_span(document.text[sentence.start : sentence.end])
        return Sentence(sentence.start + span[0], sentence.start + span[1]) if span else None
