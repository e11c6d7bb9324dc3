"""What TRL's SFTTrainer is given, and where it leaves what it made. Rows go to it as tokens, which it trains on as they are."""

import json
import sys
from pathlib import Path

from syllabus_runtime.trainer import Program, Training

# The recipe's keys that are arguments of LoraConfig, by its names.
LORA = {"lora_rank": "r", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout", "use_rslora": "use_rslora", "use_dora": "use_dora"}
# Those that are arguments of SFTConfig, which has them by the same names.
ARGUMENTS = (
    "learning_rate",
    "lr_scheduler_type",
    "num_train_epochs",
    "max_grad_norm",
    "neftune_noise_alpha",
    "weight_decay",
)


class Trl(Program):
    name = "TRL"
    package = "trl"
    parts = ("accelerate", "datasets")
    keys = frozenset({"use_rslora", "use_dora", "neftune_noise_alpha", "weight_decay", "gradient_checkpointing", "disable_gradient_checkpointing"})

    def prepare(self, training: Training) -> list[str]:
        folder = training.folder
        with open(folder / "rows.jsonl", "w", encoding="utf-8") as file:
            for row in training.rows:
                labels = [-100] * len(row.prompt_ids) + row.completion_ids
                file.write(json.dumps({"input_ids": row.prompt_ids + row.completion_ids, "labels": labels}) + "\n")
        (folder / "recipe.json").write_text(json.dumps(recipe_of(training), indent=2) + "\n")
        command = [sys.executable, "-m", "trl_runtime.train"]
        if training.processes == 1:
            return command
        return [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={training.processes}", *command[1:]]

    def steps_of(self, folder: Path) -> Path:
        return folder / "steps.jsonl"

    def made_in(self, folder: Path) -> Path:
        return folder / "output"

    def read_step(self, line: dict) -> tuple[int, int, float] | None:
        return (line["step"], line["steps"], line["loss"])

    def seconds_of(self, folder: Path) -> float:
        return float(json.loads((folder / "output" / "train_results.json").read_text())["train_runtime"])


def recipe_of(training: Training) -> dict:
    """What the training reads: the student, and the arguments of LoraConfig and SFTConfig."""
    given = {**vars(training.recipe), **training.keys}
    return {
        "student": training.student,
        "revision": training.revision,
        "dtype": "bfloat16" if training.bf16 else "float32",
        "lora": {name: given[key] for key, name in LORA.items() if key in given},
        "arguments": {
            **{name: given[name] for name in ARGUMENTS if name in given},
            # Its transformers reads a number below 1 as a share of the steps.
            "warmup_steps": min(training.recipe.warmup_ratio, 0.999999),
            "per_device_train_batch_size": training.batch,
            "gradient_accumulation_steps": training.accumulation,
            "gradient_checkpointing": given.get("gradient_checkpointing", not given.get("disable_gradient_checkpointing", False)),
            "bf16": training.bf16,
            "seed": training.seed,
            "use_cpu": training.device.type == "cpu",
        },
    }
