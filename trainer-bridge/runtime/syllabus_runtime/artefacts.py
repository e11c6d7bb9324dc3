"""Files that are named by their content."""

import hashlib
import json
import os
import shutil
from pathlib import Path


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)


def _digest(file) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Over the folder's files in name order: each name, a zero byte, its SHA-256 in hex."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        digest.update(f"{path.name}\0{file_sha256(path)}".encode())
    return digest.hexdigest()


def write_lines(path: Path, lines: list[dict]) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    os.replace(partial, path)


def replace_folder(partial: Path, final: Path) -> None:
    shutil.rmtree(final, ignore_errors=True)
    os.rename(partial, final)
