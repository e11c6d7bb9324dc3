"""Where the student runs, and in which precision."""

import os
from pathlib import Path

import torch

# What is caught apart from other failures: the student may be as it was, but there is no memory for the request.
OUT_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)


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
