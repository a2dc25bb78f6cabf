"""Nothing that is read can run: no file is unpickled, no model brings its own code, every number file is numbers only."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from rag.reader.checkpoint import load_checkpoint, save_checkpoint
from tests.conftest import ROOT

PACKAGES = ("corpus", "embeddings", "rag", "eval", "ui", "bench", "supply")
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "jsonpickle", "pickletools"}
LOADERS = {"torch.load", "torch.jit.load", "pd.read_pickle", "pandas.read_pickle", "yaml.load", "eval", "exec"}
ONLY = {"trust_remote_code": False, "allow_pickle": False, "weights_only": True, "use_safetensors": True}
# What `from_pretrained` reads of these is text.
OF_TEXT = ("Tokenizer", "TokenizerFast", "Config")


def wrong(source: str) -> Iterator[str]:
    """What in a source may run what it reads, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for each in modules:
                if each.split(".")[0] in UNPICKLERS:
                    yield f"{node.lineno}: imports {each}"
        if isinstance(node, ast.Call):
            called, given = ast.unparse(node.func), {each.arg: each.value for each in node.keywords}
            if called in LOADERS:
                yield f"{node.lineno}: calls {called}"
            if called in ("np.load", "numpy.load") and "allow_pickle" not in given:
                yield f"{node.lineno}: {called} without allow_pickle=False"
            owner, _, method = called.rpartition(".")
            if method == "from_pretrained" and not owner.endswith(OF_TEXT) and "use_safetensors" not in given:
                yield f"{node.lineno}: {called} without use_safetensors=True"
            yield from (f"{value.lineno}: {key}={ast.unparse(value)}" for key, value in given.items() if not allowed(key, value))
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and not allowed(key.value, value):
                    yield f"{value.lineno}: {key.value}: {ast.unparse(value)}"


def allowed(key: object, value: ast.expr) -> bool:
    return not isinstance(key, str) or key not in ONLY or (isinstance(value, ast.Constant) and value.value is ONLY[key])


def test_no_source_of_ours_can_run_what_it_reads() -> None:
    files = [each for package in PACKAGES for each in (ROOT / package).rglob("*.py")]
    assert len(files) > 150
    assert [f"{each.relative_to(ROOT)}:{what}" for each in files for what in wrong(each.read_text("utf8"))] == []


@pytest.mark.parametrize("source", [
    "import pickle", "from joblib import load", "import os, dill.settings", "torch.load(f)", "torch.load(f, weights_only=True)", "np.load(f)",
    "np.load(f, allow_pickle=True)", "np.load(f, allow_pickle=chosen)", "BertModel.from_pretrained(f)", "M.from_pretrained(f, use_safetensors=False)",
    "SentenceTransformer(f, trust_remote_code=True)", "options = {'trust_remote_code': True}", "exec(text)",
])  # fmt: skip
def test_what_could_run_is_found(source: str) -> None:
    assert len(list(wrong(source))) == 1


@pytest.mark.parametrize("source", [
    "import json", "np.load(f, allow_pickle=False)", "BertModel.from_pretrained(f, use_safetensors=True)", "AutoTokenizer.from_pretrained(f)",
    "SentenceTransformer(f, trust_remote_code=False)", "json.load(f)", "load(f)",
])  # fmt: skip
def test_what_cannot_is_let_be(source: str) -> None:
    assert list(wrong(source)) == []


def test_training_that_goes_on_from_a_checkpoint_learns_what_it_would_have_learnt(tmp_path: Path) -> None:
    def trainer() -> tuple[torch.nn.Linear, torch.optim.AdamW]:
        torch.manual_seed(1)
        network = torch.nn.Linear(3, 2)
        return network, torch.optim.AdamW([{"params": [network.weight], "base": 0.1}, {"params": [network.bias], "base": 0.2}], lr=0.1)

    def learn(network: torch.nn.Linear, optimiser: torch.optim.AdamW) -> None:
        optimiser.zero_grad()
        network(torch.ones(3)).square().sum().backward()
        optimiser.step()

    network, optimiser = trainer()
    for _ in range(3):
        learn(network, optimiser)
    save_checkpoint(tmp_path / "a.safetensors", 3, network.state_dict(), optimiser.state_dict())
    again, other = trainer()
    step, weights, state = load_checkpoint(tmp_path / "a.safetensors")
    again.load_state_dict(weights)
    other.load_state_dict(state)
    assert step == 3 and [each["base"] for each in other.param_groups] == [0.1, 0.2]
    for _ in range(3):
        learn(network, optimiser)
        learn(again, other)
    assert torch.equal(network.weight, again.weight) and torch.equal(network.bias, again.bias)
    (tmp_path / "b").write_bytes(b"\x80\x04no safetensors")
    with pytest.raises(SafetensorError):
        load_checkpoint(tmp_path / "b")
