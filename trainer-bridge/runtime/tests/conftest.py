"""A student small enough to be made by each test run: random weights, a tokenizer of characters, a chat template."""

import json
import os

os.environ["SYLLABUS_DEVICE"] = "cpu"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    special = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: id for id, token in enumerate([*special, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>", additional_special_tokens=special[1:])
    fast.chat_template = TEMPLATE
    return fast


def make_model(vocabulary: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            initializer_range=0.3,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=0,
            tie_word_embeddings=True,
        )
    )


@pytest.fixture(scope="session")
def student_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    tokenizer = make_tokenizer()
    make_model(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tokenizer(student_folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(student_folder)


@pytest.fixture
def student(student_folder):
    """In float32, where equality can be asked for to many digits."""
    from syllabus_runtime.student import StudentCache

    return StudentCache().get(str(student_folder), None, bf16=False)


def make_rows(count: int) -> list[dict]:
    return [
        {"id": f"r{n}", "instruction": "Add the two numbers.", "input": f"{n} and {n * 7 % 13}?" + " please" * (n % 3), "output": f"It is {n + n * 7 % 13}."}
        for n in range(count)
    ]


@pytest.fixture
def dataset(tmp_path):
    return write_lines(tmp_path / "rows.jsonl", make_rows(20))


def write_lines(path, lines) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def recipe_fields(**changes) -> dict:
    return {"learning_rate": 1e-2, "num_train_epochs": 1, "gradient_accumulation_steps": 4, "system": "Be brief.", "bf16": False, **changes}
