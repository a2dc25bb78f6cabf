import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import read_bytes, split_passages, split_sentences
from corpus.errors import UnreadableFile

# Pieces that repeat, in several scripts, so that searching for a chunk would find the wrong place.
PIECES = ["重复的句子。", "重复的句子。", "The same sentence again. ", "同じ文です。", "\n\n", "\n", "标题", "，", "Ⅷ", "e\u0301", "🙂", "كلمة ", "长" * 30]


def count(text: str) -> int:
    """One token a character, and none for white space, as the model's tokenizer counts."""
    return len("".join(text.split()))


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(5, 60), st.sampled_from([".txt", ".md"]))
def test_every_passage_and_sentence_is_an_exact_span_within_the_limit(pieces: list[str], limit: int, kind: str) -> None:
    try:
        document = read_bytes("".join(pieces).encode(), "a" + kind)
    except UnreadableFile:
        assert not "".join(pieces).strip()
        return
    passages = split_passages(document, count, limit)
    sentences = split_sentences(document)
    assert all(0 <= p.start < p.end <= len(document.text) for p in passages)
    assert all(a.end <= b.start for a, b in itertools.pairwise(passages))
    assert all(count(document.text[p.start : p.end]) <= limit for p in passages)
    covered = "".join("".join(document.text[p.start : p.end].split()) for p in passages)
    assert covered == "".join("".join(document.text[s.start : s.end].split()) for s in sentences)
    assert len({p.id for p in passages}) == len(passages)
    for sentence in sentences:
        holders = [p for p in passages if p.start < sentence.end and p.end > sentence.start]
        assert len(holders) == 1 or count(document.text[sentence.start : sentence.end]) > limit


def test_the_same_sentence_twice_is_two_places() -> None:
    document = read_bytes("一样的话。别的话。\n\n一样的话。".encode(), "a.txt")
    places = [s.start for s in split_sentences(document) if document.text[s.start : s.end] == "一样的话。"]
    assert places == [0, 11]


def test_a_passage_stands_under_its_headings() -> None:
    text = "# 年报\n\n## 收入\n\n收入为3.5亿元。\n\n## 支出\n\n支出为2亿元。\n"
    document = read_bytes(text.encode(), "a.md")
    assert document.title == "年报"
    assert [p.headings for p in split_passages(document, count, 100)] == [("年报", "收入"), ("年报", "支出")]
