"""The base student, kept loaded between requests."""

import inspect
import logging
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from .capabilities import Capabilities, find_capabilities
from .chat_template import chat_template_of
from .context import context_of
from .device import pick_device, pick_dtype
from .errors import RequestError, failing_as
from .fast import attention

log = logging.getLogger(__name__)


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
    # Found out when it is loaded.
    can: Capabilities = field(default_factory=lambda: Capabilities("eager"))
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
        return end_ids_of(self.tokenizer, self.model.generation_config)

    @cached_property
    def text_config(self):
        """Of the part that reads text; the model's own where it has no other."""
        return self.model.config.get_text_config(decoder=True)

    @cached_property
    def context(self) -> int | None:
        return context_of(self.text_config)

    @cached_property
    def turn(self) -> int | None:
        """Tokens beyond which all of a row's positions are turned otherwise (LongRoPE); None where there is no such length."""
        parameters = getattr(self.text_config, "rope_parameters", None) or {}
        for each in [parameters, *(value for value in parameters.values() if isinstance(value, dict))]:
            if each.get("rope_type") == "longrope":
                return each.get("original_max_position_embeddings") or getattr(self.text_config, "original_max_position_embeddings", None)
        return None

    def turns_between(self, shorter: int, longer: int) -> bool:
        return self.turn is not None and shorter <= self.turn < longer

    def prepare(self, longest: int) -> None:
        """Grouped attention for short sequences on a CPU, if it holds for the model; its own elsewhere."""
        fits = self.can.grouped and longest <= attention.MAX_TOKENS
        attention.use_attention(self.model, attention.NAME if fits else self.can.own_attention)

    def alone(self, row: list[int]) -> torch.Tensor:
        """The logits after each token of one row in the model's own way, without a cache."""
        ids = torch.tensor([row], device=self.device)
        return self.model(input_ids=ids, **_accepted(self.model)).logits[0]

    def decoded(self, row: list[int]) -> torch.Tensor:
        """The same by the decoder's last states and the output layer alone."""
        decoder = self.model.get_decoder()
        hidden = decoder(input_ids=torch.tensor([row], device=self.device), **_accepted(decoder)).last_hidden_state
        return self.model.get_output_embeddings()(hidden)[0]

    def logits(self, at: torch.Tensor, input_ids: torch.Tensor, cache=None, **inputs) -> torch.Tensor:
        """Logits at the flat positions `at` of a (rows, tokens) batch. Only those rows are multiplied by the output
        matrix, as one flat product: a three-dimensional one copies the matrix once for each row of the batch."""
        width = input_ids.shape[1]
        if self.can.plain_head:
            decoder = self.model.get_decoder()
            hidden = decoder(input_ids=input_ids, **_accepted(decoder, width, cache, inputs)).last_hidden_state
            return self.model.get_output_embeddings()(hidden.reshape(-1, hidden.shape[-1])[at])
        accepted, kept = _accepted(self.model, width, cache, inputs), width
        if "logits_to_keep" in _parameters(self.model):
            # Logits of a large vocabulary take more memory than all else; those of the prompts are not asked for.
            kept = accepted["logits_to_keep"] = width - int((at % width).min())
        logits = self.model(input_ids=input_ids, **accepted).logits
        rows, columns = at // width, at % width - (width - kept)
        return logits[rows, columns]


def end_ids_of(tokenizer, generation_config) -> set[int]:
    """Tokens that end a reply: those that the model's files name, and the one that training teaches."""
    configured = getattr(generation_config, "eos_token_id", None)
    ids = configured if isinstance(configured, list) else [configured]
    taught = chat_template_of(tokenizer).end_id if tokenizer.chat_template else None
    return {id for id in [*ids, tokenizer.eos_token_id, taught] if id is not None}


_signatures: dict[type, frozenset[str]] = {}


def _parameters(module: torch.nn.Module) -> frozenset[str]:
    kind = type(module)
    if kind not in _signatures:
        _signatures[kind] = frozenset(inspect.signature(kind.forward).parameters)
    return _signatures[kind]


def _accepted(module: torch.nn.Module, width: int = 0, cache=None, inputs: dict = {}) -> dict:
    """The inputs that the module's forward names, and the cache by the name that it has there. `width`: tokens of a row that are given."""
    known = _parameters(module)
    accepted = {name: value for name, value in inputs.items() if name in known}
    if "use_cache" in known:
        accepted["use_cache"] = cache is not None
    if cache is None:
        return accepted
    if "cache_params" not in known or "past_key_values" in known:
        return {**accepted, "past_key_values": cache}
    # State-space models keep no tokens: their mask is of those that are given.
    mask = accepted.get("attention_mask")
    given = {} if mask is None else {"attention_mask": mask[:, -width:]}
    return {**accepted, "cache_params": cache, **given}


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


def check_folder(name: str) -> None:
    if (name.startswith((".", "/", "~")) or "\\" in name) and not Path(name).is_dir():
        raise RequestError("bad_student", f"no student folder at {name}; give a folder with config.json, or a hub name")
    if Path(name).is_dir() and not (Path(name) / "config.json").is_file():
        raise RequestError("bad_student", f"{name} has no config.json; it is not a transformers model folder")


def _load(name: str, revision: str | None, device: torch.device, dtype: torch.dtype) -> Student:
    check_folder(name)
    log.info("loading student %s on %s as %s", name, device, dtype)
    with failing_as("bad_student", f"student {name!r} does not load"):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model = kind_of_model(name, revision).from_pretrained(name, revision=revision, dtype=dtype).to(device)
    model.eval()
    model.requires_grad_(False)
    student = Student(name, model, tokenizer, device, dtype)
    student.can = find_capabilities(student)
    log.info("the student can %s", student.can)
    return student


def kind_of_model(name: str, revision: str | None = None):
    """A language model; one for images and text where the family has only such models."""
    kind = type(AutoConfig.from_pretrained(name, revision=revision))
    only_with_images = kind not in MODEL_FOR_CAUSAL_LM_MAPPING and kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    return AutoModelForImageTextToText if only_with_images else AutoModelForCausalLM
