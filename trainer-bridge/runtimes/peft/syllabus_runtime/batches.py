"""Rows of tokens as batches: which go together, and one tensor of them."""

from typing import Callable, TypeVar

import torch

T = TypeVar("T")


def cut(items: list[T], joins: Callable[[list[T], T], bool]) -> list[list[T]]:
    """The items in their order as batches; `joins` says of a batch whether the next item may be in it, too."""
    batches: list[list[T]] = []
    for item in items:
        if batches and joins(batches[-1], item):
            batches[-1].append(item)
        else:
            batches.append([item])
    return batches


def longest_first(rows: list[list[int]]) -> list[int]:
    """Indexes of rows; those of one length keep their order."""
    return sorted(range(len(rows)), key=lambda index: -len(rows[index]))


def pad_right(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows as one tensor, and the flat place of each one's last token."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    return ids, torch.tensor([row * width + len(tokens) - 1 for row, tokens in enumerate(rows)])
