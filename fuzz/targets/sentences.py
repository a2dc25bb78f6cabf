"""Sentences and passages of any text: together they are the text, and each is a span of it."""

from itertools import pairwise

from corpus.document import Block, Document
from corpus.passages import passage_text, split_passages
from corpus.sentences import sentences
from fuzz.target import Target
from fuzz.targets import txt

LIMIT = 30


def check(data: bytes) -> None:
    text = data.decode("utf-8", "ignore")
    spans = [(each.start, each.end) for each in sentences(text)]
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    if not spans:
        return
    middle = spans[len(spans) // 2][0]
    ends = [(a, b) for a, b in ((spans[0][0], middle), (middle, spans[-1][1])) if a < b]
    blocks = tuple(Block("heading" if number else "paragraph", a, b, number) for number, (a, b) in enumerate(ends))
    document = Document("a.txt", "题", text, blocks)
    passages = split_passages(document, lambda part: len(part), LIMIT)
    assert all(0 <= each.start < each.end <= len(text) and each.end - each.start <= LIMIT for each in passages)
    assert all(text[each.start : each.end] in passage_text(document, each) for each in passages)
    kept = "".join("".join(text[each.start : each.end].split()) for each in passages)
    assert kept == "".join(text.split())


def seeds() -> dict[str, bytes]:
    speech = "他说：“好。我来！”然后走了……「はい。」と言った。（见第3.5节。）Dr. A. B. Smith paid 3.5 M. on the 3. März. \ufdd0\ufdd1"
    return {"zh": txt.STORY.encode(), "en": txt.ENGLISH.encode(), "speech": speech.encode()}


TARGET = Target(check, seeds, longest=6_000, words=("。”".encode(), "（".encode(), "「".encode(), "」".encode(), b". ", b"...", "……".encode()))
