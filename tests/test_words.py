"""How text becomes terms: what is written in several ways is found by any of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.folding import folded, plain
from rag.words import passage_terms, question_terms

# A few characters of every script that terms are cut differently for, with marks, joiners and digits among them.
SCRIPTS = "aZßﬁÉøñ台臺灣学學経濟々〆カタｶﾀﾞひら가나ไทยກຂខ္မမြяйЁёΣςأإةىـًשלוםहिन्दीதமி1２٣，。 .-'\u200d\u0301\U00020000😀"
TEXT = st.text(st.one_of(st.sampled_from(SCRIPTS), st.characters(exclude_categories=["Cs"])), max_size=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("台灣", "臺灣"), ("台湾", "臺灣"), ("经济学", "經濟學"), ("经济", "経済"), ("什么", "什麼"), ("变化", "変化"), ("ＡＢＣ", "abc"), ("ABC", "abc"),
        ("Straße", "STRASSE"), ("ﬁne", "fine"), ("１９８３", "1983"), ("ｶﾀｶﾅ", "カタカナ"), ("1,234,567", "1234567"),
        ("أحمد", "احمد"), ("مُحَمَّد", "محمد"), ("محـــمد", "محمد"), ("Cafe\u0301", "café"), ("co\u00adoperate", "cooperate"),
    ],
)  # fmt: skip
def test_two_ways_of_writing_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert passage_terms(one) == passage_terms(other)


def test_accents_do_not_matter_once_words_are_stemmed() -> None:
    assert plain("josé łódź søren") == "jose lodz soren"
    assert passage_terms("Müller").words == passage_terms("Muller").words


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_has_terms_always_the_same_and_folded_once_for_all(text: str) -> None:
    first = passage_terms(text)
    assert passage_terms(text) == first
    assert folded(folded(text)) == folded(text)
    for each in (*first.words, *first.pairs):
        assert each and not any(character.isspace() or character in "\"'*():^" for character in each)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_a_question_in_the_passages_own_words_finds_all_of_them(text: str) -> None:
    passage, asked = passage_terms(text), question_terms(text)
    for group in asked.words:
        assert set(group.alternatives) & set(passage.words)
    for group in asked.pairs:
        assert set(group.alternatives) & set(passage.pairs)


def test_chinese_is_cut_into_words_the_words_inside_them_and_pairs() -> None:
    found = passage_terms("北京大学的校长")
    assert {"北京", "大学", "北京大学", "校长"} <= set(found.words)
    assert found.pairs == ("北京", "京大", "大学", "学的", "的校", "校长")


def test_japanese_words_are_its_runs_of_kanji_and_katakana() -> None:
    found = passage_terms("東京タワーはどこですか")
    assert found.words == ("东京", "タワー")
    assert {"京タ", "ーは"} <= set(found.pairs)


def test_korean_is_found_without_its_particles_by_pairs() -> None:
    assert set(passage_terms("서울은 수도이다").pairs) & set(passage_terms("서울").pairs)


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        ("The company has opened twelve stations in the cities of the north and it was the first to do so.", "station city opening"),
        ("Las estaciones de la ciudad fueron abiertas por el alcalde en el año en que se inauguró la plaza.", "estación alcaldes"),
        ("Die Stationen der Stadt wurden in den Jahren nach dem Krieg eröffnet und sind auch heute noch in Betrieb.", "Station Kriege"),
        ("В городах были открыты новые станции", "станция город"),
        ("المدارس الكبيرة", "مدارس"),
    ],
)  # fmt: skip
def test_a_question_finds_other_forms_of_a_word(passage: str, question: str) -> None:
    words = set(passage_terms(passage).words)
    assert all(words & set(group.alternatives) for group in question_terms(question).words)


def test_a_year_in_chinese_figures_is_found_in_digits() -> None:
    assert "1983" in passage_terms("一九八三年").words and "2008" in passage_terms("二〇〇八年").words


def test_words_of_any_question_are_no_terms_of_it() -> None:
    assert question_terms("What is the").words == ()
    assert question_terms("什么").words == question_terms("什麼").words == ()
