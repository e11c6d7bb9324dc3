"""The contract of every student: what the runtime does with it equals plain transformers and peft, one question at a time.

A handful runs with the other tests. All of them: npm run test:families. Some: SYLLABUS_FAMILIES=mamba,jamba npm run test:families
"""

import json
import os

import pytest
import torch
from family_students import CAPITALS, FAMILIES, REFUSED, make_family
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

from syllabus_runtime.chat import encode_question, encode_row
from syllabus_runtime.chat_template import chat_template_of
from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.inference import infer, parse_inference
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import Question, Row
from syllabus_runtime.student import StudentCache
from syllabus_runtime.training import summed_loss, train

# One of each kind: another end than eos, sliding windows beside images, linear attention with thoughts opened, states, positions as biases.
HANDFUL = ["qwen2-base", "gemma3-images", "qwen3.5", "granite4-hybrid", "bloom"]
asked = os.environ.get("SYLLABUS_FAMILIES", "")
NAMES = list(FAMILIES) if asked == "all" else asked.split(",") if asked else HANDFUL
SYSTEM = "Be brief."
INSTRUCTION = "Name the capital, nothing else."
ROWS = [Row(f"r{n}", INSTRUCTION, " Now" * (n % 4) * 3 + f" {country}?", city) for n, (country, city) in enumerate(CAPITALS.items())]
QUESTIONS = [Question(row.id, row.instruction, row.input, ()) for row in ROWS]
RECIPE = dict(lora_rank=32, lora_alpha=64, gradient_accumulation_steps=12, bf16=False, system=SYSTEM)
# Some random students learn twelve words by heart slower than others. The first schedule that comes to this loss is taken.
SCHEDULES = tuple(dict(num_train_epochs=epochs, learning_rate=rate) for epochs, rate in ((40, 3e-3), (100, 3e-3), (300, 3e-3), (300, 1e-2)))
BY_HEART = 0.02


def silent(**_):
    pass


@pytest.fixture(scope="module", params=NAMES)
def folder(request, tmp_path_factory):
    return make_family(request.param, tmp_path_factory.mktemp("families") / request.param)


@pytest.fixture(scope="module")
def student(folder):
    return StudentCache().get(str(folder), None, bf16=False)


@pytest.fixture(scope="module")
def trained(student, tmp_path_factory):
    for schedule in SCHEDULES:
        result = train(student, ROWS, parse_recipe({**RECIPE, **schedule}), 0, tmp_path_factory.mktemp("trained"), silent, CancelToken())
        if result["loss_curve"][-1][1] < BY_HEART:
            break
    return result


def plain_model(folder, student):
    kind = AutoModelForImageTextToText if hasattr(student.model.config, "vision_config") else AutoModelForCausalLM
    return kind.from_pretrained(folder, dtype=torch.float32).eval()


def replies(student, out, adapter=None, new=12, **settings) -> list[dict]:
    infer(student, adapter, QUESTIONS, SYSTEM, parse_inference({"max_new_tokens": new, **settings}), out, silent, CancelToken())
    return [json.loads(line) for line in out.read_text().splitlines()]


def read(student, tokens: list[int]):
    ends = [at for at, token in enumerate(tokens) if token in student.end_ids]
    tokens = tokens[: ends[0]] if ends else tokens
    split = chat_template_of(student.tokenizer).read(tokens)
    return split.answer, split.raw, len(tokens)


def of(lines: list[dict]):
    return [(line["text"], line.get("raw", line["text"]), line["tokens"]) for line in lines]


def without_a_cache(model, prompt: list[int], new: int) -> list[int]:
    tokens = list(prompt)
    with torch.no_grad():
        for _ in range(new):
            tokens.append(int(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[len(prompt) :]


def generated(model, prompt: list[int], new: int) -> list[int]:
    ids = torch.tensor([prompt])
    out = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False, pad_token_id=0)
    return out[0, len(prompt) :].tolist()


def test_replies_of_a_batch_are_those_of_each_question_alone(folder, student, tmp_path):
    model = plain_model(folder, student)
    prompts = [encode_question(student.tokenizer, question, SYSTEM) for question in QUESTIONS]
    expected = [read(student, without_a_cache(model, prompt, 12)) for prompt in prompts]
    assert [read(student, generated(model, prompt, 12)) for prompt in prompts] == expected
    assert of(replies(student, tmp_path / "p.jsonl")) == expected
    assert of(replies(student, tmp_path / "p.jsonl", batch_size=1)) == expected
    assert of(replies(student, tmp_path / "p.jsonl", batch_size=5)) == expected


def test_the_loss_of_a_pass_is_that_of_each_row_alone(folder, student):
    model = plain_model(folder, student)
    examples = [encode_row(student.tokenizer, row, SYSTEM) for row in ROWS]
    expected = 0.0
    for example in examples:
        ids = torch.tensor([example.prompt + example.completion])
        labels = ids.clone()
        labels[0, : len(example.prompt)] = -100
        with torch.no_grad():
            logits = model(input_ids=ids).logits
        expected += torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:], ignore_index=-100, reduction="sum").item()
    student.prepare(100)
    from syllabus_runtime.training import passes

    for share in (False, True):
        with torch.no_grad():
            assert sum(summed_loss(student, part, share).item() for part in passes(student, examples)) == pytest.approx(expected, rel=1e-4)


def test_what_was_taught_is_said_and_ends(student, trained, tmp_path):
    assert examples_end_in(student) <= student.end_ids
    lines = replies(student, tmp_path / "p.jsonl", trained["adapter"], new=24)
    assert [line["text"].strip() for line in lines] == [row.output for row in ROWS], trained["loss_curve"][-1]
    assert {line["finish"] for line in lines} == {"stop"}


def examples_end_in(student) -> set[int]:
    return {encode_row(student.tokenizer, row, SYSTEM).completion[-1] for row in ROWS}


def test_its_adapter_is_on_text_layers_alone_and_loads_in_plain_peft(folder, student, trained, tmp_path):
    tuned = PeftModel.from_pretrained(plain_model(folder, student), trained["adapter"]).eval()
    assert not [name for name, _ in tuned.named_parameters() if "lora_" in name and ("vision" in name or "projector" in name)]
    prompts = [encode_question(student.tokenizer, question, SYSTEM) for question in QUESTIONS]
    expected = [read(student, without_a_cache(tuned, prompt, 8)) for prompt in prompts]
    assert of(replies(student, tmp_path / "p.jsonl", trained["adapter"], new=8)) == expected


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_work_is_refused_by_name(name, tmp_path):
    with pytest.raises(RequestError, match=REFUSED[name][3]) as caught:
        student = StudentCache().get(str(make_family(name, tmp_path / name)), None, bf16=False)
        encode_row(student.tokenizer, ROWS[0], SYSTEM)
    assert caught.value.kind == "bad_student"
