"""What LLaMA-Factory is given, and where it leaves what it made.

The dataset is one of its own, with `dataset_info.json`. Its columns hold prompts and completions as the student's own chat template
writes them, and its template `empty` adds nothing, so a training has the tokens of the questions that are asked later.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from syllabus_runtime.errors import RequestError
from syllabus_runtime.trainer import Program, Training

DATASET = "rows"
CONFIGURATIONS = Path(__file__).parent.parent / "configurations"
# The recipe's keys that are not LLaMA-Factory's: they are in the rendered rows.
OURS = ("system", "chat", "bf16", "gradient_accumulation_steps")
# How it is run, logs and saves.
FIXED = {
    "stage": "sft",
    "do_train": True,
    "template": "empty",
    "dataset": DATASET,
    "logging_steps": 1,
    "save_strategy": "no",
    "report_to": "none",
    "overwrite_output_dir": True,
    "overwrite_cache": True,
    "preprocessing_num_workers": 1,
    "dataloader_num_workers": 0,
}


class LlamaFactory(Program):
    name = "LLaMA-Factory"
    package = "llamafactory"
    parts = ("accelerate", "datasets", "trl")
    keys = frozenset(
        {
            "finetuning_type",
            "quantization_bit",
            "quantization_type",
            "double_quantization",
            "use_rslora",
            "use_dora",
            "loraplus_lr_ratio",
            "neftune_noise_alpha",
            "weight_decay",
            "gradient_checkpointing",
            "disable_gradient_checkpointing",
            "flash_attn",
            "deepspeed",
            "fsdp",
            "fsdp_config",
        }
    )

    def prepare(self, training: Training) -> list[str]:
        folder = training.folder
        rows = [{"prompt": row.prompt, "completion": row.completion} for row in training.rows]
        (folder / f"{DATASET}.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        info = {DATASET: {"file_name": f"{DATASET}.json", "columns": {"prompt": "prompt", "response": "completion"}}}
        (folder / "dataset_info.json").write_text(json.dumps(info, indent=2))
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe_of(training), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return [sys.executable, "-m", "llamafactory.cli", "train", "recipe.yaml"]

    def environment(self, training: Training) -> dict[str, str]:
        several = training.processes > 1 or "deepspeed" in training.keys or "fsdp" in training.keys
        torchrun = {"FORCE_TORCHRUN": "1", "NPROC_PER_NODE": str(training.processes)} if several else {}
        # Its launcher looks for `torchrun` on the path.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "USE_MODELSCOPE_HUB": "0", **torchrun}

    def steps_of(self, folder: Path) -> Path:
        return folder / "output" / "trainer_log.jsonl"

    def made_in(self, folder: Path) -> Path:
        return folder / "output"

    def read_step(self, line: dict) -> tuple[int, int, float] | None:
        return (line["current_steps"], line["total_steps"], line["loss"]) if "loss" in line else None

    def seconds_of(self, folder: Path) -> float:
        return float(json.loads((folder / "output" / "train_results.json").read_text())["train_runtime"])


def recipe_of(training: Training) -> dict:
    """The YAML that it is run with, in its own names."""
    recipe = {name: _plain(value) for name, value in asdict(training.recipe).items() if name not in OURS}
    keys = {name: configuration(value) if name in ("deepspeed", "fsdp_config") else value for name, value in training.keys.items()}
    if "gradient_checkpointing" in keys:
        # It has another name there.
        keys.setdefault("disable_gradient_checkpointing", not keys.pop("gradient_checkpointing"))
    adapter = {} if keys.get("finetuning_type") == "full" else {"finetuning_type": "lora", "lora_target": "all"}
    if not adapter:
        recipe = {name: value for name, value in recipe.items() if not name.startswith("lora_")}
    return {
        "model_name_or_path": training.student,
        **({"model_revision": training.revision} if training.revision else {}),
        **FIXED,
        "dataset_dir": ".",
        "output_dir": "output",
        **adapter,
        **recipe,
        "per_device_train_batch_size": training.batch,
        "gradient_accumulation_steps": training.accumulation,
        "bf16": training.bf16,
        "seed": training.seed,
        **({"use_cpu": True} if training.device.type == "cpu" else {}),
        **keys,
    }


def _plain(value: object) -> object:
    """A whole number without its point: LLaMA-Factory takes `lora_alpha` as it is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def configuration(value: object) -> object:
    """A configuration written in the recipe as it is; one by a file's name is the file of that name that comes with this runtime."""
    if not isinstance(value, str):
        return value
    path = CONFIGURATIONS / Path(value).name
    if path.is_file():
        return str(path)
    known = ", ".join(sorted(each.name for each in CONFIGURATIONS.iterdir()))
    raise RequestError("bad_request", f"no configuration {value!r} comes with LLaMA-Factory here; known are {known}, or write it out in the recipe")
