"""Decoding in batches against transformers' own, one prompt at a time."""

import json
from pathlib import Path

import pytest
import torch
from conftest import recipe_fields, write_lines
from peft import PeftModel

from syllabus_runtime.artefacts import folder_sha256
from syllabus_runtime.chat import encode_question
from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.generation import plan_batches
from syllabus_runtime.inference import infer, parse_inference
from syllabus_runtime.lora import put_on
from syllabus_runtime.fast.prefix import common_prefix
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import Question, read_rows
from syllabus_runtime.student import StudentCache
from syllabus_runtime.training import train


def silent(**progress):
    pass


def questions(count=9):
    return [Question(f"q{n}", "Say it." if n % 3 else "", "word " * (n % 5 + 1) + str(n), ()) for n in range(count)]


def ask(student, out, adapter=None, new=20, asked=None, **settings):
    result = infer(student, adapter, asked or questions(), "S", parse_inference({"max_new_tokens": new, **settings}), out, silent, CancelToken())
    return result, [json.loads(line) for line in out.read_text().splitlines()]


def one_by_one(student, model, asked, new):
    """transformers' generate, unbatched: tokens without the end of turn, and whether it ended."""
    model.set_attn_implementation("eager")
    replies = []
    for question in asked:
        prompt = torch.tensor([encode_question(student.tokenizer, question, "S")])
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=new, do_sample=False)[0, prompt.shape[1] :].tolist()
        ends = [place for place, token in enumerate(out) if token in student.end_ids]
        ended, tokens = bool(ends), out[: ends[0]] if ends else out
        replies.append((student.tokenizer.decode(tokens, skip_special_tokens=True), "stop" if ended else "length", len(tokens)))
    return replies


def trained(student, dataset, out):
    recipe = parse_recipe(recipe_fields(num_train_epochs=8))
    return train(student, read_rows(dataset), recipe, 0, out, silent, CancelToken())["adapter"]


def test_base_replies_equal_transformers_own(student, tmp_path):
    expected = one_by_one(student, student.model, questions(), 20)
    result, lines = ask(student, tmp_path / "p.jsonl")
    assert [(line["text"], line["finish"], line["tokens"]) for line in lines] == expected
    assert [line["id"] for line in lines] == [f"q{n}" for n in range(9)]
    assert result["count"] == 9 and result["truncated"] == sum(finish == "length" for _, finish, _ in expected)


def test_adapter_replies_equal_pefts_own_and_rows_leave_at_different_times(student, dataset, tmp_path):
    adapter = trained(student, dataset, tmp_path)
    asked = [Question(row.id, row.instruction, row.input, ()) for row in read_rows(dataset)]
    # Random weights hardly ever end a turn, so tokens that they do say are made ends as well.
    student.model.generation_config.eos_token_id = [0, *student.tokenizer.convert_tokens_to_ids([".", "l", "p"])]
    tuned = PeftModel.from_pretrained(student.model, adapter)
    expected = one_by_one(student, tuned, asked, 24)
    tuned.unload()
    _, lines = ask(student, tmp_path / "p.jsonl", adapter=adapter, new=24, asked=asked)
    assert [(line["text"], line["finish"], line["tokens"]) for line in lines] == expected
    assert len({tokens for _, finish, tokens in expected if finish == "stop"}) > 2, expected
    put_on(student, None)
    bare = one_by_one(student, student.model, asked, 24)
    assert bare != expected


def test_one_candidates_papers_load_its_adapter_once(student, dataset, tmp_path, monkeypatch):
    one, other = trained(student, dataset, tmp_path / "one"), trained(student, dataset, tmp_path / "other")
    loads = []
    load = PeftModel.from_pretrained
    monkeypatch.setattr(PeftModel, "from_pretrained", lambda model, folder: loads.append(folder) or load(model, folder))
    papers = [questions(), questions(4), questions(6)]
    order = [(adapter, paper) for adapter in (one, other, None, one) for paper in papers]
    replies = [ask(student, tmp_path / "p.jsonl", adapter=adapter, asked=paper)[1] for adapter, paper in order]
    assert loads == [one, other, one]
    assert replies[9:] == replies[:3] and replies[6:9] != replies[:3]
    bare = [ask(student, tmp_path / "p.jsonl", asked=paper)[1] for paper in papers]
    assert bare == replies[6:9]


def test_an_adapter_written_anew_in_its_place_is_loaded_anew(student, dataset, tmp_path):
    adapter = trained(student, dataset, tmp_path)
    before = ask(student, tmp_path / "p.jsonl", adapter=adapter)[1]
    recipe = parse_recipe(recipe_fields(num_train_epochs=2))
    assert train(student, read_rows(dataset), recipe, 1, tmp_path, silent, CancelToken())["adapter"] == adapter
    assert ask(student, tmp_path / "p.jsonl", adapter=adapter)[1] != before


def test_training_is_the_same_after_an_adapter_was_on(student, dataset, tmp_path):
    adapter = trained(student, dataset, tmp_path / "one")
    ask(student, tmp_path / "p.jsonl", adapter=adapter)
    again = trained(student, dataset, tmp_path / "two")
    assert folder_sha256(Path(adapter)) == folder_sha256(Path(again))


def test_an_adapter_that_does_not_fit_leaves_no_trace(student_folder, student, dataset, tmp_path):
    adapter = Path(trained(student, dataset, tmp_path))
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "r": 5}))
    cache = StudentCache()
    own = cache.get(str(student_folder), None, bf16=False)
    before = ask(own, tmp_path / "p.jsonl")[1]
    with pytest.raises(RequestError, match="does not fit the student"):
        ask(own, tmp_path / "p.jsonl", adapter=str(adapter))
    fresh = cache.get(str(student_folder), None, bf16=False)
    assert fresh is not own and ask(fresh, tmp_path / "p.jsonl")[1] == before


@pytest.mark.parametrize("settings", [{"batch_size": 1}, {"batch_size": 4}, {"batch_tokens": 100}])
def test_batch_size_does_not_change_replies(student, tmp_path, settings):
    _, whole = ask(student, tmp_path / "a.jsonl")
    _, parts = ask(student, tmp_path / "b.jsonl", **settings)
    assert whole == parts


def test_same_questions_same_hash(student, tmp_path):
    assert ask(student, tmp_path / "a.jsonl")[0]["sha256"] == ask(student, tmp_path / "b.jsonl")[0]["sha256"]


def test_sampling_is_refused():
    with pytest.raises(RequestError, match="greedy"):
        parse_inference({"max_new_tokens": 4, "temperature": 0.7})


def test_an_adapter_that_is_not_there(student, tmp_path):
    with pytest.raises(RequestError, match="adapter_config.json is missing"):
        ask(student, tmp_path / "p.jsonl", adapter=str(tmp_path / "none"))


def test_a_prompt_beyond_the_context_is_named(student, tmp_path):
    long = [Question("long", "", "x" * 600, ())]
    with pytest.raises(RequestError, match="'long'"):
        ask(student, tmp_path / "p.jsonl", asked=long)


def test_batches_hold_their_budget_and_every_prompt():
    prompts = [[1] * n for n in (3, 50, 7, 20, 20, 8)]
    batches = plan_batches(prompts, max_new_tokens=10, batch_tokens=90, max_rows=4)
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    for batch in batches:
        assert len(batch) <= 4
        assert len(batch) == 1 or len(batch) * (max(len(prompts[i]) for i in batch) + 10) <= 90


def test_common_prefix_leaves_a_token_to_each():
    assert common_prefix([[1] * 20, [1] * 20]) == 19
    assert common_prefix([[1] * 10 + [2, 3], [1] * 10 + [4]]) == 10
    assert common_prefix([[1, 2, 3], [1, 2, 4]]) == 0
    assert common_prefix([[1] * 20]) == 0
