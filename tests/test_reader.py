"""Which words answer: from tokens to exact characters, in every script."""

import hashlib
import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Block, Document, Passage, Sentence, split_sentences
from corpus.errors import ModelError
from embeddings import load_encoder
from embeddings.bundled import packaged_engine
from embeddings.onnx import whole_tokenizer
from rag.reader import Candidate, Reading
from rag.reader.closeness import ACROSS, WITHIN, Closeness, looked_again, packaged_closeness
from rag.reader.data import Paragraph, part_of, read_about, read_stories
from rag.reader.scoring import Scorer, packaged_scorer
from rag.reader.spans import spans, tidied, words_of
from rag.reader.switching import Switcher
from rag.reader.train import without
from rag.reader.trained import LONGEST, CrossEncoder
from rag.reader.weights import load_weights, save_weights
from rag.reader.windows import batched, covering, sentence_bounds, tokenized

SCRIPTS = "abcXYZéßñ çãőŁ ﬁ㎏①Ⅳｱｲｳガハバ한글각 中文繁體鬱𠮷々〇ー、。「」“”，：；！？ АбвЁё العربيةُلَا هندי हिन्दी ไทยำ தமிழ் ½²℃™…—–\u00a0\u3000\u200b\n\t 0123456789٠١٢０１２.,%$€"
texts = st.text(alphabet=st.one_of(st.sampled_from(SCRIPTS), st.characters(exclude_categories=("Cs",))), min_size=1, max_size=60).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@pytest.fixture(scope="module")
def tokenizer():
    return whole_tokenizer(packaged_engine())


@given(texts, st.data())
@settings(max_examples=300, deadline=None)
def test_the_characters_of_any_tokens_read_as_those_tokens(tokenizer, text, data):
    (tokens,) = tokenized(tokenizer, [text])
    if not len(tokens):
        return
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    span = words_of(tokens.offsets, first, last, 0)
    assert 0 <= span.start <= span.end <= len(text)
    normalised = tokenizer.normalizer.normalize_str
    pieces = [tokenizer.id_to_token(int(each)) for each in tokens.ids[first : last + 1]]
    if "<unk>" not in pieces:
        # A character that becomes several (㎏, ½) is whole in every token that has a part of it.
        whole = normalised(text[span.start : span.end])
        assert "".join("".join(pieces).replace("▁", "").split()) in "".join(whole.split())
    # What is between two tokens is white space or nothing that the tokenizer reads.
    for before, after in zip(tokens.offsets, tokens.offsets[1:], strict=False):
        assert before[0] <= after[0] and before[1] <= after[1]
        assert not normalised(text[before[1] : after[0]]).strip() or after[0] < before[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ＧＤＰ増加㍿ トヨタ、㎏で量る。", "トヨタ"),
        ("Die Straße ﬁndet man in München.", "München"),
        ("وُلِدَ ابن سينا في أفشنة.", "أفشنة"),
        ("भारत की राजधानी नई दिल्ली है।", "नई दिल्ली"),
        ("他於①九八三年生於臺北。", "臺北"),
    ],
)
def test_an_answer_is_found_again_from_its_tokens(tokenizer, text, words):
    (tokens,) = tokenized(tokenizer, [text])
    start = text.index(words)
    touched = covering(tokens, start, start + len(words))
    assert touched is not None
    span = words_of(tokens.offsets, *touched, 0)
    assert words in text[span.start : span.end] and len(text[span.start : span.end]) <= len(words) + 2


@pytest.mark.parametrize(
    ("words", "tidy"),
    [
        ("（1983年", "1983年"),
        ("1983年）", "1983年"),
        ("“以人为本”", "“以人为本”"),
        ("“以人为本", "以人为本"),
        ("，北京。", "北京"),
        ("《红楼梦》", "《红楼梦》"),
        ("Martin Luther King Jr.", "Martin Luther King Jr"),
        ("the U.S.", "the U.S."),
        ("12 % (2019)", "12 % (2019)"),
        ("(2019) 12 %", "(2019) 12 %"),
        ("»Faust«", "»Faust«"),
        ("，。", None),
    ],
)
def test_marked_words_have_no_stray_edges(words, tidy):
    text = f"前{words}后"
    span = tidied(text, Sentence(1, 1 + len(words)))
    assert (text[span.start : span.end] if span else None) == tidy


def test_the_best_span_of_each_sentence_and_how_likely_it_answers():
    scores = np.array([[0, 0], [5, 1], [1, 4], [0, 0], [2, 2]], np.float32)
    first, second = spans(scores, 1.0, [(0, 3), (3, 5)])
    assert (first.first, first.last, first.best) == (1, 2, 7.0)
    assert (second.first, second.last, second.best) == (4, 4, 2.0)
    assert first.mass > first.best and second.mass > second.best


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30))
def test_no_span_is_better_than_the_best(pairs):
    scores = np.array(pairs, np.float32)
    (found,) = spans(scores, 0.0, [(0, len(pairs))])
    every = [scores[a, 0] + scores[b, 1] for a in range(len(pairs)) for b in range(a, len(pairs))]
    assert found.best == pytest.approx(max(every), abs=1e-4)


def candidate(text: str, title: str = "", score: float = 0.8) -> Candidate:
    document = Document("one.txt", title, text, (Block("paragraph", 0, len(text)),))
    return Candidate(Passage(len(text), document.id, 0, len(text)), document, tuple(split_sentences(document)), score)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory) -> Scorer:
    random = np.random.default_rng(1)
    heads = {
        "spans.weight": random.normal(size=(2, 384)), "spans.bias": np.zeros(2),
        "null.weight": random.normal(size=(1, 384)), "null.bias": np.zeros(1),
    }  # fmt: skip
    file = tmp_path_factory.mktemp("untrained") / "w.safetensors"
    save_weights(file, {name: tensor.astype(np.float32) for name, tensor in heads.items()}, {})
    return Scorer.load(file)


def test_every_reading_is_words_inside_its_sentence(untrained):
    reader = CrossEncoder(untrained, thorough=True)
    long = "".join(f"第{n}段说，河水在{n}日上涨了{n}米，人们搬到了高处。" for n in range(60))
    given_ = [candidate(long, "洪水"), candidate("The river rose. It fell again (in May).", "Flood")]
    assert len(tokenized(untrained.tokenizer, [long])[0]) > LONGEST
    readings = reader.read("河水上涨了多少？", np.zeros(384, np.float32), given_)
    assert {each.sentence for each in readings if each.candidate == 0} == set(given_[0].sentences)
    assert {each.sentence for each in readings if each.candidate == 1} == set(given_[1].sentences)
    for each in readings:
        assert each.sentence.start <= each.answer.start < each.answer.end <= each.sentence.end
    assert [each.score for each in readings] == sorted((each.score for each in readings), reverse=True)


def test_many_questions_are_read_as_one_by_one(untrained):
    reader = CrossEncoder(untrained)
    given_ = [candidate("甲市在北方。人口三百万。", "甲市"), candidate("乙县在南方，有一条很长的河，河边是山。", "乙县")]
    vector = np.zeros(384, np.float32)
    asked = [(question, vector, given_) for question in ("甲市在哪里？", "Where is the long river of Yi county?")]
    for together, (question, _, _) in zip(reader.read_many(asked), asked, strict=True):
        alone = reader.read(question, vector, given_)
        assert [(each.candidate, each.sentence, each.answer) for each in together] == [(each.candidate, each.sentence, each.answer) for each in alone]
        assert [each.score for each in together] == pytest.approx([each.score for each in alone], abs=1e-3)


class Counting:
    """The packaged network, and how many windows it was given."""

    def __init__(self) -> None:
        self._scorer = packaged_scorer()
        self.tokenizer = self._scorer.tokenizer
        self.windows = 0

    def score(self, pairs):
        self.windows += len(pairs)
        return self._scorer.score(pairs)


LIBRARY = candidate("城南图书馆于1987年建成。馆内有藏书四十万册。", score=0.95)
OTHERS = [candidate(text, score=0.8) for text in ("这座桥全长三百米。", "市场每天早上六点开门。", "博物馆周一闭馆。", "新线路有十九座车站。")]


@pytest.mark.parametrize(
    ("question", "candidates", "windows"),
    [
        ("城南图书馆是哪一年建成的？", [LIBRARY, *OTHERS], 1),
        # The others are as near: any of them may answer, and the best does.
        ("城南图书馆是哪一年建成的？", [*OTHERS, candidate(LIBRARY.document.text, score=0.8)], 5),
        # Nothing answers, so that all must be read to know it.
        ("谁设计了市政府大楼？", [LIBRARY, *OTHERS], 5),
        # Several things are asked for, which may stand in several places.
        ("城南图书馆有哪些特点？", [LIBRARY, *OTHERS], 5),
    ],
)
def test_no_more_is_read_than_is_needed_to_know_the_best(question, candidates, windows):
    scorer = Counting()
    readings = CrossEncoder(scorer).read(question, np.zeros(1, np.float32), candidates)
    assert scorer.windows == windows
    best = CrossEncoder(scorer, thorough=True).read(question, np.zeros(1, np.float32), candidates)[0]
    assert (readings[0].candidate, readings[0].answer) == (best.candidate, best.answer)
    assert readings[0].score == pytest.approx(best.score, abs=1e-3)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(0.7, 0.95)), min_size=1, max_size=8), st.booleans())
def test_a_second_look_orders_the_best_readings_by_their_closeness_too(read, far):
    read = sorted(read, reverse=True)
    text = "".join(chr(0x4E00 + number) for number in range(len(read)))
    document = Document("one", "", text, (Block("paragraph", 0, len(text)),))
    places = [Sentence(number, number + 1) for number in range(len(read))]
    candidates = [Candidate(Passage(1, document.id, 0, len(text)), document, tuple(places), 0.9, far=far)]
    of = ACROSS if far else WITHIN
    readings = [Reading(0, place, place, score, (score, score)) for place, (score, _) in zip(places, read, strict=True)]
    near = {character: value for character, (_, value) in zip(text, read, strict=True)}
    embedded = []

    def embed(sentences):
        embedded.extend(sentences)
        return np.array([[near[each], (1 - near[each] ** 2) ** 0.5] for each in sentences], np.float32)

    unturned = Closeness(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32))
    (looked,) = looked_again([("？", np.array([1, 0], np.float32), candidates)], [readings], embed, unturned)
    assert sorted(embedded) == sorted(text[: of.looked])
    assert {each.sentence for each in looked} == set(places)
    assert [each.score for each in looked] == sorted((each.score for each in looked), reverse=True)
    farthest = min(value for _, value in read[: of.looked])
    worth = [score + of.close * ((value if number < of.looked else farthest) - farthest) for number, (score, value) in enumerate(read)]
    assert [each.score for each in looked] == pytest.approx(sorted(worth, reverse=True), abs=1e-3)


@pytest.mark.parametrize("question, answers, shares_words", [
    ("大桥是哪一年封闭的？", "1987年3月起停止通行，次年恢复。", "大桥承担了全城大部分的交通。"),
    ("这项工程花了多少钱？", "总投资三点二亿元，由市财政承担。", "工程由市长主持开工仪式，市民到场观看。"),
    ("كم بلغت تكلفة المشروع؟", "أُنفق على البناء ثلاثة ملايين دينار.", "افتتح المشروع رئيس البلدية بحضور جمهور كبير."),
    ("When was the bridge closed to traffic?", "It shut for repairs in March 1987 and reopened a year later.", "The bridge carries most of the traffic of the city."),
    ("¿Cuánto costó la obra?", "Se invirtieron 3,2 millones de euros en total.", "La obra fue inaugurada por la alcaldesa ante numeroso público."),
    ("Кто руководил экспедицией?", "Во главе отряда стоял капитан Седов.", "Экспедиция была снаряжена на средства города."),
    ("Wer leitete den Bau?", "Architekt war Otto Wagner aus Wien.", "Der Bau dauerte sieben Jahre und war teuer."),
])  # fmt: skip
def test_the_matrices_bring_what_answers_nearer_than_what_only_shares_words(question, answers, shares_words):
    encoder = load_encoder()
    (asked,) = encoder.encode_queries([question])
    sentences = encoder.encode_passages([answers, shares_words])
    near, far = packaged_closeness().of(asked, sentences)
    assert near - far > max(0.0, float((sentences[0] - sentences[1]) @ asked)) + 0.001


def test_weights_come_back_nearly_as_they_were_and_small(tmp_path):
    normal = np.random.default_rng(1).standard_normal
    base = {"a": normal((64, 32), np.float32), "b": normal(64, np.float32)}
    trained = {"a": base["a"] + normal((64, 32), np.float32) / 50, "b": base["b"] + 0.1, "head": normal((2, 8), np.float32)}
    save_weights(tmp_path / "w.safetensors", trained, base)
    back = load_weights(tmp_path / "w.safetensors", base)
    assert np.abs(back["a"] - trained["a"]).max() < 0.0005
    assert np.allclose(back["b"], trained["b"]) and np.array_equal(back["head"], trained["head"])


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_damaged_weights_are_named(tmp_path: Path, content: bytes):
    file = tmp_path / "w.safetensors"
    file.write_bytes(content)
    if content.endswith(b"{}      "):
        assert load_weights(file, {}) == {}
        return
    with pytest.raises(ModelError, match=r"w\.safetensors cannot be read"):
        load_weights(file, {})


def test_weights_of_another_encoder_are_refused(tmp_path):
    save_weights(tmp_path / "w.safetensors", {"a": np.ones((4, 4), np.float32)}, {"a": np.zeros((4, 4), np.float32)})
    with pytest.raises(ModelError, match="another encoder"):
        load_weights(tmp_path / "w.safetensors", {"a": np.zeros((8, 4), np.float32)})


def test_words_put_in_from_another_language_leave_the_answer_where_it_is():
    switcher = Switcher(
        {"de": {"river": ["Fluss"], "long": ["sehr lang"]}},
        {"zh": {"河": ["river"], "很长": ["long"]}},
        {"周": "zhou", "星": "xing", "驰": "chi", "株": "zhu", "洲": "zhou", "市": "shi"},
    )
    from random import Random

    text, spans_ = switcher.switch("The river is long, 12 km.", [(19, 24)], "en", "de", 1.0, Random(1))
    assert text == "The Fluss is sehr lang, 12 km." and [text[a:b] for a, b in spans_] == ["12 km"]
    text, spans_ = switcher.switch("这条河很长，有12公里。", [(7, 11)], "zh", "en", 1.0, Random(1))
    assert "river" in text and "long" in text and [text[a:b] for a, b in spans_] == ["12公里"]
    text, spans_ = switcher.switch("周星驰在株洲市过河。", [(7, 8)], "zh", "en", 1.0, Random(1))
    assert "Zhou Xingchi" in text and "Zhuzhou" in text and [text[a:b] for a, b in spans_] == ["过"]


def test_a_paragraph_without_its_answer_keeps_every_other_sentence():
    text = "The dam was built in 1931. It is 40 m high. Work began in 1931 and cost much. Nobody lives below it any more."
    paragraph = Paragraph(text, "Dam", "en")
    left = without(paragraph, ((21, 25),))
    assert left is not None and left.text == "It is 40 m high. Nobody lives below it any more."
    assert without(Paragraph("Short. Too short.", "", "en"), ((0, 5),)) is None


def test_windows_hold_question_and_passage_side_by_side(tokenizer):
    question, passage = tokenized(tokenizer, ["query: 谁？", "王先生来了。他走了。"])
    batch = batched(tokenizer, [(question, passage), (question, passage.part(0, 2))])
    assert batch.ids.shape == batch.attention.shape == batch.passage.shape
    assert list(batch.ids[0][batch.passage[0]]) == list(passage.ids)
    assert batch.attention[1].sum() == batch.attention[0].sum() - (len(passage) - 2)
    bounds = sentence_bounds("王先生来了。他走了。", passage)
    assert bounds[0][0] == 0 and bounds[-1][1] == len(passage) and bounds[0][1] == bounds[1][0]


def test_a_paragraph_is_always_of_one_part():
    parts = [part_of(f"段落 {n}") for n in range(2000)]
    assert 0.15 < parts.count("measure") / 2000 < 0.25 and 0.03 < parts.count("aside") / 2000 < 0.11
    assert part_of("段落 1") == part_of("段落 1")


def test_questions_of_ours_about_texts_elsewhere_find_them_by_their_hash(tmp_path):
    (tmp_path / "stories.txt").write_text("[ 2023-08-01 ] 桥长三公里，由市政局修建。\n\n另一条新闻。\n", "utf8")
    stories = [each for part in ("train", "aside", "measure") for each in read_stories([tmp_path / "stories.txt"], part)]
    assert sorted(each.text for each in stories) == ["[ 2023-08-01 ] 桥长三公里，由市政局修建。", "另一条新闻。"]
    bridge = next(each for each in stories if "桥" in each.text)
    sha1 = hashlib.sha1(bridge.text.encode()).hexdigest()
    asked = [
        {"sha1": sha1, "language": "en", "question": "Who built the bridge?", "answer": "市政局"},
        {"sha1": sha1, "language": "zh", "question": "桥花了多少钱？", "answer": None},
        {"sha1": sha1, "language": "zh", "question": "桥有几公里？", "answer": "两公里"},
        {"sha1": "0" * 40, "language": "zh", "question": "谁修了桥？", "answer": "市政局"},
    ]
    (tmp_path / "asked.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf8")
    first, second = read_about([tmp_path / "asked.jsonl"], stories)
    assert [bridge.text[start:end] for start, end in first.answers] == ["市政局"] and first.language == "en"
    assert second.answers == () and second.paragraph == bridge
