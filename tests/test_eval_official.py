"""Our exact match and F1 against the rules of the published scripts, written down here a second time."""

import re
import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.official import by_characters, exact_match, f1, segments

# cmrc2018_evaluate.py v5, github.com/ymcui/cmrc2018
SIGNS = ["-", ":", "_", "*", "^", "/", "\\", "~", "`", "+", "=", "，", "。", "：", "？", "！", "“", "”", "；", "’", "《", "》",
         "……", "·", "、", "「", "」", "（", "）", "－", "～", "『", "』"]  # fmt: skip


def cmrc_segments(text: str) -> list[str]:
    from nltk.tokenize import NLTKWordTokenizer

    cut = NLTKWordTokenizer().tokenize
    found: list[str] = []
    held = ""
    for sign in text.lower().strip():
        if sign in SIGNS:
            continue
        if re.search("[\u4e00-\u9fa5]", sign):
            if held:
                found.extend(cut(held))
                held = ""
            found.append(sign)
        else:
            held += sign
    return found + (cut(held) if held else [])


def cmrc_f1(answers: list[str], prediction: str) -> float:
    scores = []
    for answer in answers:
        gold, ours = cmrc_segments(answer), cmrc_segments(prediction)
        longest = max((
            size for size in range(len(gold) + 1) for at in range(len(gold) - size + 1)
            if not size or any(ours[to : to + size] == gold[at : at + size] for to in range(len(ours)))
        ), default=0)  # fmt: skip
        scores.append(2 * (longest / len(ours)) * (longest / len(gold)) / (longest / len(ours) + longest / len(gold)) if longest else 0)
    return max(scores)


def cmrc_exact(answers: list[str], prediction: str) -> float:
    def bare(text: str) -> str:
        return "".join(each for each in text.lower().strip() if each not in SIGNS)

    return float(any(bare(each) == bare(prediction) for each in answers))


# evaluate-v2.0.py, rajpurkar.github.io/SQuAD-explorer
def squad_normal(text: str) -> str:
    lowered = "".join(each for each in text.lower() if each not in set(string.punctuation))
    return " ".join(re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", lowered).split())


def squad(answers: list[str], prediction: str) -> tuple[float, float]:
    gold = [each for each in answers if squad_normal(each)] or [""]

    def shared(answer: str) -> float:
        theirs, ours = squad_normal(answer).split(), squad_normal(prediction).split()
        same = sum((Counter(theirs) & Counter(ours)).values())
        if len(theirs) == 0 or len(ours) == 0:
            return float(theirs == ours)
        if same == 0:
            return 0.0
        precision, recall = same / len(ours), same / len(theirs)
        return 2 * precision * recall / (precision + recall)

    return max(float(squad_normal(each) == squad_normal(prediction)) for each in gold), max(map(shared, gold))


CHINESE = st.text(alphabet="光荣和战国无双三的在，。《》、-3.5%abc ", max_size=12)
ENGLISH = st.lists(st.sampled_from(["the", "City", "council", "a", "met", "Mr.", "O'Neil,", "3.5", "-", "an"]), max_size=6).map(" ".join)


@settings(deadline=None)
@given(CHINESE, st.lists(CHINESE, min_size=1, max_size=3))
def test_chinese_scores_are_cmrcs(prediction: str, answers: list[str]) -> None:
    assert exact_match(prediction, answers, True) == cmrc_exact(answers, prediction)
    assert f1(prediction, answers, True) == cmrc_f1(answers, prediction)


@settings(deadline=None)
@given(ENGLISH, st.lists(ENGLISH, min_size=1, max_size=3))
def test_english_scores_are_squads(prediction: str, answers: list[str]) -> None:
    exact, shared = squad(answers, prediction)
    assert exact_match(prediction, answers, False) == exact
    assert f1(prediction, answers, False) == shared


def test_a_made_up_set_has_the_official_mean() -> None:
    gold = [["光荣和ω-force"], ["1924年"], ["《红楼梦》", "红楼梦"], ["约3.5%"]]
    said = ["光荣和ω-force合作", "1924", "红楼梦", "3.5%"]
    ours = [f1(prediction, answers, True) for prediction, answers in zip(said, gold, strict=True)]
    official = [cmrc_f1(answers, prediction) for prediction, answers in zip(said, gold, strict=True)]
    assert ours == official
    assert 0 < sum(ours) < 4


def test_chinese_is_scored_by_the_longest_common_run_of_characters() -> None:
    assert exact_match("《红楼梦》", ["红楼梦"]) == 1
    assert f1("作者曹雪芹", ["曹雪芹"]) == pytest.approx(2 * (3 / 5) * 1 / (3 / 5 + 1))
    assert f1("李白", ["杜甫", "李白"]) == 1


def test_a_kana_is_a_segment_as_a_han_character_is() -> None:
    assert segments("大きなABCビル") == ["大", "き", "な", "abc", "ビ", "ル"]


def test_english_is_scored_by_shared_words_without_articles_and_case() -> None:
    assert exact_match("The City Council", ["city council"]) == 1
    assert f1("the old city council", ["city council"]) == pytest.approx(0.8)
    assert f1("", ["city council"]) == 0


def test_the_rules_follow_the_question_or_its_answers() -> None:
    assert by_characters("什么时候？", ["1924"])
    assert by_characters("Who?", ["市长"])
    assert by_characters("1924?", ["1924"], "ja")
    assert not by_characters("Who?", ["the mayor"])
