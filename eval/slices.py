"""Which slice of a run a question belongs to: language, question word, document, section, answer length, …"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from corpus.language import SIMPLIFIED, TRADITIONAL, language
from corpus.store import Store
from eval.question import Question

# Slices of fewer questions say little; of one kind, so many of the largest are shown.
FEWEST, MOST = 5, 20

# The first that is found says what is asked for; longer words stand before what they hold.
QUESTION_WORDS = (
    ("how many, how much", r"多少|几[^乎]|幾[^乎]|いくつ|いくら|何[人個本回%割歳台つ倍]|how (?:many|much)|cuánt[oa]s?|wie ?viele?|combien"),
    ("when", r"什么时候|什麼時候|何时|何時|哪一?年|哪[天日]|いつ|何[年月日]|\bwhen\b|what (?:year|date|month|day)|cuándo|\bwann\b|\bquand\b"),
    ("why", r"为什么|為什麼|为何|為何|なぜ|どうして|何故|\bwhy\b|por qué|\bwarum\b|pourquoi"),
    ("how", r"怎么|怎麼|怎样|怎樣|如何|どのように|どうやって|どう|\bhow\b|cómo|\bwie\b|comment"),
    ("where", r"哪里|哪裡|哪儿|哪兒|何处|何處|在哪|どこ|\bwhere\b|dónde|\bwo\b|\boù\b"),
    ("who", r"谁|誰|何人|だれ|\bwho(?:m|se)?\b|quién|\bwer\b|\bqui\b"),
    ("which", r"哪|どの|どちら|どれ|\bwhich\b|cuál|welche|quels?|quelles?"),
    ("what", r"什么|什麼|甚麼|何|なに|なん|\bwhat\b|qué|\bwas\b|que"),
)
WORDS = tuple((name, re.compile(form, re.IGNORECASE)) for name, form in QUESTION_WORDS)
LENGTHS = ((4, "1–4 characters"), (10, "5–10 characters"), (20, "11–20 characters"), (50, "21–50 characters"))

# language and section of the document of a name, where they are known
Facts = Callable[[str], tuple[str | None, str | None]]


def slices_of(question: Question, facts: Facts) -> dict[str, str]:
    """Each kind of slice, and which of it the question is in."""
    lang = question.lang or language_of(question.question)
    found = {"language": lang, "question word": question_word(question.question), "answer length": _length(question)}
    if question.documents:
        theirs, section = facts(question.documents[0])
        found["document"] = question.documents[0]
        if section:
            found["section"] = section
        if theirs:
            found["cross-lingual"] = "no" if _base(theirs) == _base(lang) else "yes"
    return found | {key: value for key, value in question.extra.items() if value}


def question_word(text: str) -> str:
    return next((name for name, form in WORDS if form.search(text)), "none")


def language_of(text: str) -> str:
    """A short text's language: sure where `corpus.language` is, else by its script alone."""
    sure = language(text)
    if sure:
        return sure
    if re.search("[\u3040-\u30ff]", text):
        return "ja"
    if re.search("[\u3400-\u9fff]", text):
        simplified, traditional = (sum(each in of for each in text) for of in (SIMPLIFIED - TRADITIONAL, TRADITIONAL - SIMPLIFIED))
        return "zh-Hant" if traditional > simplified else "zh"
    for code, form in (("ko", "[\uac00-\ud7af]"), ("ru", "[\u0400-\u04ff]"), ("ar", "[\u0600-\u06ff]"), ("es", "[¿ñ]"), ("de", "[ß]")):
        if re.search(form, text):
            return code
    return "en" if re.search(r"\b(what|who|whom|which|when|where|why|how|the|is|did|does|was)\b", text, re.IGNORECASE) else "other"


def library_facts(library: Store) -> Facts:
    """What the library knows of its documents, by name."""
    labels = {name: (metadata.get("language") or metadata.get("lang"), metadata.get("section"))
              for _, name, _, metadata in library.labels()}  # fmt: skip

    @lru_cache(maxsize=100_000)
    def facts(name: str) -> tuple[str | None, str | None]:
        lang, section = labels.get(name, (None, None))
        if lang is None and name in labels:
            document = library.document(name)
            lang = language(document.text) if document else None
        return lang, section

    return facts


def largest(counts: Mapping[str, int]) -> list[str]:
    """The slices of one kind that are shown, largest first."""
    order = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [name for name, count in order if count >= FEWEST][:MOST]


def _base(lang: str) -> str:
    return lang.split("-")[0].lower()


def _length(question: Question) -> str:
    if not question.answerable:
        return "no answer"
    if not question.answers:
        return "not given"
    shortest = min(map(len, question.answers))
    return next((name for most, name in LENGTHS if shortest <= most), "over 50 characters")
