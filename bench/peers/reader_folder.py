"""Yinju's reader as the question-answering folder that transformers, and so txtai and Haystack, load.

The bundled encoder is a BertModel and the reader's heads of first and last tokens are linear, so that
BertForQuestionAnswering with the trained layers and those heads is the very network. It is written as float32: the
peers have no other way to run it.

What they lose of it:
- the null score ("not here"): its head has no place in that architecture, where token 0 is scored by the heads of
  the spans, which were not trained on it;
- the mask: the reader was never scored on tokens outside the passage, so that what these get is chance.
  Haystack leaves them out by itself, txtai does not (`bench.peers.txtai_peer`);
- windows of whole sentences, and scores of sentences: they cut where the tokens are full and take the best span.
The reader's input is `<s> query: question </s> </s> passage </s>`; the tokenizer writes all but "query: ", which the
peers put before the question themselves.
"""

from hashlib import sha1
from pathlib import Path

from embeddings.bundled import model_folder, packaged_weights
from rag.reader.scoring import ENCODER, WEIGHTS
from rag.reader.weights import load_weights

RUNS = Path(__file__).parents[1] / "runs"
DONE = "model.safetensors"


def reader_folder() -> Path:
    """The folder in bench/runs, written on first use (about 470 MB)."""
    folder = RUNS / f"peers-reader-{sha1(WEIGHTS.read_bytes()).hexdigest()[:12]}"
    if not (folder / DONE).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
    return folder


def write(folder: Path) -> None:
    from safetensors.numpy import save_file
    from transformers import AutoTokenizer, BertConfig

    config = BertConfig.from_pretrained(model_folder())
    config.architectures = ["BertForQuestionAnswering"]
    config.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(model_folder())
    # The reader was trained without types of tokens: all are of type 0.
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(folder)

    base = {ENCODER + name: tensor for name, tensor in packaged_weights().items() if not name.startswith("pooler.")}
    trained = base | load_weights(WEIGHTS, base)
    state = {"bert." + name.removeprefix(ENCODER): each for name, each in trained.items() if name.startswith(ENCODER)}
    state |= {"qa_outputs.weight": trained["spans.weight"], "qa_outputs.bias": trained["spans.bias"]}
    save_file(state, folder / DONE, metadata={"format": "pt"})
