"""The base student, kept loaded between requests."""

import logging
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from .attention import choose_attention
from .device import pick_device, pick_dtype
from .errors import RequestError

log = logging.getLogger(__name__)

# Families whose logits are `lm_head(decoder(...))` and nothing more; others go through their own forward.
PLAIN_HEADS = ("llama", "mistral", "qwen2", "qwen3", "smollm3")


@dataclass(frozen=True)
class Worn:
    """A saved adapter that is on the student's layers, and which files it came from."""

    key: tuple
    tuned: PeftModel


@dataclass
class Student:
    name: str
    model: torch.nn.Module
    tokenizer: object
    device: torch.device
    dtype: torch.dtype
    # Put on and taken off by lora.put_on alone.
    worn: Worn | None = None
    # An adapter that did not fit may have left layers of its own: the next request loads the student anew.
    spoiled: bool = False

    @property
    def shared_name(self) -> str:
        """The name without this machine's folders, for artefacts that are hashed."""
        return Path(self.name).name if Path(self.name).is_dir() else self.name

    @property
    def pad_id(self) -> int:
        pad = self.tokenizer.pad_token_id
        return pad if pad is not None else (self.tokenizer.eos_token_id or 0)

    @property
    def end_ids(self) -> set[int]:
        configured = getattr(self.model.generation_config, "eos_token_id", None)
        ids = configured if isinstance(configured, list) else [configured]
        return {id for id in [*ids, self.tokenizer.eos_token_id] if id is not None}

    def prepare(self, longest: int) -> None:
        choose_attention(self.model, self.device, longest)

    def logits(self, at: torch.Tensor, **inputs) -> torch.Tensor:
        """Logits at the flat positions `at` of a (rows, tokens) batch. Only those rows are multiplied by the output
        matrix, as one flat product: a three-dimensional one copies the matrix once for each row of the batch."""
        if self.model.config.model_type not in PLAIN_HEADS:
            logits = self.model(**inputs).logits
            return logits.reshape(-1, logits.shape[-1])[at]
        hidden = self.model.get_decoder()(**inputs).last_hidden_state
        return self.model.get_output_embeddings()(hidden.reshape(-1, hidden.shape[-1])[at])


class StudentCache:
    """Holds the student asked for last."""

    def __init__(self) -> None:
        self._key: tuple | None = None
        self._student: Student | None = None

    def get(self, name: str, revision: str | None, bf16: bool) -> Student:
        device = pick_device()
        dtype = pick_dtype(device, bf16)
        key = (name, revision, dtype, _modified(name))
        if self._student is None or self._student.spoiled or self._key != key:
            self._key, self._student = None, None
            self._student = _load(name, revision, device, dtype)
            self._key = key
        return self._student

    def drop(self) -> None:
        """After a failure that may have left the model altered."""
        self._key, self._student = None, None


def _modified(name: str) -> float | None:
    config = Path(name) / "config.json"
    return config.stat().st_mtime if config.is_file() else None


def _load(name: str, revision: str | None, device: torch.device, dtype: torch.dtype) -> Student:
    if (name.startswith((".", "/", "~")) or "\\" in name) and not Path(name).is_dir():
        raise RequestError("bad_student", f"no student folder at {name}; give a folder with config.json, or a hub name")
    if Path(name).is_dir() and not (Path(name) / "config.json").is_file():
        raise RequestError("bad_student", f"{name} has no config.json; it is not a transformers model folder")
    log.info("loading student %s on %s as %s", name, device, dtype)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype=dtype).to(device)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise RequestError("bad_student", f"student {name!r} does not load: {error}") from error
    model.eval()
    model.requires_grad_(False)
    return Student(name, model, tokenizer, device, dtype)
