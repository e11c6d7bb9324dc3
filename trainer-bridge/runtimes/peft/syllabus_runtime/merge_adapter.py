"""Adds an adapter to its base for good: python -m syllabus_runtime.merge_adapter BASE ADAPTER OUT DTYPE MAX_SHARD

DTYPE is that of the weights that are written: base, float32, bfloat16 or float16. MAX_SHARD is the size of a file of weights at most, such
as 5GB. OUT is a folder that the caller gives its place once it is whole. Each step is a JSON line {"step", "done", "total"} on stdout.
"""

import json
import shutil
import sys
from pathlib import Path

from .process import run_command

# The last is what follows the others: all is done.
STEPS = ("loading the base", "merging", "writing the weights", "writing tokenizer and settings", "written")
# What says how a student is asked: copied as it is. Weights and settings of the model are written anew.
COPIED = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py")
WRITTEN = {"config.json", "generation_config.json", "adapter_config.json", "syllabus-student.json"}


def merge(base: Path, adapter: Path, out: Path, dtype: str, max_shard: str) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoTokenizer, GenerationConfig

    from .student import Student, kind_of_model

    _step(0)
    wanted = "auto" if dtype == "base" else getattr(torch, dtype)
    model = kind_of_model(str(base)).from_pretrained(base, dtype=wanted)
    tokenizer = AutoTokenizer.from_pretrained(base)
    ends = sorted(Student(str(base), model, tokenizer, model.device, model.dtype).end_ids)
    _step(1)
    tuned = PeftModel.from_pretrained(model, adapter)
    _check_alone(tuned, adapter)
    merged = tuned.merge_and_unload(safe_merge=True)
    _step(2)
    out.mkdir(parents=True, exist_ok=True)
    settings = _json(base / "generation_config.json")
    # The base's own may hold what this transformers refuses to write.
    merged.generation_config = GenerationConfig()
    merged.save_pretrained(out, max_shard_size=max_shard)
    _step(3)
    _write(out / "config.json", for_older_readers(_json(out / "config.json")))
    _write(out / "generation_config.json", {**settings, "eos_token_id": ends[0] if len(ends) == 1 else ends})
    for pattern in COPIED:
        for path in base.glob(pattern):
            if path.name not in WRITTEN and not path.name.endswith(".index.json"):
                shutil.copyfile(path, out / path.name)
    tokenizer_settings = out / "tokenizer_config.json"
    if tokenizer_settings.is_file():
        _write(tokenizer_settings, for_any_tokenizer(_json(tokenizer_settings)))
    _step(4)


def _check_alone(tuned, adapter: Path) -> None:
    """An adapter whose weights are not on the model's layers would be merged as nothing."""
    if not any("lora_" in name for name, _ in tuned.named_parameters()):
        raise ValueError(f"the adapter at {adapter} has no weights for this base")


def for_older_readers(config: dict) -> dict:
    """transformers 4 reads the base of the rotary positions at the top, and takes 10,000 for what is not there."""
    parameters = config.get("rope_parameters") or {}
    theta = parameters.get("rope_theta")
    if theta is None or "rope_theta" in config:
        return config
    scaling = {name: value for name, value in parameters.items() if name != "rope_theta"}
    scaled = {} if scaling.get("rope_type", "default") == "default" else {"rope_scaling": scaling}
    return {**config, "rope_theta": theta, **scaled}


def for_any_tokenizer(settings: dict) -> dict:
    """The class's name in transformers 4, which 5 reads too; nothing of where the base was loaded from."""
    kept = {name: value for name, value in settings.items() if name not in ("is_local", "local_files_only")}
    return {**kept, **({"tokenizer_class": "PreTrainedTokenizerFast"} if kept.get("tokenizer_class") == "TokenizersBackend" else {})}


def _json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _step(done: int) -> None:
    print(json.dumps({"step": STEPS[done], "done": done, "total": len(STEPS) - 1}), flush=True)


if __name__ == "__main__":
    work = lambda base, adapter, out, *rest: merge(Path(base), Path(adapter), Path(out), *rest)  # noqa: E731
    sys.exit(run_command("merge_adapter BASE ADAPTER OUT DTYPE MAX_SHARD", (5,), work))
