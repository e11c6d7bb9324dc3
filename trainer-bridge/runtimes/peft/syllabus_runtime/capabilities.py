"""What a student can do, found out by trying when it is loaded: no list of families.

A few short rows are read alone, without a cache, in the model's own way: that is the truth. Whatever is faster is taken
only if it gives the same logits, but for rounding: measured as the root mean square of the differences, as a share of the
spread of the logits. In float32 that is below 1e-5, and a mistake in positions, padding or masks above 1e-2; in bfloat16
rounding alone came to 0.19 of the embedded student. So weights are tried in float32, where memory allows it.
"""

import logging
from contextlib import contextmanager

from dataclasses import dataclass, replace
from typing import Callable

import torch

from .decoding import WAYS, Way, begin
from .errors import RequestError, failing_as, is_out_of_memory
from .fast import attention, fast_paths_are_on

log = logging.getLogger(__name__)
# The share of the logits' spread by which two ways of computing them may differ, by the precision that they are tried in.
TOLERANCE = {torch.float32: 2e-3, torch.float16: 5e-2, torch.bfloat16: 0.35}
PROBE = (
    "It's 1,234.5 kg, she said: \"Don't!\" Then \\frac{a}{b} was f(x) = [i ** 2 for i in x]; the river froze in January, "
    "and twelve boxes of notebooks at 2.50 each make thirty. Which of these do you know? None, or all of them?"
)
# Tokens of the rows that are tried: three without a common beginning, three with one. The last tokens of each are given
# one at a time, as decoding does.
LENGTHS = (4, 13, 31)
SHARED, RESTS = 14, (1, 4, 9)
GIVEN = 2


@dataclass(frozen=True)
class Capabilities:
    # The attention that transformers chose for the model: what it has no sdpa for is eager.
    own_attention: str
    # The attention of this runtime, on a CPU.
    grouped: bool = False
    # Whether the logits are `lm_head(decoder(...))` and nothing more.
    plain_head: bool = False
    # Whether rows of a batch that is padded on the right do not see each other.
    batches: bool = False
    # Whether the common beginning of a training pass can be read once.
    shares_prefix: bool = False
    # Whether adapters are computed with their layers in one step.
    fused_lora: bool = False
    way: Way = WAYS[-1]


def find_capabilities(student) -> Capabilities:
    """Raises bad_student for a model that no way of decoding is right for, bad_request for a switch of fast paths that cannot be read."""
    student.can = Capabilities(student.model.config._attn_implementation)
    with torch.no_grad():
        try:
            with _in_float32(student.model):
                return _Finder(student, torch.float32).find()
        except RequestError:
            raise
        except (MemoryError, RuntimeError) as error:
            if student.dtype == torch.float32:
                raise
            log.warning("the student is tried in %s: %s", student.dtype, error)
            return _Finder(student, student.dtype).find()


@contextmanager
def _in_float32(model: torch.nn.Module):
    """The model with its weights in float32; its own are put back untouched."""
    own = [(parameter, parameter.data) for parameter in model.parameters()]
    try:
        for parameter, data in own:
            if data.is_floating_point():
                parameter.data = data.float()
        yield
    finally:
        for parameter, data in own:
            parameter.data = data


class _Finder:
    def __init__(self, student, dtype: torch.dtype):
        self._student = student
        self._tolerance = TOLERANCE[dtype]
        self._is_exact = dtype == torch.float32
        self._fast = fast_paths_are_on()
        ids = [id for id in student.tokenizer(PROBE, add_special_tokens=False).input_ids if id not in student.end_ids]
        ids = ids * (1 + 120 // max(1, len(ids))) if ids else list(range(120))
        lengths = [length + GIVEN for length in LENGTHS]
        self._apart = [ids[3 * at : 3 * at + length] for at, length in enumerate(lengths)]
        # From 20 on, so that rows that differ do so from the first token on.
        self._beside = [ids[20 : 20 + lengths[1]], ids[7 : 7 + lengths[1]]]
        shared = ids[40 : 40 + SHARED]
        self._shared = [shared + ids[60 + 5 * at : 60 + 5 * at + length + GIVEN] for at, length in enumerate(RESTS)]
        self._truths: dict[tuple[int, ...], torch.Tensor] = {}

    def find(self) -> Capabilities:
        student = self._student
        self._refuse_what_is_no_decoder()
        found = student.can
        # The way first that everything else is compared with fastest.
        for name, holds in (("plain_head", self._head_is_plain), ("batches", self._batches)):
            found = self._with(found, holds, **{name: True})
        for grouped in ((True, False) if self._fast and student.device.type == "cpu" else (False,)):
            tried = self._fastest(replace(found, grouped=grouped))
            if tried is not None and (not grouped or tried.way.cache == "slab"):
                found = tried
                break
        if not self._fast:
            return found
        found = replace(found, fused_lora=True)
        return self._with(found, self._shares_prefix, shares_prefix=True) if found.batches else found

    def _refuse_what_is_no_decoder(self) -> None:
        row = self._apart[-1]
        with failing_as("bad_student", "the student cannot read a text", named=True):
            truth = self._truth(row)
        if not torch.isfinite(truth).all():
            raise RequestError("bad_student", "the student's logits are not finite numbers; its weights may be broken, or too large for its precision")
        if self._differs(self._student.alone(row[:-GIVEN])[-1:], truth[:1]):
            raise RequestError("bad_student", "what the student says of a token depends on later ones; it is no causal language model")

    def _with(self, found: Capabilities, holds: Callable[[], bool], **changes) -> Capabilities:
        """The capabilities with these changes if they hold."""
        tried = replace(found, **changes)
        return tried if self._try(tried, holds) else found

    def _try(self, tried: Capabilities, holds: Callable[[], bool]) -> bool:
        """Whether something holds for the student if it can do this. What raises does not hold."""
        student, before = self._student, self._student.can
        student.can = tried
        try:
            student.prepare(1)
            return holds()
        except Exception as error:
            if is_out_of_memory(error):
                raise
            return False
        finally:
            student.can = before
            attention.use_attention(student.model, before.own_attention)

    def _head_is_plain(self) -> bool:
        row = self._apart[-1]
        # The same operations on the same numbers: a scale or a cap, however small its effect here, shows.
        return torch.equal(self._student.decoded(row)[-GIVEN - 1 :].float(), self._truth(row))

    def _batches(self) -> bool:
        return self._holds(Way("none", "any"), self._apart)

    def _fastest(self, found: Capabilities) -> Capabilities | None:
        for way in (way for way in WAYS if self._fast or way.cache != "slab"):
            tried = replace(found, way=way)
            if self._try(tried, lambda way=way: all(self._holds(way, batch) for batch in self._batches_of(way))):
                return tried
        return None

    def _batches_of(self, way: Way) -> list[list[list[int]]]:
        if way.rows == "even":
            return [self._beside]
        if way.rows == "one":
            return [[row] for row in self._apart]
        return [self._apart, self._shared]

    def _shares_prefix(self) -> bool:
        from .chat import Example
        from .training import summed_loss

        part = [Example("", row[:-1], row[-1:]) for row in self._shared]
        apart = summed_loss(self._student, part, share=False)
        together = summed_loss(self._student, part, share=True)
        if abs(together - apart) > self._tolerance * abs(apart):
            return False
        # What is random in training must be drawn for each row.
        self._student.model.train()
        try:
            return not self._differs(self._student.alone(self._apart[-1])[-GIVEN - 1 :], self._truth(self._apart[-1]))
        finally:
            self._student.model.eval()

    def _holds(self, way: Way, rows: list[list[int]]) -> bool:
        """Whether a batch gives each row its logits; a row leaves it on the way."""
        student = self._student
        decoding = begin(student, way, [row[:-GIVEN] for row in rows])
        live = list(range(len(rows)))
        for given in range(GIVEN + 1):
            differing = [self._differs(decoding.logits[at][None], self._truth(rows[row])[given][None]) for at, row in enumerate(live)]
            # One row of several may go another way by rounding alone: experts are chosen by a comparison.
            if sum(differing) * 2 > len(differing) or (self._is_exact and any(differing)):
                return False
            if given == GIVEN:
                return True
            tokens = torch.tensor([rows[row][given - GIVEN] for row in live], device=student.device)
            if given == 0 and len(live) > 1:
                kept = torch.tensor([0, *range(2, len(live))] if len(live) > 2 else [1], device=student.device)
                decoding.keep(kept)
                tokens, live = tokens[kept], [live[at] for at in kept.tolist()]
            decoding.step(tokens)
        return True

    def _truth(self, row: list[int]) -> torch.Tensor:
        """The logits after the prompt of a row and after each token that is given, (GIVEN + 1, vocabulary)."""
        key = tuple(row)
        if key not in self._truths:
            own = self._student.can.own_attention
            now = self._student.model.config._attn_implementation
            attention.use_attention(self._student.model, own)
            self._truths[key] = self._student.alone(row)[-GIVEN - 1 :].float()
            attention.use_attention(self._student.model, now)
        return self._truths[key]

    def _differs(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        one, other = one.float(), other.float()
        spread = (other - other.mean(dim=-1, keepdim=True)).square().mean().sqrt()
        return not (one - other).square().mean().sqrt() <= self._tolerance * spread
