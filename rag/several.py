"""Whether a question asks for several things: which ones, what are, 哪些."""

import re

SEVERAL = re.compile(
    r"哪些|哪[几幾两兩二三四五六七八九十]|有(?:什么|什麼)|(?:分别|分別|各)(?:是|有|为|為|在)|都(?:有|是)(?:谁|誰|什么|什麼|哪)|列举|列舉|どんな(?:もの|種類)|何と何|どれとどれ|それぞれ"
    r"|\b(?:which|what) (?:are|were) (?:the|some|all|its|their|his|her)\b|\b(?:which|what) (?:\w+ )?\w+[^\Ws]s (?:are|were|did|do|have|can|could)\b"
    r"|\bname (?:the|all|two|three|four|some)\b|\blist (?:the|all)\b"
    r"|\b(?:cuáles|quiénes|qué \w+s son)\b|\bwelche \w+(?:en|er|e) (?:sind|waren|gibt|haben)\b|\bquel(?:le)?s\b"
    r"|\bкакие\b|ما هي|من هم",
    re.IGNORECASE,
)


def asks_for_several(question: str) -> bool:
    """Whether more than one thing would answer."""
    return SEVERAL.search(question) is not None
