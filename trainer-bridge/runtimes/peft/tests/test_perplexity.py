"""The likelihood of replies under the base student, against torch's own loss one row at a time."""

import pytest
import torch
from conftest import make_rows, recipe_fields, write_lines

from syllabus_runtime import training
from syllabus_runtime.chat import encode_row
from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.perplexity import perplexity
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import Row, read_rows


def measured(student, rows, most=100, seed=0, **changes):
    return perplexity(student, rows, parse_recipe(recipe_fields(**changes)), most, seed, CancelToken())


def rows_of(count):
    return [Row(**row) for row in make_rows(count)]


def plain(student, rows):
    total, tokens = 0.0, 0
    for row in rows:
        example = encode_row(student.tokenizer, row, "Be brief.")
        ids = torch.tensor([example.prompt + example.completion])
        labels = ids.clone()
        labels[0, : len(example.prompt)] = -100
        loss = student.model(input_ids=ids, labels=labels).loss.item()
        total += loss * len(example.completion)
        tokens += len(example.completion)
    return total / tokens, tokens


@pytest.mark.parametrize("limit", [100_000, 120])
def test_it_is_the_mean_over_completion_tokens(student, monkeypatch, limit):
    monkeypatch.setitem(training.PASS_TOKENS, "cpu", limit)
    rows = rows_of(9)
    got = measured(student, rows)
    expected, tokens = plain(student, rows)
    assert (got["rows"], got["tokens"]) == (9, tokens)
    assert got["nll"] == pytest.approx(expected, rel=1e-4)


def test_a_seeded_sample_is_bounded_and_repeats(student):
    rows = rows_of(30)
    first = measured(student, rows, most=10)
    assert first["rows"] == 10
    assert measured(student, rows, most=10) == first
    assert measured(student, rows, most=10, seed=1) != first


def test_what_a_training_leaves_out_is_not_measured(student, tmp_path):
    giant = {"id": "giant", "instruction": "", "input": "x" * 300, "output": "y"}
    mixed = read_rows(write_lines(tmp_path / "rows.jsonl", [*make_rows(3), giant]))
    assert measured(student, mixed, cutoff_len=200) == measured(student, rows_of(3), cutoff_len=200)
    with pytest.raises(RequestError, match="every row is longer"):
        measured(student, [Row(**giant)], cutoff_len=200)


def test_a_training_before_it_leaves_no_trace(student, dataset, tmp_path):
    before = measured(student, rows_of(5))
    training.train(student, read_rows(dataset), parse_recipe(recipe_fields()), 0, tmp_path, lambda **_: None, CancelToken())
    assert measured(student, rows_of(5)) == before
