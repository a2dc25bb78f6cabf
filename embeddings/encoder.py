"""Encoders: questions and passages to unit vectors, by any sentence-transformers model."""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from embeddings.bundled import packaged_engine
from embeddings.onnx import OnnxEncoder, engine_folder, recipe_of
from embeddings.remembered import remembering

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
BUNDLED = "bundled"
# Padding wastes more than small batches do on a CPU (measured: 8, 16 and 32 are within 3%).
BATCH = 16
# On a GPU large ones fill it; not measured here, where there is none.
GPU_BATCH = 256
# Files of weights that are unpickled when they are loaded.
PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle", "*.joblib")


class Encoder(Protocol):
    """Text to rows of unit length. `name` is what loads the same encoder again."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a passage the model reads, its prompt and special tokens left out."""
        ...

    def count_tokens(self, text: str) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32 rows of unit length."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32 rows of unit length."""
        ...


def load_encoder(name: str = BUNDLED, remember: bool = False) -> Encoder:
    """The encoder of that name: `bundled`, a folder, or a name that sentence-transformers knows.

    With `remember`, vectors that this machine made before are found again (`embeddings.remembered`). Raises ModelError where there is no such model.
    """
    # Without this a model on disk may still ask its hub for news.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if name == BUNDLED:
        return _on_onnx(BUNDLED, packaged_engine(), remember)
    if Path(name).exists():
        folder = Path(name).resolve()
        recipe = recipe_of(folder)
        if recipe is not None:
            return _on_onnx(str(folder), engine_folder(folder, recipe), remember)
        return SentenceTransformersEncoder(str(folder), _load(name, local=True))
    return SentenceTransformersEncoder(name, _load(name, local=False))


def load_on_gpu(name: str = BUNDLED, device: str = "cuda") -> Encoder:
    """The encoder of that name on a GPU, by sentence-transformers in bfloat16: of vectors within about 0.001 (cosine) of the others.

    Raises ModelError where there is no such model, or no GPU that torch can use.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError("torch finds no GPU on a worker that was given one; install a torch for CUDA there, or take CPU workers")
    from embeddings.bundled import model_folder

    folder = model_folder() if name == BUNDLED else Path(name).resolve() if Path(name).exists() else None
    model = _load(str(folder or name), folder is not None, device, {"dtype": torch.bfloat16})
    return SentenceTransformersEncoder(BUNDLED if name == BUNDLED else str(folder or name), model, GPU_BATCH)


def _on_onnx(name: str, engine: Path, remember: bool) -> Encoder:
    encoder = OnnxEncoder(name, engine)
    # An engine's folder is named after the weights that it was written from.
    return remembering(encoder, engine.name) if remember else encoder


class SentenceTransformersEncoder:
    """A sentence-transformers model, with its own prompts, dimension and maximum length."""

    def __init__(self, name: str, model: "SentenceTransformer", batch: int = BATCH) -> None:
        self.name = name
        self._model = model
        self._batch = batch
        # The tokenizer may not be used by two threads at once; the page has many.
        self._lock = threading.Lock()
        self.dimension = int(model.get_embedding_dimension() or self.encode_queries(["?"]).shape[1])
        self.max_tokens = self._room()

    def _room(self) -> int:
        limit = self._model.max_seq_length or 512
        prompts = [self._model.prompts.get(key) or "" for key in ("document", "passage", "corpus")]
        prompt = max(prompts, key=len)
        # What the tokenizer adds (special tokens, prompt) around one token of text.
        added = self._tokens(prompt + "a", special=True) - 1
        # A model of static vectors reads any length: its limit is infinite.
        return max(int(min(limit, 1_000_000)) - added, 1)

    def _tokens(self, text: str, special: bool) -> int:
        tokenizer = self._model.tokenizer
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is not None:
            # Straight to the Rust tokenizer: the wrapper warns and truncates.
            backend.no_truncation()
            backend.no_padding()
            return len(backend.encode(text, add_special_tokens=special).ids)
        return len(tokenizer.encode(text, add_special_tokens=special))

    def count_tokens(self, text: str) -> int:
        with self._lock:
            return self._tokens(text, special=False)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            rows = self._model.encode_query(list(texts), batch_size=self._batch, **_OPTIONS) if texts else None
        return self._unit(rows)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            rows = self._model.encode_document(list(texts), batch_size=self._batch, **_OPTIONS) if texts else None
        return self._unit(rows)

    def _unit(self, rows: object) -> Vectors:
        if rows is None:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.ascontiguousarray(rows, dtype=np.float32)


_OPTIONS: dict[str, Any] = {
    "normalize_embeddings": True,
    "convert_to_numpy": True,
    "show_progress_bar": False,
}


def _load(name: str, local: bool, device: str = "cpu", weights: Mapping[str, Any] | None = None) -> "SentenceTransformer":
    if local:
        _require_safetensors(Path(name))
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()
    # Neither a pickle nor a model's own code is run, whatever the model's files ask for.
    options: dict[str, Any] = {"device": device, "trust_remote_code": False, "model_kwargs": {"use_safetensors": True, **(weights or {})}}
    try:
        try:
            return SentenceTransformer(name, local_files_only=True, **options)
        except OSError:
            if local:
                raise
            return SentenceTransformer(name, **options)
    except Exception as reason:  # many libraries, many kinds of error; each means the same here
        first = str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
        raise ModelError(
            f"no sentence-transformers model could be loaded from {name!r} ({first}); "
            "give the folder of a saved model, or leave --model out for the packaged one"
        ) from reason


def _require_safetensors(folder: Path) -> None:
    """Raises ModelError where some weights of a model's folder are there only as a pickle, which may run any code."""
    for pattern in PICKLES:
        for file in sorted(folder.rglob(pattern)):
            if not any(file.parent.glob("*.safetensors")):
                raise ModelError(
                    f"the model {folder} has weights as a pickle only ({file.relative_to(folder)}), which may run any code; save it "
                    "again with safetensors (SentenceTransformer(…).save(FOLDER)) where you trust it, or give another model"
                )
