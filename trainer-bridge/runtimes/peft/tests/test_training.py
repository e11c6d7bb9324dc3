"""The fast way of training against the plain one, and what makes a training repeatable."""

import json
import math
from pathlib import Path

import pytest
import torch
from conftest import make_rows, recipe_fields, write_lines
from peft import LoraConfig, get_peft_model

from syllabus_runtime import training
from syllabus_runtime.chat import encode_row
from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.lora import fresh_adapter, trainable
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import Row, read_rows
from syllabus_runtime.schedule import learning_rate_factor, plan_steps
from syllabus_runtime.training import step_gradients, train


def silent(**progress):
    pass


def run(student, dataset, out, seed=0, **changes):
    return train(student, read_rows(dataset), parse_recipe(recipe_fields(**changes)), seed, out, silent, CancelToken())


def encoded(tokenizer, count=6):
    return [encode_row(tokenizer, Row(**row), "Be brief.") for row in make_rows(count)]


def plain_gradients(student, examples):
    """One row at a time through PEFT's own layers and torch's own attention; loss masked by labels."""
    torch.manual_seed(3)
    student.model.set_attn_implementation("eager")
    tuned = get_peft_model(student.model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    warm_up_b(tuned)
    total = sum(len(example.completion) for example in examples)
    loss = 0.0
    for example in examples:
        ids = torch.tensor([example.prompt + example.completion])
        labels = ids.clone()
        labels[0, : len(example.prompt)] = -100
        part = torch.nn.functional.cross_entropy(tuned(input_ids=ids).logits[0, :-1], labels[0, 1:], ignore_index=-100, reduction="sum") / total
        part.backward()
        loss += part.item()
    gradients = {name: p.grad.clone() for name, p in tuned.named_parameters() if p.requires_grad}
    tuned.unload()
    return loss, gradients


def warm_up_b(tuned):
    """B starts at zero, which would hide A's gradient."""
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("limit", [100_000, 120])
@pytest.mark.parametrize("share", [True, False])
def test_gradients_equal_the_plain_loops(student, tokenizer, monkeypatch, share, limit):
    examples = encoded(tokenizer)
    expected_loss, expected = plain_gradients(student, examples)
    monkeypatch.setitem(training.PASS_TOKENS, "cpu", limit)
    student.prepare(100)
    assert student.model.config._attn_implementation == "syllabus_grouped"
    torch.manual_seed(3)
    with fresh_adapter(student, parse_recipe(recipe_fields())) as tuned:
        warm_up_b(tuned)
        loss = step_gradients(student, examples, share)
        got = {name: p.grad for name, p in tuned.named_parameters() if p.requires_grad}
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert got.keys() == expected.keys()
    for name, gradient in expected.items():
        assert gradient.abs().max() > 0, name
        torch.testing.assert_close(got[name], gradient, rtol=1e-3, atol=1e-5, msg=name)


def test_same_seed_same_adapter_other_seed_another(student, dataset, tmp_path):
    first = run(student, dataset, tmp_path / "a")
    second = run(student, dataset, tmp_path / "b")
    other = run(student, dataset, tmp_path / "c", seed=1)
    assert first["sha256"] == second["sha256"] != other["sha256"]
    assert first["loss_curve"] == second["loss_curve"]


def test_a_training_leaves_the_student_as_it_was(student, dataset, tmp_path):
    before = {name: p.clone() for name, p in student.model.named_parameters()}
    run(student, dataset, tmp_path)
    after = dict(student.model.named_parameters())
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_loss_falls_and_counts_are_right(student, dataset, tmp_path):
    result = run(student, dataset, tmp_path, num_train_epochs=6)
    losses = [loss for _, loss in result["loss_curve"]]
    assert result["steps"] == 30 == len(losses)
    assert result["rows"] == 20
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    tokens = sum(example.tokens for example in encoded(student.tokenizer, 20))
    assert result["tokens"] == 6 * tokens


def test_adapter_is_peft_format_without_this_machines_paths(student, dataset, tmp_path):
    result = run(student, dataset, tmp_path)
    folder = Path(result["adapter"])
    assert sorted(path.name for path in folder.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    text = (folder / "adapter_config.json").read_text()
    assert str(tmp_path.parent) not in text and student.name not in text
    assert json.loads(text)["r"] == 8


def test_dropout_takes_pefts_own_path(student, dataset, tmp_path):
    assert run(student, dataset, tmp_path, lora_dropout=0.1)["steps"] == 5


def test_long_rows_are_left_out_not_cut(student, tmp_path):
    giant = {"id": "giant", "instruction": "", "input": "x" * 300, "output": "y"}
    mixed = run(student, write_lines(tmp_path / "rows.jsonl", [*make_rows(3), giant]), tmp_path, cutoff_len=200)
    assert (mixed["rows"], mixed["left_out"]) == (3, 1)
    alone = run(student, write_lines(tmp_path / "short.jsonl", make_rows(3)), tmp_path, cutoff_len=200)
    assert (alone["left_out"], alone["sha256"]) == (0, mixed["sha256"])
    with pytest.raises(RequestError, match="every row is longer"):
        run(student, write_lines(tmp_path / "giant.jsonl", [giant]), tmp_path, cutoff_len=200)


def test_cancel_is_honoured_between_steps(student, dataset, tmp_path):
    token = CancelToken()
    seen = []

    def report(**progress):
        seen.append(progress["step"])
        token.cancel("enough")

    with pytest.raises(RequestError) as caught:
        train(student, read_rows(dataset), parse_recipe(recipe_fields()), 0, tmp_path, report, token)
    assert caught.value.kind == "cancelled"
    assert seen == [1]
    assert not (tmp_path / "adapter").exists()
    assert run(student, dataset, tmp_path)["steps"] == 5


def test_every_row_once_an_epoch_in_another_order(tokenizer):
    examples = encoded(tokenizer, 21)
    recipe = parse_recipe(recipe_fields(num_train_epochs=2))
    steps = plan_steps(examples, recipe, seed=0)
    epochs = [[e.id for step in part for e in step] for part in (steps[:6], steps[6:])]
    assert len(steps) == 12
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(e.id for e in examples)
    assert epochs[0] != epochs[1]


def test_cosine_with_warm_up():
    factor = learning_rate_factor(parse_recipe(recipe_fields(warmup_ratio=0.1)), 40)
    assert [factor(n) for n in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert factor(22) == pytest.approx(0.5)
    assert factor(39) == pytest.approx(0.5 * (1 + math.cos(math.pi * 35 / 36)))


def test_the_recipe_refuses_a_misspelt_key():
    with pytest.raises(RequestError, match="lora_rnk"):
        parse_recipe({"lora_rnk": 4})
    with pytest.raises(RequestError, match="learning_rate"):
        parse_recipe({"learning_rate": -1})


def test_only_adapter_weights_are_trainable(student):
    with fresh_adapter(student, parse_recipe(recipe_fields())) as tuned:
        names = [name for name, p in tuned.named_parameters() if p.requires_grad]
        assert len(names) == 2 * 7 * 2 and all("lora_" in name for name in names)
        assert all(p.dtype == torch.float32 for p in trainable(tuned))
