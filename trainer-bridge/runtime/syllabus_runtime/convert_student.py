"""Turns a GGUF file into a folder that transformers loads at once: python -m syllabus_runtime.convert_student FILE.gguf OUT

The work is done in OUT.partial and renamed at the end, so that OUT is whole whenever it exists.
"""

import json
import os
import shutil
import sys
from pathlib import Path


def convert(gguf: Path, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if not gguf.is_file():
        raise FileNotFoundError(f"no GGUF file at {gguf}")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    forget_quantisation(model)
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    forget_training_name(partial / "config.json")
    shutil.rmtree(out, ignore_errors=True)
    os.rename(partial, out)


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


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: python -m syllabus_runtime.convert_student FILE.gguf OUT", file=sys.stderr)
        return 2
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
