"""The training recipe, with LLaMA-Factory's names. Defaults are the paper's."""

from dataclasses import dataclass, replace

from . import fields
from .chat_settings import KEYS as CHAT_KEYS
from .chat_settings import ChatSettings, parse_chat_settings
from .errors import RequestError

SCHEDULES = ("cosine", "linear", "constant")


@dataclass(frozen=True)
class Recipe:
    lora_rank: int
    lora_alpha: float
    lora_dropout: float
    learning_rate: float
    lr_scheduler_type: str
    warmup_ratio: float
    num_train_epochs: float
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    cutoff_len: int
    bf16: bool
    max_grad_norm: float
    system: str
    chat: ChatSettings = ChatSettings()

    @property
    def rows_per_step(self) -> int:
        return self.per_device_train_batch_size * self.gradient_accumulation_steps


def halved(recipe: Recipe, halvings: int) -> Recipe:
    """The same steps in smaller passes: a device's batch halved so often, its gradients accumulated twice as often. Raises out_of_memory
    for a batch that cannot be halved any more."""
    for _ in range(halvings):
        if recipe.per_device_train_batch_size % 2:
            size = recipe.per_device_train_batch_size
            raise RequestError("out_of_memory", f"memory ran out with passes of {size} rows, which cannot be halved; lower cutoff_len, or use a smaller student")
        halves = {"per_device_train_batch_size": recipe.per_device_train_batch_size // 2, "gradient_accumulation_steps": 2 * recipe.gradient_accumulation_steps}
        recipe = replace(recipe, **halves)
    return recipe


KNOWN = {*Recipe.__dataclass_fields__, "lora_target", *CHAT_KEYS} - {"chat"}


def parse_recipe(source: dict) -> Recipe:
    """Raises bad_request for an unknown key, too: a misspelt one would silently train with a default. LLaMA-Factory's other
    keys are taken out, or refused, where a task is read."""
    unknown = sorted(set(source) - KNOWN)
    if unknown:
        raise RequestError("bad_request", f"the recipe has unknown keys {unknown}; known are {sorted(KNOWN)}")
    if source.get("lora_target", "all") != "all":
        raise RequestError("bad_request", "lora_target must be 'all'")
    schedule = fields.text(source, "lr_scheduler_type", "cosine")
    if schedule not in SCHEDULES:
        raise RequestError("bad_request", f"lr_scheduler_type must be one of {SCHEDULES}, got {schedule!r}")
    dropout = fields.number(source, "lora_dropout", 0, 0.0)
    warmup = fields.number(source, "warmup_ratio", 0, 0.1)
    if dropout >= 1 or warmup > 1:
        raise RequestError("bad_request", "lora_dropout must be below 1 and warmup_ratio at most 1")
    rank = fields.number(source, "lora_rank", 1, 8, whole=True)
    return Recipe(
        lora_rank=rank,
        # Left out, it is twice the rank, as LLaMA-Factory has it.
        lora_alpha=fields.number(source, "lora_alpha", 0, 2.0 * rank, positive=True),
        lora_dropout=dropout,
        learning_rate=fields.number(source, "learning_rate", 0, 1e-4, positive=True),
        lr_scheduler_type=schedule,
        warmup_ratio=warmup,
        num_train_epochs=fields.number(source, "num_train_epochs", 0, 3.0, positive=True),
        per_device_train_batch_size=fields.number(source, "per_device_train_batch_size", 1, 1, whole=True),
        gradient_accumulation_steps=fields.number(source, "gradient_accumulation_steps", 1, 8, whole=True),
        cutoff_len=fields.number(source, "cutoff_len", 8, 2048, whole=True),
        bf16=fields.flag(source, "bf16", True),
        max_grad_norm=fields.number(source, "max_grad_norm", 0, 1.0, positive=True),
        system=fields.whole_text(fields.text(source, "system", "")),
        chat=parse_chat_settings(source),
    )
