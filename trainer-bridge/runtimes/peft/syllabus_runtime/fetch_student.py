"""Fetches a model from the hub, or finds what was fetched before: python -m syllabus_runtime.fetch_student NAME [REVISION]

Writes {"path", "commit"} to stdout. The folder is named by the commit, so it never changes.
"""

import json
import sys
from pathlib import Path

from .process import run_command

# What transformers reads of a folder; weights in other forms, and what training left behind, stay away.
FILES = ["README.md", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py"]
WEIGHTS = (["*.safetensors"], ["pytorch_model*.bin"])
ELSEWHERE = ["*/*"]


def fetch(name: str, revision: str | None = None) -> None:
    from huggingface_hub import snapshot_download

    for weights in WEIGHTS:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=[*FILES, *weights], ignore_patterns=ELSEWHERE))
        if any(folder.glob(weights[0])):
            print(json.dumps({"path": str(folder), "commit": folder.name}))
            return
    raise FileNotFoundError(f"{name} has neither model.safetensors nor pytorch_model.bin")


if __name__ == "__main__":
    sys.exit(run_command("fetch_student NAME [REVISION]", (1, 2), fetch))
