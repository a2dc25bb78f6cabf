"""The fast engine gives the vectors that sentence-transformers gives, and leaves alone what it does not know."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import ModelError
from embeddings import load_encoder
from embeddings.bundled import model_folder, packaged_engine
from embeddings.eight_bits import EightBits, codes_of, smoothing, sums_saturate
from embeddings.encoder import SentenceTransformersEncoder
from embeddings.engine import ALONE, Engine, session_of
from embeddings.graph import BLOCK, Graph, Shape, encoder_model, four_bits_of, model_of
from embeddings.onnx import GRAPH, OnnxEncoder, recipe_of

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "桥", "长", "river", "bridge", "نهر", "ask", "give", ":", "км"]
TEXTS = ["桥 长", "river bridge river", "نهر", "unknown words", "", "river " * 90, "км 长 桥 bridge"]


def model(folder: Path, kind: str, pooling: str, further: bool = False) -> Path:
    """A small model with random weights, as sentence-transformers saves it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    base = folder / "base"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(base)
    config = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=70, type_vocab_size=2, pad_token_id=0, initializer_range=0.4,
    )  # fmt: skip
    AutoModel.from_config(config).save_pretrained(base)
    modules = [Transformer(str(base), max_seq_length=48), Pooling(64, pooling_mode=pooling)]
    modules += [Dense(64, 32)] if further else []
    SentenceTransformer(modules=modules, prompts={"query": "ask : ", "document": "give : "}).save(str(folder / "model"))
    return folder / "model"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YINJU_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def reference(folder: Path) -> SentenceTransformersEncoder:
    from embeddings.encoder import _load

    return SentenceTransformersEncoder(str(folder), _load(str(folder), local=True))


@pytest.mark.parametrize(("kind", "pooling"), [("bert", "mean"), ("bert", "cls"), ("xlm-roberta", "mean"), ("roberta", "cls")])
def test_a_model_gives_the_vectors_that_sentence_transformers_gives(kind: str, pooling: str, tmp_path: Path, cache: Path) -> None:
    folder = model(tmp_path, kind, pooling)
    fast, slow = load_encoder(str(folder)), reference(folder)
    assert isinstance(fast, OnnxEncoder) and fast.name == slow.name
    assert (fast.dimension, fast.max_tokens) == (slow.dimension, slow.max_tokens)
    assert np.allclose(fast.encode_queries(TEXTS), slow.encode_queries(TEXTS), atol=2e-5)
    assert np.allclose(fast.encode_passages(TEXTS * 20), slow.encode_passages(TEXTS * 20), atol=2e-5)
    assert [fast.count_tokens(text) for text in TEXTS] == [slow.count_tokens(text) for text in TEXTS]


@pytest.mark.parametrize(("kind", "pooling", "further"), [("bert", "max", False), ("bert", "mean", True), ("distilbert", "mean", False)])
def test_what_the_engine_does_not_know_is_left_to_sentence_transformers(
    kind: str, pooling: str, further: bool, tmp_path: Path, cache: Path
) -> None:
    folder = model(tmp_path, kind, pooling, further)
    assert recipe_of(folder) is None
    encoder = load_encoder(str(folder))
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert encoder.encode_queries(["桥"]).shape == (1, 32 if further else 64)


def test_a_model_that_was_trained_again_is_written_anew_in_the_place_of_the_old(tmp_path: Path, cache: Path) -> None:
    folder = model(tmp_path, "bert", "mean")
    before = load_encoder(str(folder)).encode_queries(["桥"])
    model(tmp_path, "bert", "mean")
    after = load_encoder(str(folder)).encode_queries(["桥"])
    assert not np.allclose(before, after, atol=1e-3)
    assert len([each for each in cache.iterdir() if each.is_dir()]) == 1


def test_other_prompts_of_the_same_weights_are_taken_up(tmp_path: Path, cache: Path) -> None:
    folder = model(tmp_path, "bert", "mean")
    before = load_encoder(str(folder)).encode_queries(["桥"])
    options = folder / "config_sentence_transformers.json"
    options.write_text(options.read_text("utf8").replace("ask : ", "river : "), "utf8")
    after = load_encoder(str(folder)).encode_queries(["桥"])
    assert not np.allclose(before, after, atol=1e-3)
    assert np.allclose(after, reference(folder).encode_queries(["桥"]), atol=2e-5)


def test_the_packaged_model_in_eight_bits_stays_with_its_own_float32() -> None:
    texts = ["桥长三公里，由市政局修建。", "Who built the bridge?", "من بنى الجسر؟", "Когда открыли линию?", "長" * 700, "a"]
    fast, slow = load_encoder(), reference(model_folder())
    for one, other in ((fast.encode_queries, slow.encode_queries), (fast.encode_passages, slow.encode_passages)):
        assert (one(texts) * other(texts)).sum(1).min() > 0.999
    assert fast.max_tokens == slow.max_tokens
    assert [fast.count_tokens(text) for text in texts] == [slow.count_tokens(text) for text in texts]


INDEX = """
import sys
from pathlib import Path
from corpus import Library
from rag import index_paths
from embeddings import load_encoder
encoder = load_encoder()
with Library.create(Path(sys.argv[1]), encoder.name, encoder.dimension) as library:
    index_paths([Path(sys.argv[2])], library, encoder)
"""
ASK = """
import sys
from rag import Assistant
with Assistant.open(sys.argv[1]) as assistant:
    assert assistant.ask("桥有多长？").answered
"""
HEAVY = {"torch", "transformers", "sentence_transformers", "sklearn", "gradio", "pandas", "pymilvus", "grpc", "ray"}


def test_indexing_and_asking_need_neither_torch_nor_transformers(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("白鹭大桥于2019年通车。\n\n大桥全长三公里，由市政局修建。", "utf8")
    # The first question ever asked unpacks the reader.
    for script, heavy in ((INDEX, HEAVY), (ASK, HEAVY), (ASK, HEAVY | {"onnx", "langchain_text_splitters", "corpus.readers"})):
        counted = f"{script}\nheavy = {heavy} & set(sys.modules)\nassert not heavy, heavy"
        command = [sys.executable, "-c", counted, str(tmp_path / "library"), str(tmp_path / "one.txt")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


ENDING = """
import sys
from embeddings import load_encoder
from embeddings.bundled import packaged_engine
from embeddings.engine import ALONE, Engine
from embeddings.onnx import GRAPH
if sys.argv[1] == "opening":
    Engine(packaged_engine() / GRAPH).open_soon()
else:
    encoder = load_encoder()
    for number in range(ALONE):
        encoder.encode_queries([str(number)])
"""


@pytest.mark.parametrize("moment", ["opening", "opening the second"])
def test_a_process_may_end_while_a_session_is_opened(moment: str) -> None:
    """`yinju ask` was aborted (status 134) after it had answered, where it ended just then."""
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", ENDING, moment], capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_damaged_graph_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / GRAPH).write_bytes(b"not a graph")
    for name in ("recipe.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((packaged_engine() / name).read_bytes())
    with pytest.raises(ModelError, match="delete it and ask again"):
        OnnxEncoder("bundled", tmp_path).encode_queries(["桥"])
    (tmp_path / "recipe.json").write_text("{}")
    with pytest.raises(ModelError, match="is damaged"):
        OnnxEncoder("bundled", tmp_path)


def test_a_texts_vector_does_not_depend_on_what_is_embedded_with_it() -> None:
    texts = ["桥长三公里，由市政局修建。", "Who built the bridge?", "长" * 300, "", "Когда открыли линию?"]
    encoder = load_encoder()
    assert np.array_equal(encoder.encode_passages(texts), np.concatenate([encoder.encode_passages([each]) for each in texts]))


def small(seed: int) -> tuple[dict[str, np.ndarray], Shape]:
    """A network of two layers with random weights, one of whose channels is always large."""
    random = np.random.default_rng(seed)
    names = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]
    sizes = {**dict.fromkeys(names, (64, 64)), "intermediate.dense": (96, 64), "output.dense": (64, 96)}
    weights = {f"embeddings.{name}_embeddings.weight": random.normal(size=(rows, 64)) for name, rows in (("word", 50), ("position", 40), ("token_type", 2))}
    layers = [f"encoder.layer.{layer}" for layer in (0, 1)]
    for layer in layers:
        for name, size in sizes.items():
            weights |= {f"{layer}.{name}.weight": random.normal(size=size) / 8, f"{layer}.{name}.bias": random.normal(size=size[0])}
    for name in ("embeddings", *(f"{layer}.{each}output" for layer in layers for each in ("", "attention."))):
        weights |= {f"{name}.LayerNorm.weight": np.ones(64), f"{name}.LayerNorm.bias": 30.0 * (np.arange(64) == 5)}
    return {name: value.astype(np.float32) for name, value in weights.items()}, Shape(2, 4, 64, 1e-12)


def test_channels_that_are_always_large_are_smoothed_so_that_eight_bits_suffice(tmp_path: Path) -> None:
    weights, shape = small(1)
    given = [np.random.default_rng(2).integers(0, 50, 30)]

    def states(products: EightBits | None) -> np.ndarray:
        file = tmp_path / "one.onnx"
        file.write_bytes(encoder_model(weights, shape, products).SerializeToString())
        return Engine(file).each(given, lambda states, _: states)[0]

    exact = states(None)
    errors = [np.abs(states(EightBits(sums_saturate(), factors)) - exact).mean() for factors in (smoothing(weights, shape), {})]
    assert errors[0] < 0.6 * errors[1]
    assert errors[0] < 0.02 * exact.std()


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 3))
def test_a_table_that_came_in_four_bits_is_kept_in_them_exactly(seed: int, rows: int, blocks: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 16, (rows, blocks, BLOCK)).astype(np.float32)
    codes[..., random.integers(BLOCK)] = 0
    scales = random.normal(size=(rows, blocks, 1)).astype(np.float16).astype(np.float32)
    matrix = (scales * (codes - 8)).reshape(rows, blocks * BLOCK)
    coded = four_bits_of(matrix)
    assert coded is not None
    packed, found = coded
    back = np.stack([packed & 15, packed >> 4], axis=-1).reshape(rows, blocks, BLOCK).astype(np.float32)
    assert np.array_equal((found[..., None] * (back - 8)).reshape(matrix.shape), matrix)
    assert four_bits_of(matrix + random.normal(size=matrix.shape).astype(np.float32)) is None
    assert four_bits_of(matrix[:, 1:]) is None


@given(st.integers(0, 2**32), st.booleans())
def test_codes_are_off_by_half_a_step_of_their_row_at_most_and_neighbours_fit_in_sixteen_bits(seed: int, pairs: bool) -> None:
    random = np.random.default_rng(seed)
    matrix = (random.normal(size=(3, 2 * BLOCK)) * random.choice([1, 1, 20], (3, 2 * BLOCK))).astype(np.float32)
    matrix[1] = 0
    codes, scales = codes_of(matrix, pairs)
    assert (np.abs(scales[:, None] * codes - matrix) <= 0.501 * scales[:, None]).all()
    if pairs:
        # The most that two neighbours give: 255 where the sign is the one, 0 where it is the other.
        twos = codes.astype(int).reshape(3, -1, 2)
        assert (255 * np.maximum(twos, 0).sum(-1)).max() < 2**15
        assert (255 * np.minimum(twos, 0).sum(-1)).min() >= -(2**15)


def test_one_text_on_several_threads_gives_the_states_that_it_gives_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.engine.cores", lambda: 3)
    engine = Engine(packaged_engine() / GRAPH)
    random = np.random.default_rng(4)
    rows = [random.integers(5, 250_000, tokens) for tokens in (1, 9, 70, 300)]
    one_thread = engine.each(rows, lambda states, _: states)
    may_open = threading.Event()

    def opened_late(file: Path, threads: int) -> object:
        may_open.wait(30)
        return session_of(file, threads)

    monkeypatch.setattr("embeddings.engine.session_of", opened_late)
    for _ in range(ALONE):
        assert np.array_equal(engine.each(rows[:1], lambda states, _: states)[0], one_thread[0])
    may_open.set()
    for _ in range(1000):
        time.sleep(0.01)
        if engine._together is not None:
            break
    assert engine._together is not None
    for row, expected in zip(rows, one_thread, strict=True):
        assert np.array_equal(engine.each([row], lambda states, _: states)[0], expected)


@pytest.mark.parametrize("tokens", [1, 2, 3, 7, 64])
def test_this_machine_multiplies_such_codes_exactly(tokens: int) -> None:
    random = np.random.default_rng(3)
    codes, _ = codes_of((random.normal(size=(48, 384)) * random.choice([1, 30], (48, 384))).astype(np.float32), sums_saturate())
    # Of every row the bytes that bring its neighbours' sums to their ends.
    given = np.concatenate([255 * (sign * codes > 0) for sign in (1, -1)])[:tokens].astype(np.uint8)
    graph = Graph()
    graph.node("MatMulInteger", ["codes", graph.tensor("weight", codes.T)], "sums")
    model = model_of(graph, {"codes": ("uint8", ["n", 384])}, {"sums": ("int32", ["n", 48])})
    (sums,) = session_of(model.SerializeToString()).run(None, {"codes": given})
    assert np.array_equal(sums, given.astype(int) @ codes.T.astype(int))
