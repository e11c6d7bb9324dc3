"""What another program trained, taken into a folder that is named by its content."""

import json
import shutil
from pathlib import Path

from .artefacts import folder_sha256, whole_folder
from .errors import RequestError

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
# Each file is an object on the bus.
MOST_BYTES = 2 * 1024**3 - 1
# Of a model that was trained whole; its tokenizer is the student's.
MODEL_FILES = ("config.json", "generation_config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*", "special_tokens_map.json", "chat_template.jinja")


def shared_name(student: str) -> str:
    """The name without this machine's folders, for artefacts that are hashed."""
    return Path(student).name if Path(student).is_dir() else student


def is_whole_model(folder: str | None) -> bool:
    """Whether what was trained is all of a student and not an adapter on it."""
    return folder is not None and (Path(folder) / "config.json").is_file() and not (Path(folder) / CONFIG).exists()


def take_trained(made: Path, out: Path, student: str) -> tuple[Path, str]:
    """Copies the adapter that a program made to out/adapter, in PEFT's layout, or the model that it trained whole. Returns it with its
    hash, in which neither this machine's paths nor set order show."""
    with whole_folder(out / "adapter") as folder:
        if (made / WEIGHTS).is_file():
            _take_adapter(made, folder, student)
        elif any(made.glob("*.safetensors")):
            _take_model(made, folder)
        else:
            raise RequestError("internal", f"no {WEIGHTS} in {made}: the program ended well and left no adapter")
    return out / "adapter", folder_sha256(out / "adapter")


def _take_adapter(made: Path, folder: Path, student: str) -> None:
    shutil.copyfile(made / WEIGHTS, folder / WEIGHTS)
    config = json.loads((made / CONFIG).read_text())
    config["base_model_name_or_path"] = student
    config["revision"] = None
    if isinstance(config["target_modules"], list):
        config["target_modules"] = sorted(config["target_modules"])
    (folder / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def _take_model(made: Path, folder: Path) -> None:
    for path in (path for pattern in MODEL_FILES for path in made.glob(pattern)):
        if path.stat().st_size > MOST_BYTES:
            raise RequestError("bad_request", f"{path.name} has {path.stat().st_size} bytes, more than are kept of a training; train an adapter (finetuning_type: lora), or a smaller student")
        shutil.copyfile(path, folder / path.name)
    config = json.loads((folder / "config.json").read_text())
    config.pop("_name_or_path", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
