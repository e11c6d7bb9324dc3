"""The next token of each row of a batch: the likeliest, or drawn with temperature and top-p from a seed of the row's own."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Sampling:
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


def greedy(logits: torch.Tensor, live: list[int | None]) -> list[int]:
    return logits.max(dim=-1).indices.tolist()


class Sampler:
    """Chooses by each row's own settings; its neighbours in the batch change nothing."""

    def __init__(self, settings: list[Sampling]):
        self._settings = settings
        self._generators = [torch.Generator().manual_seed(each.seed) for each in settings]

    def __call__(self, logits: torch.Tensor, live: list[int | None]) -> list[int]:
        tokens = greedy(logits, live)
        for row, index in enumerate(live):
            if index is not None and self._settings[index].temperature > 0:
                tokens[row] = self._draw(logits[row].float().cpu(), index)
        return tokens

    def _draw(self, logits: torch.Tensor, index: int) -> int:
        settings = self._settings[index]
        scaled = logits / settings.temperature
        if settings.top_p < 1:
            scaled = _nucleus(scaled, settings.top_p)
        # The largest of logits minus log-exponential noise is a draw from their softmax, without computing it.
        noise = torch.empty_like(scaled).exponential_(generator=self._generators[index])
        return int((scaled - noise.log()).argmax())


def _nucleus(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    """Keeps the likeliest tokens that together reach `top_p`; the first one always."""
    ordered, tokens = logits.sort(descending=True)
    shares = torch.softmax(ordered, dim=-1)
    dropped = tokens[shares.cumsum(dim=-1) - shares >= top_p]
    return logits.index_fill(0, dropped, float("-inf"))
