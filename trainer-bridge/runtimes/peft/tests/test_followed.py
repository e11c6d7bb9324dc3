"""A training in a process of another program: see followed.py."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.followed import run_followed

PACKAGE = str(Path(__file__).parent.parent)
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([PACKAGE, os.environ.get("PYTHONPATH", "")])}
# Writes a step a line; the rest is what each test lets it do.
BEGIN = """
import os, sys, time, json, signal
starts = int(open("starts").read()) + 1 if os.path.exists("starts") else 1
open("starts", "w").write(str(starts))
log = open("steps.jsonl", "a")
def step(n):
    log.write(json.dumps({"step": n}) + "\\n"); log.flush()
"""


def follow(tmp_path, script: str, cancel=None, on_step=None):
    heard: list[dict] = []
    command = [sys.executable, "-c", BEGIN + script]
    run_followed("Program", command, ENV, tmp_path, tmp_path / "steps.jsonl", on_step or heard.append, cancel or CancelToken())
    return [line["step"] for line in heard]


def test_each_line_is_heard_once_also_the_last(tmp_path):
    assert follow(tmp_path, "step(1); time.sleep(0.5); step(2); step(3)") == [1, 2, 3]


def test_one_that_a_signal_ends_is_started_again(tmp_path):
    script = "step(1)\nif starts == 1: os.kill(os.getpid(), signal.SIGKILL)\nstep(2)"
    assert follow(tmp_path, script)[-2:] == [1, 2]
    assert (tmp_path / "starts").read_text() == "2"


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "out_of_memory", "ended by signal 9 2 times in a row"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "internal", "ended by signal 15 2 times in a row"),
        ("raise ValueError('no such thing')", "internal", "Program ended with status 1: ValueError: no such thing"),
        ("raise MemoryError('no room')", "out_of_memory", "memory ran out in Program: MemoryError: no room; lower"),
        ("sys.exit(3)", "internal", "Program ended with status 3: it said nothing"),
    ],
)
def test_a_failure_says_its_kind_and_reason(tmp_path, script, kind, words):
    with pytest.raises(RequestError) as failed:
        follow(tmp_path, script)
    assert (failed.value.kind, words in str(failed.value)) == (kind, True), str(failed.value)


def test_cancelling_ends_it_with_what_it_started(tmp_path):
    cancel = CancelToken()
    script = "import subprocess\nopen('child', 'w').write(str(subprocess.Popen(['sleep', '600']).pid))\nstep(1); time.sleep(600)"
    with pytest.raises(RequestError) as failed:
        follow(tmp_path, script, cancel, lambda line: cancel.cancel("enough"))
    assert (failed.value.kind, str(failed.value)) == ("cancelled", "enough")
    assert ended(int((tmp_path / "child").read_text()))


def test_it_ends_with_the_process_that_follows_it(tmp_path):
    script = "step(1); open('me', 'w').write(str(os.getpid())); time.sleep(600)"
    own = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_followed, pathlib; test_followed.follow(pathlib.Path('.'), {script!r})"
    import subprocess

    follower = subprocess.Popen([sys.executable, "-c", own], cwd=tmp_path, env=ENV)
    deadline = time.monotonic() + 30
    while not (tmp_path / "me").exists() or not (tmp_path / "me").read_text():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)
    follower.kill()
    follower.wait()
    assert ended(int((tmp_path / "me").read_text()))


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        threading.Event().wait(0.05)
    return False
