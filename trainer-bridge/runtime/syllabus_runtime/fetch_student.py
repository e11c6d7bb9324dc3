"""Fetches a model from the hub, or finds what was fetched before: python -m syllabus_runtime.fetch_student NAME [REVISION]

Writes {"path", "commit"} to stdout. The folder is named by the commit, so it never changes.
"""

import json
import sys
from pathlib import Path

# What transformers reads of a folder; weights in other forms, and what training left behind, stay away.
FILES = ["README.md", "*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.py"]
WEIGHTS = (["*.safetensors"], ["pytorch_model*.bin"])
ELSEWHERE = ["*/*"]


def fetch(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    for weights in WEIGHTS:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=[*FILES, *weights], ignore_patterns=ELSEWHERE))
        if any(folder.glob(weights[0])):
            return folder
    raise FileNotFoundError(f"{name} has neither model.safetensors nor pytorch_model.bin")


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print("usage: python -m syllabus_runtime.fetch_student NAME [REVISION]", file=sys.stderr)
        return 2
    try:
        folder = fetch(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else None)
    except Exception as error:
        print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
        return 1
    print(json.dumps({"path": str(folder), "commit": folder.name}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
