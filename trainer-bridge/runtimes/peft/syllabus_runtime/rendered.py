"""Rows as the texts that another trainer is given: what a student's own template makes of them, as in every other training here."""

from dataclasses import dataclass

from .chat import render_row
from .errors import RequestError
from .recipe import Recipe
from .rows import Row


@dataclass(frozen=True)
class Rendered:
    """A prompt and its completion as text and as tokens. The two are tokenised by themselves, as the prompt of inference is."""

    id: str
    prompt: str
    completion: str
    prompt_ids: list[int]
    completion_ids: list[int]

    @property
    def tokens(self) -> int:
        return len(self.prompt_ids) + len(self.completion_ids)


def render_rows(tokenizer, rows: list[Row], recipe: Recipe, context: int | None) -> list[Rendered]:
    """Those within `cutoff_len` and the student's context. A longer one is left out, not cut: without its end it would teach
    replies without one."""
    limit = min(recipe.cutoff_len, context or recipe.cutoff_len)
    every = [_rendered(tokenizer, row, recipe) for row in rows]
    kept = [row for row in every if row.tokens <= limit]
    if not kept:
        shortest = min(row.tokens for row in every)
        raise RequestError("bad_dataset", f"every row is longer than {limit} tokens, the shortest has {shortest}; shorten them or raise cutoff_len")
    return kept


def _rendered(tokenizer, row: Row, recipe: Recipe) -> Rendered:
    prompt, completion = render_row(tokenizer, row, recipe.system, recipe.chat)
    tokens = [tokenizer(text, add_special_tokens=False).input_ids for text in (prompt, completion)]
    return Rendered(row.id, prompt, completion, *tokens)
