"""Training speed against a plain transformers and peft loop over the same rows, side by side.

python bench.py STUDENT [--rows 120] [--rounds 2]

Both start from the same student, see the same batches in the same order, take the same optimiser steps; each is run
`rounds` times in turn, and the best of each counts. Seconds are those of the loop alone, without loading.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

# As the runtime itself sets it; the plain loop gets the same. Read when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from syllabus_runtime.chat import Example, encode_row
from syllabus_runtime.errors import CancelToken
from syllabus_runtime.recipe import Recipe, parse_recipe
from syllabus_runtime.rows import Row
from syllabus_runtime.schedule import learning_rate_factor, plan_steps
from syllabus_runtime.student import StudentCache
from syllabus_runtime.training import train

RECIPE = {"learning_rate": 1e-3, "num_train_epochs": 1, "system": "Solve. End with \\boxed{X.XX}."}


def make_rows(count: int) -> list[Row]:
    rng = random.Random(0)
    rows = []
    for n in range(count):
        units, price = rng.randint(2, 9), rng.randint(100, 9999) / 100
        lead = rng.choice(["", "Here is one for you. ", "The shop was nearly empty when she came in this morning. "])
        question = f"{lead}Lena buys {units} boxes of notebooks at {price:.2f} each. What is the total cost?"
        answer = f"{units} times {price:.2f} is {units * price:.2f}. The answer is therefore \\boxed{{{units * price:.2f}}}."
        rows.append(Row(f"r{n}", "", question, answer))
    return rows


def plain_loop(name: str, steps: list[list[Example]], recipe: Recipe, pad: int) -> tuple[float, float]:
    """Seconds and last loss of the loop a person would write: padded batches, labels masked, PEFT's layers, autocast."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.bfloat16)
    model = get_peft_model(model, LoraConfig(r=recipe.lora_rank, lora_alpha=recipe.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"))
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor(recipe, len(steps)))
    model.train()
    started = time.monotonic()
    for step in steps:
        width = max(example.tokens for example in step)
        keep = max(len(example.completion) for example in step) + 1
        ids, mask = torch.full((len(step), width), pad), torch.zeros((len(step), width), dtype=torch.long)
        labels = torch.full((len(step), keep - 1), -100)
        for row, example in enumerate(step):
            tokens = example.prompt + example.completion
            ids[row, width - len(tokens) :] = torch.tensor(tokens)
            mask[row, width - len(tokens) :] = 1
            labels[row, keep - 1 - len(example.completion) :] = torch.tensor(example.completion)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=keep).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    return time.monotonic() - started, loss.item()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("student")
    parser.add_argument("--rows", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    recipe, rows = parse_recipe(RECIPE), make_rows(options.rows)
    student = StudentCache().get(options.student, None, recipe.bf16)
    examples = [encode_row(student.tokenizer, row, recipe.system) for row in rows]
    steps = plan_steps(examples, recipe, seed=0)
    tokens = sum(example.tokens for example in examples)
    print(f"{len(rows)} rows, {tokens} tokens, {len(steps)} steps, {torch.get_num_threads()} threads, {student.dtype}")
    plain, ours = [], []
    for _ in range(options.rounds):
        plain.append(plain_loop(options.student, steps, recipe, student.pad_id))
        with tempfile.TemporaryDirectory() as out:
            result = train(student, rows, recipe, 0, Path(out), lambda **progress: None, CancelToken())
        ours.append((result["seconds"], result["loss_curve"][-1][1]))
    for name, runs in (("plain", plain), ("runtime", ours)):
        seconds, loss = min(runs)
        print(f"{name:8} {seconds:7.1f} s  {tokens / seconds:6.0f} tokens/s  last loss {loss:.4f}")
    ratio = min(plain)[0] / min(ours)[0]
    print(f"ratio    {ratio:.2f} (above 1: the runtime is faster)")
    return 0 if ratio >= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
