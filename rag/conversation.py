"""Follow-ups: a question that leans on what was asked before, understood without a language model.

Several forms of the question are tried: alone, after the one before it, and after what that one was
about. The reader's own score chooses (it is taught with questions that follow others), and a
question that stands well alone is left alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from corpus.visible import visible
from rag.answer import Answer
from rag.leaning import SPACED, leans
from rag.words import question_terms

# Only the newest turns: what came earlier has mostly been taken up by them.
TURNS = 4
LONGEST_CONTEXT = 200
# How much surer (in log-odds) of an answer the reader must be with what came before than without: less than nothing where
# the question points back, and of others the less the fewer words they have. Chosen on conversations about paragraphs that are not for measuring
# (bench/conversations.py).
POINTING_BACK, STANDING_ALONE = -4.0, 1.0
# A question that hardly leans and is this likely answered is not tried in any other form.
PLAIN = 0.5
# Words of its own, as a passage is found by, from which on a question names all that it is about.
ENOUGH = 5

# Anywhere in a question: what it speaks of was named before.
POINTING = re.compile(
    r"[他她它牠](?:们|們)?(?!山)|(?:^|[^\w])(?:这|這|那|该|該)|(?<![其尤])其(?!他|它|实|實|余|餘|中)|此(?:人|事|地|后|後|前|时|時|外)|这[个个些里时样位种]|那[个個些里裡时時样位种]|上述|同年|当时|當時|当年|當年|后者|前者"
    r"|それ|これ|その|この|あの|彼(?:女|ら)?|そこ|ここ|同(?:年|社|氏|校|地)"
    r"|\b(?:he|she|it|they|him|her|his|hers|its|their|theirs|them|this|these|those|there|that (?:year|time|place|day|one|same)|the (?:latter|former|same|other|others))\b"
    r"|\b(?:él|ella|ellos|ellas|ello|eso|esto|ese|esa|este|esta|su|sus|allí|ahí|lo|la misma|el mismo)\b"
    r"|\b(?:er|sie|es|ihm|ihn|ihr|ihre|ihrer|sein|seine|seiner|dort|dies\w*|davon|damit|dafür|daran)\b"
    r"|\b(?:il|elle|ils|elles|son|sa|ses|leur|leurs|celui|celle|ceux|cela|ça)\b"
    r"|\b(?:он|она|оно|они|его|её|ее|их|ему|ей|им|ним|ней|них|этот|эта|это|эти|этом|этой|там|тогда)\b"
    r"|\b(?:هو|هي|هم|هذا|هذه|ذلك|تلك|هناك|له|لها|لهم|منه|منها|فيه|فيها|عنه|عنها)\b",
    re.IGNORECASE,
)
# How an ellipsis begins or ends: 那2010年呢？ And in 2022?
ELLIPSIS = re.compile(
    r"^(?:那么?|那麼?|然后|然後|还有|還有|而)|(?:呢|は)[?？]?$"
    r"|^(?:and|but|what about|how about|or|so)\b|^(?:then |and )?(?:why|when|where|who|whom|how|how so|since when|by whom|how many|how much|which ones?)(?: (?:not|so|then|exactly|else|there))?\s*\??$"
    r"|^¿?(?:y|pero|e)\b|^¿?(?:por qué|cuándo|dónde|quién|cómo|cuántos)\s*\??$|^(?:und|aber|oder)\b|^(?:warum|wann|wo|wer|wie|wie viele|wieso)\s*\??$"
    r"|^(?:et|mais|ou)\b|^(?:pourquoi|quand|où|qui|comment|combien)\s*\??$|^(?:а|и|но|или)\b|^(?:почему|когда|где|кто|как|сколько)\s*\??$"
    r"|^(?:و|لماذا|متى|أين|من|كيف|كم)\s*[?؟]?$|^وماذا\b"
    r"|^(?:为什么|為什麼|为何|為何|怎么|怎麼|何时|何時|谁|誰|哪里|哪裡|多少|なぜ|いつ|どこ|誰)[^?？]{0,6}[?？]?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Turn:
    """A question asked before as it was understood, and the words and the title of what was quoted for it."""

    question: str
    answer: str = ""
    title: str = ""


def points_back(question: str) -> bool:
    """Whether the question says by its own words that it leans on what came before."""
    text = question.strip()
    return bool(leans(text) and not SPACED.match(text)) or bool(POINTING.search(text) or ELLIPSIS.search(text))


def forms(question: str, turns: Sequence[Turn]) -> list[str]:
    """The ways in which a question may be meant after these turns (oldest first), itself first."""
    if not turns:
        return [question]
    last = turns[-1]
    tried = [question, f"{last.question[-LONGEST_CONTEXT:]} {question}"]
    if last.title:
        tried.append(f"{last.title} {question}")
    if last.answer and len(last.answer) <= 40:
        tried.append(f"{last.answer} {question}")
    return list(dict.fromkeys(tried))


def turn(answer: Answer) -> Turn:
    """What a later question may lean on."""
    question = answer.understood or visible(answer.question)
    if not answer.quotes:
        return Turn(question)
    quote = answer.quotes[0]
    words = ""
    if quote.answer_start is not None and quote.answer_end is not None:
        words = quote.text[quote.answer_start - quote.start : quote.answer_end - quote.start]
    return Turn(question, words, quote.title)


def leaning(question: str) -> float:
    """How much a question leans on what came before, from 0 to 1: wholly where its words point back, and up to
    half the fewer it has (票价多少？ names no line and no ferry, but may be all that there is to ask)."""
    if points_back(question):
        return 1.0
    terms = question_terms(question)
    # Of scripts that are not cut into words, two characters are about one.
    words = max(len(terms.words), len(terms.pairs) // 3)
    return min(1.0, max(0.0, (ENOUGH - words) / (ENOUGH - 1))) / 2


def plain(question: str, sure: float, least: float = PLAIN) -> bool:
    """Whether a question stands alone so well (`sure`: the probability that it is answered) that nothing else is tried."""
    return sure >= least and leaning(question) <= 0.25


def chosen(
    question: str, sure: Sequence[float], back: float = POINTING_BACK, standing: float = STANDING_ALONE
) -> int:
    """Which form is meant, from the probability that each is answered; the first is the question alone."""
    lean = leaning(question)
    least = back if lean == 1 else standing * (1 - 2 * lean)
    alone, *others = map(_log_odds, sure)
    if not others or alone >= max(others) - least:
        return 0
    return 1 + others.index(max(others))


def _log_odds(sure: float) -> float:
    within = min(max(sure, 1e-9), 1 - 1e-9)
    return log(within / (1 - within))
