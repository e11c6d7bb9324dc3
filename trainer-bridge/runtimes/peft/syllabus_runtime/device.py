"""Where the student runs, and in which precision."""

import os
from pathlib import Path

import torch

def empty_cache() -> None:
    """Gives memory that torch holds for later use back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def pick_device() -> torch.device:
    """SYLLABUS_DEVICE when set, else CUDA, Apple's mps, CPU."""
    found = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(os.environ.get("SYLLABUS_DEVICE") or found)


def pick_dtype(device: torch.device, bf16: bool) -> torch.dtype:
    """bfloat16 where the recipe wants it and the device computes in it; emulated bfloat16 is slower than float32."""
    return torch.bfloat16 if bf16 and _computes_bf16(device) else torch.float32


def _computes_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        words = set(Path("/proc/cpuinfo").read_text().split()) if device.type == "cpu" else set()
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def make_deterministic(seed: int) -> None:
    """The same seed and inputs on the same machine give the same adapter."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def free_bytes(device: torch.device) -> int | None:
    """Of all devices that this process sees: what nobody has, and what torch holds here, which it uses again. None: the device has no memory
    of its own."""
    if device.type != "cuda":
        return None
    seen = range(torch.cuda.device_count())
    return sum(torch.cuda.mem_get_info(at)[0] + torch.cuda.memory_reserved(at) for at in seen)


def random_states() -> tuple:
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def set_random_states(states: tuple) -> None:
    """Draws again what was drawn since these states were taken."""
    torch.set_rng_state(states[0])
    if states[1]:
        torch.cuda.set_rng_state_all(states[1])
