"""LoRA adapters on a student: put on, taken off, saved and loaded in PEFT's format."""

import json
import re
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import Linear as LoraLinear
from peft.tuners.tuners_utils import _check_lora_target_modules_mamba

from .artefacts import folder_sha256, whole_folder
from .errors import RequestError, failing_as
from .fast.lora_linear import use_fused_forward
from .recipe import Recipe
from .student import Student, Worn


@contextmanager
def fresh_adapter(student: Student, recipe: Recipe):
    """The student with a new trainable adapter on every linear layer of its text part but the output, and those that PEFT refuses;
    float32 whatever the base is in."""
    config = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=int(recipe.lora_alpha) if recipe.lora_alpha == int(recipe.lora_alpha) else recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules="all-linear",
        exclude_modules="|".join(filter(None, [_beside_text(student.model), _refused(student.model)])) or None,
        task_type="CAUSAL_LM",
    )
    put_on(student, None)
    with failing_as("bad_student", "the student takes no adapter on its linear layers", ValueError):
        tuned = get_peft_model(student.model, config)
    try:
        for parameter in trainable(tuned):
            parameter.data = parameter.data.float()
        if student.can.fused_lora and recipe.lora_dropout == 0:
            fuse(tuned)
        yield tuned
    finally:
        tuned.unload()


def _beside_text(model) -> str | None:
    """Matches the names of the modules that no text passes through, such as those for images; None where there are none."""
    if model.config.get_text_config(decoder=True) is model.config:
        return None
    text = model.get_decoder()
    name = next((name for name, module in model.named_modules() if module is text), "")
    head = next((name for name, module in model.named_modules() if module is model.get_output_embeddings()), name)
    return rf"(?!{re.escape(name)}(\.|$)|{re.escape(head)}$).*" if name else None


def _refused(model) -> str | None:
    """Matches the names of the linear layers that PEFT takes no adapter on: of Mamba's mixers, which read their weights themselves,
    and those that give back more than a product, such as PhiMoE's routers."""

    def refuses(name: str) -> bool:
        try:
            _check_lora_target_modules_mamba(LoraConfig(), model, name)
            return False
        except ValueError:
            return True

    linear = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    refused = sorted(name for name, module in linear.items() if refuses(name.rpartition(".")[2]) or not _gives_a_product(module))
    return "|".join(map(re.escape, refused)) or None


def _gives_a_product(layer: torch.nn.Linear) -> bool:
    if type(layer).forward is torch.nn.Linear.forward:
        return True
    try:
        return isinstance(layer(layer.weight.new_zeros(1, 1, layer.in_features)), torch.Tensor)
    except (RuntimeError, ValueError, TypeError):
        return False


def put_on(student: Student, folder: str | None) -> None:
    """Leaves the student with this saved adapter alone, for inference, or bare. An adapter that is on already stays on:
    the papers of one candidate come one after the other, and loading it for each took 0.2 s of the embedded student."""
    key = None if folder is None else _identity(Path(folder))
    if student.worn:
        if student.worn.key == key:
            return
        student.worn.tuned.unload()
        student.worn = None
    if folder is None:
        return
    student.spoiled = True
    with failing_as("bad_request", f"the adapter at {folder} does not fit the student"):
        tuned = PeftModel.from_pretrained(student.model, folder)
    student.spoiled = False
    student.worn = Worn(key, tuned)
    tuned.eval()
    for name, parameter in tuned.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(student.dtype)
    if student.can.fused_lora:
        fuse(tuned)


def _identity(folder: Path) -> tuple:
    if not (folder / "adapter_config.json").is_file():
        raise RequestError("bad_request", f"no adapter at {folder}: adapter_config.json is missing")
    return (str(folder), *((path.name, path.stat().st_mtime_ns) for path in sorted(folder.iterdir())))


def trainable(model) -> list[torch.nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def fuse(tuned) -> None:
    for module in tuned.modules():
        # A layer of a class of its own may do more than a product.
        if isinstance(module, LoraLinear) and type(module.base_layer) is torch.nn.Linear:
            use_fused_forward(module)


def save_adapter(tuned, student: Student, out: Path) -> tuple[Path, str]:
    """Writes out/adapter and returns it with its hash, in which neither this machine's paths nor set order show."""
    with whole_folder(out / "adapter") as folder:
        tuned.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)
        path = folder / "adapter_config.json"
        config = json.loads(path.read_text())
        config["base_model_name_or_path"] = student.shared_name
        config["target_modules"] = sorted(config["target_modules"])
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    return out / "adapter", folder_sha256(out / "adapter")
