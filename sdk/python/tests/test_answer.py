"""The protocol by which a critic or planner is asked (docs/agent-protocol.md, "Answer")."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from syllabus_agent.testing import check_of, plan_of, task_of

package = Path(__file__).parent.parent


class Asked:
    """A process that answers, and what it is sent."""

    def __init__(self, file: Path) -> None:
        read, write = os.pipe()
        code = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
        command = [sys.executable, "-c", code, str(write), sys.executable, "-m", "syllabus_agent", "answer", str(file)]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(
            command, pass_fds=[write], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        os.close(write)
        self._answers = os.fdopen(read)

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def close(self) -> str:
        _, errors = self.process.communicate(timeout=30)
        self._answers.close()
        return errors.decode()


def plain(model: Any) -> Any:
    return model.model_dump(by_alias=True, mode="json", exclude_unset=True)


critic = """
from syllabus_agent import critic

@critic(name="mine", version="1.0.0")
async def check(request):
    print("looked at", request.row.id)
    if request.row.input == "raise":
        raise ValueError("an odd row")
    return None if "plus" in request.row.input else f"no sum, {request.options['word']}"
"""


def test_a_critic_is_asked_about_rows_with_what_was_shared(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(critic)
    asked = Asked(file)
    declared = asked.read()
    assert declared["is"] == "declared" and declared["declaration"]["role"] == "critic"
    asked.send({"do": "open", "identity": {}, "options": {"word": "sorry"}})
    assert asked.read() == {"is": "opened"}
    asked.send({"do": "share", "key": "task-1", "value": plain(task_of())})
    request = check_of()
    rows = [plain(check_of(input=text).row) for text in ("2 plus 3?", "2 times 3?")]
    call = {"do": "call", "method": "check", "shared": {"task": "task-1"}}
    asked.send({**call, "id": 1, "input": {"rows": rows, "program": plain(request.program)}})
    expected = [{"rejected": None}, {"rejected": "plugin", "why": "no sum, sorry"}]
    assert asked.read() == {"is": "result", "id": 1, "value": expected}
    rows = [plain(check_of(input="raise").row)]
    asked.send({**call, "id": 2, "input": {"rows": rows, "program": plain(request.program)}})
    assert asked.read() == {"is": "error", "id": 2, "reason": "ValueError: an odd row"}
    log = asked.close()
    assert "looked at a1.r1.sums.0.0" in log and 'raise ValueError("an odd row")' in log


def test_a_planner_decides(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from syllabus_agent import Plan, planner\n"
        '@planner(name="mine", version="1.0.0", drafts_only=True, max_attempts=4)\n'
        "def decide(request):\n"
        '    if request.situation["attempt"] == 2:\n        return "nothing"\n'
        '    return Plan(program={"rows": request.situation["rows"]}, diagnosis="As asked.")\n'
    )
    asked = Asked(file)
    assert asked.read()["declaration"]["search"] == {"draftsOnly": True, "maxAttempts": 4}
    asked.send({"do": "open", "identity": {}, "options": {}})
    asked.read()
    asked.send({"do": "call", "id": 1, "method": "decide", "input": plan_of(rows=70).situation})
    assert asked.read()["value"] == {"program": {"rows": 70}, "diagnosis": "As asked."}
    asked.send({"do": "call", "id": 2, "method": "decide", "input": plan_of(attempt=2).situation})
    assert "mine returned str; return a Plan" in asked.read()["reason"]
    asked.close()


def test_one_that_cannot_be_loaded_says_why_and_of_which_kind(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def decide(:\n")
    asked = Asked(file)
    failed = asked.read()
    assert failed["is"] == "failed" and failed["kind"] == "parse" and "line 1 does not parse" in failed["reason"]
    asked.close()
    assert asked.process.returncode == 2
