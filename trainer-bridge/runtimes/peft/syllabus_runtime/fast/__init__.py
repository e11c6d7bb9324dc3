"""What computes the same as transformers and PEFT do, but faster; tests/test_fast_paths.py holds each against the plain path.

| file | in place of | used |
|---|---|---|
| attention.py | the model's own attention | sequences of up to 1024 tokens on a CPU |
| kv_slab.py | transformers' DynamicCache | decoding |
| prefix.py | a common beginning read once for each row | decoding with a slab, training |
| lora_linear.py | the forward of PEFT's LoRA layers | training without dropout, and with a saved adapter |

The first three are used where they hold for the student: capabilities.py. SYLLABUS_FAST_PATHS=off turns all four off. Results differ by
rounding alone, as they do between devices, so `REVISION` does not count the switch.
"""

import os

from ..errors import RequestError

SWITCH = "SYLLABUS_FAST_PATHS"


def fast_paths_are_on() -> bool:
    """Read when a student is loaded. Raises bad_request for a value that is neither on nor off."""
    value = os.environ.get(SWITCH) or "on"
    if value not in ("on", "off"):
        raise RequestError("bad_request", f"{SWITCH} is {value!r}; set it to on or off, or leave it out")
    return value == "on"
