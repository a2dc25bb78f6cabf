"""The reader's network: an encoder that reads question and passage together, and scores where the answer lies.

Every token of the passage gets a score as the answer's first and as its last token; the first
token of the whole (`<s>`) gets the null score, "not here" (Devlin et al. 2019, "BERT", section 4.3).
"""

from typing import Any

import torch
from torch import Tensor, nn

MINUS = -1e4


class Network(nn.Module):
    """`encoder` is a BertModel of some hidden width; the heads are linear."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)
        self.encoder = encoder
        self.spans = nn.Linear(width, 2)
        self.null = nn.Linear(width, 1)

    def forward(self, ids: Tensor, attention: Tensor, passage: Tensor) -> Tensor:
        """Scores of first and last tokens, shape (n, tokens, 2); the null score stands at token 0.

        `ids`, `attention` and `passage` have the shape (n, tokens); `passage` is true where an answer may lie.
        """
        states = self.encoder(input_ids=ids, attention_mask=attention).last_hidden_state
        scores = self.spans(states).masked_fill(~passage.unsqueeze(-1), MINUS)
        null = self.null(states[:, 0]).unsqueeze(1).expand(-1, 1, 2)
        return torch.cat([null, scores[:, 1:]], dim=1)


def load_encoder(folder: Any) -> Any:
    """The encoder of a sentence-transformers folder, without its pooler and without dropout."""
    from transformers import BertModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return BertModel.from_pretrained(
        folder, use_safetensors=True, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
