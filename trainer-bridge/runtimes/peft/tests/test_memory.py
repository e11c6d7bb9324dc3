"""Memory that runs out in a training: passes are halved, and what is learnt stays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import make_rows, recipe_fields, write_lines

from syllabus_runtime import training
from syllabus_runtime.errors import CancelToken, RequestError, is_out_of_memory
from syllabus_runtime.operations import Operations
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import read_rows


def silent(**progress):
    pass


def run(student, dataset, out, **changes):
    recipe = parse_recipe(recipe_fields(per_device_train_batch_size=2, **changes))
    return training.train(student, read_rows(dataset), recipe, 0, out, silent, CancelToken())


def adapter(result) -> dict:
    from safetensors.torch import load_file

    return load_file(Path(result["adapter"]) / "adapter_model.safetensors")


def too_large(most: int, error: Exception, monkeypatch) -> list[int]:
    """Passes of more padded tokens fail as if there were no memory; gives the sizes that were tried."""
    own, sizes = training.summed_loss, []

    def summed_loss(student, part, share):
        size = len(part) * max(example.tokens for example in part)
        sizes.append(size)
        if size > most:
            raise error
        return own(student, part, share)

    monkeypatch.setattr(training, "summed_loss", summed_loss)
    return sizes


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
def test_passes_are_halved_in_mid_training_and_the_same_is_learnt(student, dataset, tmp_path, monkeypatch, error):
    whole = run(student, dataset, tmp_path / "whole")
    sizes = too_large(200, error, monkeypatch)
    halved = run(student, dataset, tmp_path / "halved")
    assert (whole["halvings"], halved["halvings"] > 0) == (0, True)
    assert max(sizes) > 200 and sizes[-1] <= 200
    assert (halved["steps"], halved["rows"], halved["tokens"]) == (whole["steps"], whole["rows"], whole["tokens"])
    for (_, loss), (_, other) in zip(whole["loss_curve"], halved["loss_curve"]):
        assert loss == pytest.approx(other, rel=1e-4)
    one, other = adapter(whole), adapter(halved)
    for name, weights in one.items():
        assert torch.allclose(weights, other[name], atol=1e-4), name


def test_a_row_that_alone_does_not_fit_ends_the_training_with_what_to_do(student_folder, dataset, tmp_path, monkeypatch):
    too_large(1, MemoryError("no more"), monkeypatch)
    request = {"op": "train", "student": str(student_folder), "dataset": dataset, "recipe": recipe_fields(), "seed": 0, "out": str(tmp_path / "out")}
    with pytest.raises(RequestError, match="memory ran out during train: no more; lower cutoff_len") as raised:
        Operations().run(request, silent, CancelToken())
    assert raised.value.kind == "out_of_memory"


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
def test_memory_that_ran_out_is_told_from_other_failures(error):
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


LIMITED = """
import json, os, resource, sys
os.environ["SYLLABUS_DEVICE"] = "cpu"
import torch
torch.set_num_threads(1)
from syllabus_runtime import training
from syllabus_runtime.errors import CancelToken
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import read_rows
from syllabus_runtime.student import StudentCache

student, dataset, out, more, recipe = sys.argv[1:]
loaded = StudentCache().get(student, None, False)
training.PASS_TOKENS["cpu"] = 2_000_000
if int(more):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + int(more), resource.RLIM_INFINITY))
result = training.train(loaded, read_rows(dataset), parse_recipe(json.loads(recipe)), 0, __import__("pathlib").Path(out), lambda **_: None, CancelToken())
print(json.dumps(result))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited by Linux")
def test_a_process_whose_address_space_is_limited_learns_the_same_in_smaller_passes(student_folder, tmp_path):
    rows = [{**row, "input": row["input"] + " please" * 30} for row in make_rows(400)]
    dataset = write_lines(tmp_path / "long.jsonl", rows)

    recipe = json.dumps(recipe_fields(gradient_accumulation_steps=400, cutoff_len=500))

    def run_limited(more: int) -> dict:
        args = [sys.executable, "-c", LIMITED, str(student_folder), dataset, str(tmp_path / f"out{more}"), str(more), recipe]
        done = subprocess.run(args, cwd=Path(__file__).parent.parent, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    whole, limited = run_limited(0), run_limited(600_000_000)
    assert (whole["halvings"], limited["halvings"] > 0) == (0, True)
    assert limited["loss_curve"][0][1] == pytest.approx(whole["loss_curve"][0][1], rel=1e-4)
