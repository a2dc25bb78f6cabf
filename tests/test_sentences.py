import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import sentences


def split(text: str) -> list[str]:
    return [text[each.start : each.end] for each in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["今天下雨。", "明天放晴！", "后天呢？"],
        ["他说：“我来了。”", "她走了。"],
        ["“今年新签约项目3个，资金达4.25亿元。”有关负责人介绍。", "会议还有其他议程。"],
        ["増加率は3.5％だった。", "理由は不明。"],
        ["「行きます。」と彼は答えた。", "そして出発した。"],
        ["Dr. Smith arrived at 3.30 p.m. yesterday.", "He left the U.S. embassy at once."],
        ["It cost $2.5 million.", "“Too much!” she said.", "Nobody answered."],
        ["¿Cuándo llega el Sr. Pérez?", "Mañana."],
        ["Er kam am 3. Oktober an.", "Danach schwieg er."],
        ["متى وصل؟", "وصل أمس."],
        ["वह आया।", "फिर चला गया।"],
        ["共有五人参加（其中两人是学生。）会议。", "结束。"],
    ],
)
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    joiner = "" if parts[0][-1] in "。！？”」" or parts[0].endswith("。") else " "
    assert split(joiner.join(parts)) == parts


@given(st.text(alphabet=st.sampled_from("今天a B.。！?“”「」（）()…\n 3年、，é😀"), max_size=80))
def test_sentences_cover_everything_but_white_space_and_do_not_overlap(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[s.start : s.end].split()) for s in spans) == "".join(text.split())
    assert all(first.end <= second.start for first, second in itertools.pairwise(spans))
    assert all(s.start < s.end and text[s.start : s.end] == text[s.start : s.end].strip() for s in spans)
