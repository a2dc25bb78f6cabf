"""Chinese names in Latin letters: cut into syllables, and found as the characters that they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Document, Library
from corpus.document import Block
from rag import Assistant, index_documents
from rag.dictionary import dictionary
from rag.lexical import PAIRS
from rag.pinyin import cut, name_groups
from tests.cheap import CheapEncoder

SYLLABLES = ("zhong", "guo", "xi", "an", "liao", "li", "e", "shuang", "nu", "zhu", "zhou")


@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4))
def test_a_word_of_syllables_is_cut_into_syllables(syllables):
    word = "".join(syllables)
    found = cut(word)
    assert "".join(found) == word and len(found) <= len(syllables)
    assert all(dictionary().read_as(each) for each in found)


@pytest.mark.parametrize("word", ["stanford", "xq", "", "pierhead", "zhongx", "москва"])
def test_what_is_no_pinyin_is_not_cut(word):
    assert cut(word) == []


@pytest.mark.parametrize(
    ("question", "pairs"),
    [
        ("In what era did the official Liao Li serve?", ["廖立"]),
        ("What is the drink Sanhuajiu made from?", ["三花", "花酒"]),
        ("¿Quién fue Shi Miyuan?", ["史弥", "弥远"]),
        ("Wo liegt Hongdong?", ["洪洞"]),
        ("Who was Lǐ Zōngrén?", ["李宗", "宗仁"]),
        ("Where is Ya'an?", ["雅安"]),
        ("What was Liao Li's courtesy name?", ["廖立"]),
        ("Where is Xian Airport?", ["西安"]),
        ("Who was Li\u030c Zo\u0304ngre\u0301n?", ["李宗", "宗仁"]),
    ],
)
def test_a_name_is_every_pair_of_characters_that_may_be_read_so(question, pairs):
    groups = name_groups(question)
    assert len(groups) == len(pairs)
    for group, pair in zip(groups, pairs, strict=True):
        assert PAIRS + pair in group.alternatives


@pytest.mark.parametrize(
    "question",
    ["Who was Robert Canada?", "Can he swim?", "where is hongdong?", "Who built the Long March rockets?", "How many companies?", "Was hat Herr Bauer gesagt?", "Who was Parker Barr?", "谁主持了会议？", ""],
)
def test_other_words_are_no_names(question):
    assert name_groups(question) == ()


def test_a_question_in_english_finds_the_passage_with_the_name_in_characters(tmp_path):
    texts = {"liao": "廖立，字公渊，武陵临沅人。", "yi": "义县位于省西部，人口众多。", "zhu": "株洲北站是一座编组站。"}
    encoder = CheapEncoder()
    with Library.create(tmp_path, encoder.name, encoder.dimension) as library:
        index_documents([Document(name, "", text, (Block("paragraph", 0, len(text)),)) for name, text in texts.items()], library, encoder)
    with Assistant.open(tmp_path, encoder) as assistant:
        hits = assistant.hits("In what era did Liao Li serve?", encoder.encode_queries(["?"])[0], 3)
        best = max(hits, key=lambda each: each.translated)
        (passage,) = assistant.library.passages([best.id])
        entry = assistant.library.with_sentences(passage.document_id)
        assert entry is not None and entry[0].name == "liao"
        assert best.translated > 0
        assert sorted(each.translated for each in hits)[:2] == [0.0, 0.0]
