"""A teacher that answers as an OpenAI-compatible endpoint does, and a place of its own for each test."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import syllabus

ROOT = Path(__file__).parents[3]
MODEL = "test-teacher"


class Teacher(ThreadingHTTPServer):
    daemon_threads = True
    requests = 0


class Handler(BaseHTTPRequestHandler):
    server: Teacher

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.reply({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests += 1
        number = int(re.search(r"problem number (\d+)", asked["messages"][0]["content"]).group(1))  # type: ignore[union-attr]
        count, price = 2 + number % 97, 1 + number / 100
        total = f"{count * price:.2f}"
        row = {
            "input": f"Depot {1000 + number} orders {count} crates at {price:.2f} each. What is to be paid?",
            "output": f"{count} times {price:.2f} is {total}. The answer is therefore \\boxed{{{total}}}.",
        }
        message = {"role": "assistant", "content": json.dumps(row)}
        usage = {"prompt_tokens": 40, "completion_tokens": 30, "total_tokens": 70}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self.reply({"id": "c", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage})


PROGRAM = {
    "version": 1,
    "sources": [
        {
            "id": "crates",
            "kind": "prompt",
            "skill": "order-total",
            "mode": "scratch",
            "template": "Write problem number {{index}}: a word problem about the price of some crates.",
            "rows": 10,
        }
    ],
    "contract": {"maxInputChars": 400, "maxOutputChars": 400},
    "filters": {"nearDuplicateJaccard": 0.8, "contaminationShare": 0.6},
    "verification": "none",
    "judge": None,
    "carryOver": None,
}


@pytest.fixture(scope="session")
def teacher() -> Iterator[Teacher]:
    server = Teacher(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("syllabus")
    (folder / "program.json").write_text(json.dumps(PROGRAM))
    return folder


@pytest.fixture
def place(folder: Path, teacher: Teacher) -> syllabus.Place:
    command = os.environ.get("SYLLABUS_COMMAND") or f"node {ROOT / 'cli' / 'bin.mjs'}"
    env = {
        "SYLLABUS_COMMAND": command,
        "OPENAI_BASE_URL": f"http://127.0.0.1:{teacher.server_port}/v1",
        "OPENAI_API_KEY": "k-planted",
    }
    return syllabus.Place(home=folder / "home", runs=folder / "runs", cwd=folder, env=env)
