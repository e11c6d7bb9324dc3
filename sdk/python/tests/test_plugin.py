from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

package = Path(__file__).parent.parent
head = "from syllabus_agent import RowText, generator, planner\n"
one = '@generator(name="mine", version="1.0.0")\ndef make(request):\n    return RowText(input="?", output="!")\n'


def describe(file: Path, *, options: tuple[str, ...] = ()) -> tuple[int, dict[str, str]]:
    """What `describe` answers on descriptor 3."""
    read, write = os.pipe()
    code = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
    command = [sys.executable, "-c", code, str(write), sys.executable, *options, "-m", "syllabus_agent", "describe", str(file)]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, pass_fds=[write], env=env, capture_output=True, text=True, timeout=60)
    os.close(write)
    with os.fdopen(read) as answer:
        return done.returncode, json.loads(answer.read() or "{}")


def test_a_plug_in_is_described(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(head + one)
    declared = {"schemaVersion": 1, "role": "generator", "name": "mine", "version": "1.0.0", "asksModel": False}
    assert describe(file) == (0, {**declared, "sources": ["procedure"]})


bad = {
    "does not parse": ("def make(:\n    pass\n", ["line 1 does not parse", "Correct that line"]),
    "declares nothing": ("x = 1\n", ["declares no agent", "Decorate one function"]),
    "declares two": (head + one + one.replace("mine", "other").replace("def make", "def more"), ["declares 2 agents", "Keep one"]),
    "lacks a package": ("import no_such_package_here\n" + head + one, ['needs the package "no_such_package_here"', "pip install"]),
    "raises": (head + "\nint('x')\n" + one, ["line 3, raises ValueError when it is loaded", "Correct that line"]),
    "exits": ("import sys\nsys.exit(3)\n", ["raises SystemExit when it is loaded"]),
    "prints": (head + "print('hello')\n" + one, ['prints to standard output when it is loaded: "hello"', "Take the print out"]),
    "has a bad name": (head + one.replace("mine", "My Agent"), ['declares the name "My Agent"', "lower-case"]),
    "has a bad version": (head + one.replace("1.0.0", "v 1"), ['declares the version "v 1"', "such as 1.0.0"]),
    "follows an unknown source": (
        head + one.replace('version="1.0.0"', 'version="1", sources=["magic"]'),
        ["declares the sources ['magic']", '"procedure", "prompt"'],
    ),
}


@pytest.mark.parametrize("text, words", bad.values(), ids=bad.keys())
def test_one_that_cannot_be_used_says_what_where_and_how_to_fix_it(tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    code, answer = describe(file)
    assert code == 2
    told = f"{answer['reason']} {answer['fix']}"
    assert str(file) in answer["reason"] or file.name in answer["reason"]
    for word in words:
        assert word in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, answer = describe(tmp_path / "none.py")
    assert code == 2 and "There is no file" in answer["reason"]


def test_a_python_without_what_an_agent_needs_names_the_packages(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(head + one)
    # Without site-packages.
    code, answer = describe(file, options=("-S",))
    assert code == 2
    assert "has no aiohttp and no nats-py and no pydantic" in answer["reason"]
    assert "-m pip install" in answer["fix"]
