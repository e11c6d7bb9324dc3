"""Where the student runs, and in which precision."""

import os
from pathlib import Path

import torch


def pick_device() -> torch.device:
    """SYLLABUS_DEVICE when set, else CUDA, Apple's mps, CPU."""
    asked = os.environ.get("SYLLABUS_DEVICE")
    if asked:
        return torch.device(asked)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def pick_dtype(device: torch.device, bf16: bool) -> torch.dtype:
    """bfloat16 where the recipe wants it and the device computes in it; emulated bfloat16 is slower than float32."""
    return torch.bfloat16 if bf16 and _computes_bf16(device) else torch.float32


def _computes_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return _cpu_computes_bf16()
    return False


def _cpu_computes_bf16() -> bool:
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def make_deterministic(seed: int) -> None:
    """The same seed and inputs on the same machine give the same adapter."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
