"""Turns a GGUF file into a folder that transformers loads at once: python -m syllabus_runtime.convert_student FILE.gguf OUT

The work is done in OUT.partial and renamed at the end, so that OUT is whole whenever it exists.
"""

import json
import sys
from pathlib import Path

from .artefacts import whole_folder
from .process import run_command


def convert(file: str, out: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gguf = Path(file)
    if not gguf.is_file():
        raise FileNotFoundError(f"no GGUF file at {gguf}")
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    forget_quantisation(model)
    with whole_folder(Path(out)) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        forget_training_name(folder / "config.json")


def forget_quantisation(model) -> None:
    """The weights were expanded while loading, but save_pretrained refuses a model that still says it is quantised."""
    for name in ("hf_quantizer", "quantization_method"):
        if hasattr(model, name):
            setattr(model, name, None)
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def forget_training_name(config: Path) -> None:
    """GGUF carries the name of an internal training run; a reader of the folder would take it for a path."""
    content = json.loads(config.read_text())
    content.pop("_model_name_or_path", None)
    config.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(run_command("convert_student FILE.gguf OUT", (2,), convert))
