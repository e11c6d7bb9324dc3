"""Files that are named by their content."""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path


def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
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


@contextmanager
def whole_folder(final: Path):
    """An empty folder to write to; it takes the place of `final` once all is written."""
    partial = final.with_name(final.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(final, ignore_errors=True)
    os.rename(partial, final)
