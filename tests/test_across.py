"""Whether a question is in another language than a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.across import is_across

TEXTS = {
    "en": "The steam engine was first used to pump water out of mines, and only later to drive the wheels of ships and mills.",
    "es": "La máquina de vapor se usó primero para sacar el agua de las minas, y solo más tarde para mover barcos y molinos.",
    "de": "Die Dampfmaschine diente zuerst dazu, Wasser aus den Gruben zu pumpen, und erst später trieb sie Schiffe und Mühlen an.",
    "fr": "La machine à vapeur servit d'abord à pomper l'eau des mines, puis seulement à mouvoir les bateaux et les moulins.",
    "ru": "Паровая машина сначала откачивала воду из шахт и лишь позднее стала приводить в движение суда и мельницы.",
    "uk": "Парова машина спочатку відкачувала воду з шахт і лише пізніше почала приводити в рух судна та млини, її вдосконалили.",
    "ar": "استُخدمت الآلة البخارية أولاً لضخ المياه من المناجم، ثم استُخدمت لاحقاً في تحريك السفن والمطاحن.",
    "zh": "蒸汽机最初用来抽出矿井里的水，后来才用来推动轮船和磨坊。",
    "ja": "蒸気機関は最初、鉱山から水をくみ出すために使われ、のちに船や水車を動かすようになった。",
    "ko": "증기 기관은 처음에 광산에서 물을 퍼내는 데 쓰였고 나중에야 배와 방앗간을 움직이게 되었다.",
}
QUESTIONS = {
    "en": "What was the steam engine first used for?", "es": "¿Para qué se usó primero la máquina de vapor?",
    "de": "Wozu diente die Dampfmaschine zuerst?", "fr": "À quoi servit d'abord la machine à vapeur ?",
    "ru": "Для чего сначала использовали паровую машину?", "uk": "Для чого спочатку використовували парову машину?",
    "ar": "فيمَ استُخدمت الآلة البخارية أولاً؟", "zh": "蒸汽机最初用来做什么？",
    "ja": "蒸気機関は最初何に使われましたか？", "ko": "증기 기관은 처음에 무엇에 쓰였습니까?",
}  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS)
@pytest.mark.parametrize("told", TEXTS)
def test_a_question_is_across_where_the_text_is_in_another_language(asked, told):
    assert is_across(QUESTIONS[asked], TEXTS[told]) == (asked != told)


def test_a_name_or_term_of_another_script_does_not_make_it_another_language():
    assert not is_across("GDP在2023年是多少？", TEXTS["zh"])
    assert not is_across("What does 引据 mean?", TEXTS["en"])


@pytest.mark.parametrize("nothing", ["", " ", "2023?", "……", "\ud800"])
def test_what_has_no_letters_is_in_no_language(nothing):
    assert not is_across(nothing, TEXTS["en"])
    assert not is_across(QUESTIONS["zh"], nothing)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_gets_an_answer(question, text):
    assert is_across(question, text) in (True, False)
