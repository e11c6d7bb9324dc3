"""What the tests share. All of them run on the CPU, with a student made on the spot."""

import json
import os

os.environ["SYLLABUS_DEVICE"] = "cpu"
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import pytest
from tiny_student import make_student

@pytest.fixture(scope="session")
def student_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    make_student(folder)
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
