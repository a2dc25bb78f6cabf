"""The adapter for passages in another script than the question: what it turns, and which passages it is for."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from corpus import Document, Library
from corpus.document import Block
from corpus.errors import ModelError
from embeddings import FaissIndex, load_encoder
from rag import Assistant, adapter, index_documents
from rag.adapter import Adapter, load_adapter
from rag.words import is_unspaced, passage_terms
from tests.test_retrieve import number_of

TEXTS = {
    "zh": "合川高新区目前聚集关联企业122家，去年产值超过三百亿元。",
    "zh-Hant": "臺灣大學於一九二八年成立，校園位於臺北市。",
    "ja": "東京タワーは1958年に完成した。高さは333メートルである。",
    "ko": "서울에서 열린 회의에는 사십 명이 참석했습니다. 회의는 사흘 동안 계속되었습니다.",
    "en": "The bridge was opened in 1937, and a toll of 50 cents was charged.",
    "es": "El puente fue inaugurado en 1937 y costó dos millones de pesos.",
    "ru": "Мост был открыт в 1937 году, и за проезд брали плату.",
    "ar": "افتتح الجسر في عام 1937 وكان المرور عليه مقابل رسوم.",
    "en with a name": "The magazine is called 大的世界 and was founded in Hong Kong by a group of students.",
    "zh figures": "地区: 合川; 2021年: 334; 2022年: 365; 2023年: 411; 增长率: 5.2%",
    "zh with a name": "他在The New York Times上发表了文章，是一位有名的记者。",
}
UNSPACED = {"zh", "zh figures", "zh-Hant", "ja", "ko", "zh with a name"}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder, encoder = tmp_path_factory.mktemp("adapter"), load_encoder()
    with Library.create(folder, encoder.name, encoder.dimension) as library:
        documents = [Document(name, "", text, (Block("paragraph", 0, len(text)),)) for name, text in TEXTS.items()]
        index_documents(documents, library, encoder)
    return Assistant.open(folder, encoder)


def stored(assistant, passages):
    """The indexed vectors of passages."""
    return assistant.search.opened.index.vectors(np.array([number_of(assistant.library, each) for each in passages]))


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_turned_vector_is_of_unit_length(count, seed):
    vectors = np.random.default_rng(seed).normal(size=(count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    packaged = load_adapter("bundled")
    assert packaged is not None
    turned = packaged.adapted(vectors)
    assert turned.dtype == np.float32
    assert_allclose(np.linalg.norm(turned, axis=1), 1, rtol=1e-5)
    assert_allclose(packaged.adapted(vectors[0]), turned[0], atol=1e-6)


def test_nothing_learnt_turns_nothing():
    vectors = load_encoder().encode_queries(["谁主持了会议？"])
    assert_allclose(Adapter(np.zeros((384, 384), np.float32)).adapted(vectors), vectors, atol=1e-6)


def test_a_model_of_the_users_own_has_no_adapter():
    assert load_adapter("/models/mine") is None


def test_a_damaged_adapter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "adapter.safetensors").write_bytes(b"no tensors")
    monkeypatch.setattr(adapter, "MATRIX", tmp_path / "adapter.safetensors")
    adapter._packaged.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"adapter\.safetensors cannot be read .* reinstall"):
            load_adapter("bundled")
    finally:
        adapter._packaged.cache_clear()


def test_passages_are_told_apart_by_their_script(assistant):
    names = {each.passage.id: each.document.name for each in assistant.candidates("?", np.eye(384, dtype=np.float32)[0], 20)}
    for unspaced, expected in ((True, UNSPACED), (False, TEXTS.keys() - UNSPACED)):
        numbers = np.flatnonzero(assistant.search.lexical.in_script(unspaced))
        assert {names[each] for number in numbers for each in assistant.library.vectors.passages(int(number), 9)} == expected


@pytest.mark.parametrize(
    ("text", "unspaced"),
    [
        ("有多少企业？", True),
        ("How many companies?", False),
        ("Who published the magazine 大的世界 in Hong Kong?", False),
        ("iPhone 15在中国卖多少钱？", True),
        ("地区: 合川; 2021年: 334; 2022年: 365; 2023年: 411; 增长率: 5.2%", True),
        ("2023?", None),
        ("？！", None),
        ("สะพานแห่งนี้เปิดเมื่อปีใด", True),
    ],
)
def test_the_script_of_a_text_is_that_of_most_of_its_words(text, unspaced):
    assert is_unspaced(text) is unspaced
    assert passage_terms(text).unspaced == bool(unspaced)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from((0.05, 0.5, 0.95)))
@settings(max_examples=60, deadline=None)
def test_the_nearest_of_one_side_are_found_however_many_are_on_the_other(seed, count, share):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(80, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.sort(random.choice(np.arange(1, 200), 80, replace=False)).astype(np.int64)
    index = FaissIndex.empty(8)
    index.add(ids, vectors)
    side = random.random(200) < share
    allowed = side[ids]
    scores = vectors[allowed] @ vectors[0]
    expected = ids[allowed][np.argsort(-scores, kind="stable")][:count]
    assert index.scan(vectors[0], count, side)[0].tolist() == expected.tolist()


@pytest.mark.parametrize("question", ["How many related companies are in the high-tech zone?", "大桥是哪一年通车的？", "Когда открыли мост?"])
def test_each_passage_is_scored_by_the_vector_for_its_script(assistant, question):
    vector = assistant.encoder.encode_queries([question])[0]
    packaged = load_adapter("bundled")
    turned, offset = packaged.adapted(vector), packaged.spaced if is_unspaced(question) else packaged.unspaced
    hits = assistant.hits(question, vector, 20)
    assert len(hits) == len(TEXTS)
    names = {each.passage.id: each.document.name for each in assistant.candidates(question, vector, 20)}
    rows = stored(assistant, [each.id for each in hits])
    for hit, row in zip(hits, rows, strict=True):
        far = (names[hit.id] in UNSPACED) != is_unspaced(question)
        cosine = float(row @ turned) * packaged.slope + offset if far else float(row @ vector)
        assert hit.far == far and hit.cosine == pytest.approx(cosine, abs=2e-3)


def test_without_an_adapter_every_cosine_is_that_of_the_question_itself(assistant):
    question = "How many related companies are in the high-tech zone?"
    vector = assistant.encoder.encode_queries([question])[0]
    kept, assistant.search.adapter = assistant.search.adapter, None
    try:
        hits = assistant.hits(question, vector, 20)
        rows = stored(assistant, [each.id for each in hits])
        assert_allclose([each.cosine for each in hits], rows @ vector, atol=2e-3)
    finally:
        assistant.search.adapter = kept
