"""The fast CPU engine: BERT-like sentence-transformers models on ONNX Runtime, without torch.

A model's graph is written once into the user's cache. What is not known to give the same vectors (other
architectures, other pooling, further layers) is left to sentence-transformers.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.cache import folder_in_cache
from embeddings.engine import Engine, States
from embeddings.graph import Shape, encoder_model
from embeddings.index import Vectors
from embeddings.pieces import PIECES, FewPieces, TokenizerLike, read_or_mend

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Raise it whenever the graphs written for the same weights change.
VERSION = 4
GRAPH, RECIPE, TOKENIZER = "encoder.onnx", "recipe.json", "tokenizer.json"
KINDS = {"bert": 0, "xlm-roberta": 1, "roberta": 1, "camembert": 1}
# A larger checkpoint makes a graph past protobuf's two gigabytes.
LARGEST = 1_900_000_000
DOCUMENT_PROMPTS = ("document", "passage", "corpus")


@dataclass(frozen=True)
class Recipe:
    """How a sentence-transformers model makes a vector of a text, from its own files."""

    shape: Shape
    first_token: bool
    most_tokens: int
    query: str
    document: str


def recipe_of(folder: Path) -> Recipe | None:
    """None where the model has anything that this engine does not do."""
    try:
        modules = _json(folder / "modules.json")
        kinds = [each["type"].rsplit(".", 1)[-1] for each in modules]
        if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or modules[0]["path"]:
            return None
        config, pooling = _json(folder / "config.json"), _json(folder / modules[1]["path"] / "config.json")
        options = _json(folder / "sentence_bert_config.json")
        first_token = _pooling(pooling)
        usual = config["model_type"] in KINDS and config["hidden_act"] == "gelu" and not options.get("do_lower_case")
        absolute = config.get("position_embedding_type", "absolute") == "absolute"
        size = (folder / "model.safetensors").stat().st_size
        if not usual or not absolute or first_token is None or size > LARGEST or not (folder / TOKENIZER).is_file():
            return None
        longest = int(_json(folder / "tokenizer_config.json").get("model_max_length") or 512)
        skipped = (int(config["pad_token_id"]) + 1) * KINDS[config["model_type"]]
        prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
        documents = [prompts.get(key) or "" for key in DOCUMENT_PROMPTS]
        return Recipe(
            Shape(config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"], skipped),
            first_token,
            min(options.get("max_seq_length") or longest, longest, config["max_position_embeddings"] - skipped),
            prompts.get("query") or "", next(filter(None, documents), ""),
        )  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, IndexError):
        return None


def _pooling(config: dict[str, Any]) -> bool | None:
    """Whether the first token stands for all (False: their mean); None for any other pooling."""
    # The mode by name, or (before sentence-transformers 5) a flag for each.
    named = config.get("pooling_mode") or [
        key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for key, chosen in config.items()
        if key.startswith("pooling_mode_") and chosen is True
    ]
    mode = named[0] if isinstance(named, list) and len(named) == 1 else named
    return {"cls": True, "mean": False}.get(mode) if isinstance(mode, str) and config.get("include_prompt", True) else None


def _json(file: Path) -> Any:
    return json.loads(file.read_text("utf8"))


def engine_folder(source: Path, recipe: Recipe) -> Path:
    """The folder of a model's graph, tokenizer and recipe in the user's cache, written on first use.

    Raises ModelError where it cannot be written.
    """
    stats = [(source / name).stat() for name in ("model.safetensors", TOKENIZER)]
    place = _digest(source.resolve())
    # Whatever of it is changed makes it another: weights, tokens, pooling, prompts.
    now = _digest(recipe, *((each.st_size, each.st_mtime_ns) for each in stats))
    # A model that was trained again leaves one behind for what it was before.
    return folder_in_cache(
        f"engine-{VERSION}-{place}-{now}", RECIPE, lambda made: _from_checkpoint(source, recipe, made), [f"engine-*-{place}-*"]
    )


def _digest(*parts: object) -> str:
    return sha1(" ".join(map(str, parts)).encode("utf8", "surrogateescape")).hexdigest()[:10]


def _from_checkpoint(source: Path, recipe: Recipe, folder: Path) -> None:
    from safetensors.numpy import load_file

    weights = {key.removeprefix("bert.").removeprefix("roberta."): value.astype(np.float32) for key, value in load_file(source / "model.safetensors").items()}
    write_engine(folder, encoder_model(weights, recipe.shape), recipe)
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)


def write_engine(folder: Path, model: Any, recipe: Recipe) -> None:
    """The graph (`encoder_model`) and the recipe; the tokenizer is for the caller to write."""
    (folder / GRAPH).write_bytes(model.SerializeToString())
    (folder / RECIPE).write_text(json.dumps(asdict(recipe)), "utf8")


class OnnxEncoder:
    """A model from its engine's folder: the vectors that sentence-transformers makes, sooner."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises ModelError where the folder is damaged."""
        self.name = name
        self.recipe = read_recipe(folder)
        self.dimension = self.recipe.shape.hidden
        self._folder = folder
        self._engine = Engine(folder / GRAPH)

    @property
    def tokenizer(self) -> TokenizerLike:
        """Raises ModelError where it is damaged."""
        return read_tokenizer(self._folder)

    @cached_property
    def max_tokens(self) -> int:
        # What the tokenizer adds (special tokens, prompt) around one token of text.
        added = len(self.tokenizer.encode(self.recipe.document + "a").ids) - 1
        return max(self.recipe.most_tokens - added, 1)

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1:
            self._engine.open_soon()  # while the tokenizer is read, which takes longer
        return self._encoded(texts, self.recipe.query)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoded(texts, self.recipe.document)

    def _encoded(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        most = self.recipe.most_tokens
        rows = []
        for each in self.tokenizer.encode_batch_fast([prompt + text for text in texts]) if texts else []:
            ids = np.array(each.ids, np.int64)
            # Too long: its end is cut off, but not the token that closes it.
            rows.append(ids if len(ids) <= most else np.append(ids[: most - 1], ids[-1]))

        def take(states: States, number: int) -> None:
            pooled = states[0] if self.recipe.first_token else states.mean(axis=0)
            if pooled.shape != (self.dimension,):
                raise self._engine.damaged(f"a vector has not {self.dimension} numbers")
            vectors[number] = pooled / max(float(np.linalg.norm(pooled)), 1e-12)

        self._engine.each(rows, take)
        if not np.isfinite(vectors).all():
            raise self._engine.damaged("a vector is no number")
        return vectors


def read_recipe(folder: Path) -> Recipe:
    def read() -> Recipe:
        content = _json(folder / RECIPE)
        return Recipe(**content | {"shape": Shape(**content["shape"])})

    return read_or_mend(folder, read)


@cache
def read_tokenizer(folder: Path) -> TokenizerLike:
    """The folder's tokenizer, one for all who ask (many threads may use it); nothing is cut or padded.

    Where the folder has a table of pieces, it is read whole only when much is cut. Raises ModelError where it is damaged.
    """
    if (folder / PIECES).is_file():
        return FewPieces(folder, lambda: whole_tokenizer(folder))
    return whole_tokenizer(folder)


@cache
def whole_tokenizer(folder: Path) -> "Tokenizer":
    """The same with all its pieces: large, and slow to read."""
    from tokenizers import Tokenizer

    tokenizer = read_or_mend(folder, lambda: Tokenizer.from_file(str(folder / TOKENIZER)))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
