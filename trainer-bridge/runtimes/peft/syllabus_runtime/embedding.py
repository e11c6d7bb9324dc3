"""Texts as vectors of one length: the mean of a model's last hidden states over a text's tokens, normalised.

So all-MiniLM-L6-v2 is meant to be used; of a causal student it is the usual stand-in.
"""

import logging
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from .artefacts import write_lines
from .batches import cut, longest_first, pad_right
from .device import pick_device
from .errors import CancelToken, RequestError, failing_as

log = logging.getLogger(__name__)
# What a text has beyond these tokens is not seen: all-MiniLM-L6-v2 was made for as many.
MOST_TOKENS = 256
# Padded tokens in one pass.
PASS_TOKENS = 8192


@torch.inference_mode()
def embed(name: str, texts: list[str], out: Path, cancel: CancelToken) -> dict:
    """Writes one line {"vector"} a text, in the texts' order; returns the result that goes on the wire."""
    tokenizer, model = _load(name)
    # As over HTTP, an empty text is a blank: token 0, where there is none, is often the padding, whose states may be zeros.
    ids = [tokenizer(text or " ", truncation=True, max_length=MOST_TOKENS).input_ids or [0] for text in texts]
    vectors: dict[int, list[float]] = {}
    for batch in cut(longest_first(ids), lambda batch, _: (len(batch) + 1) * len(ids[batch[0]]) <= PASS_TOKENS):
        cancel.check()
        for index, vector in zip(batch, _mean_states(model, [ids[index] for index in batch]).tolist()):
            vectors[index] = [round(value, 6) for value in vector]
    write_lines(out, [{"vector": vectors[index]} for index in range(len(texts))])
    return {"vectors": str(out), "count": len(texts), "dimensions": len(vectors[0]), "tokens": sum(map(len, ids))}


def _load(name: str):
    if not (Path(name) / "config.json").is_file() and Path(name).is_absolute():
        raise RequestError("bad_request", f"{name} has no config.json; it is not a transformers model folder")
    log.info("loading embedder %s", name)
    with failing_as("bad_request", f"embedder {name!r} does not load"):
        model = AutoModel.from_pretrained(name, dtype=torch.float32).to(pick_device())
        return AutoTokenizer.from_pretrained(name), model.eval()


def _mean_states(model, batch: list[list[int]]) -> torch.Tensor:
    ids, ends = pad_right(batch, 0)
    mask = (torch.arange(ids.numel()).view(ids.shape) <= ends[:, None]).long()
    states = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device)).last_hidden_state.float()
    weights = mask.to(states)[:, :, None]
    return torch.nn.functional.normalize((states * weights).sum(dim=1) / weights.sum(dim=1), dim=-1)
