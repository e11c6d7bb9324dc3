"""The process as the bridge meets it: lines in, lines out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import make_rows, recipe_fields, write_lines

PACKAGE = str(Path(__file__).parent.parent)


class Runtime:
    def __init__(self):
        env = {**os.environ, "PYTHONPATH": PACKAGE, "SYLLABUS_HEARTBEAT_SECONDS": "0.2", "SYLLABUS_DEVICE": "cpu"}
        self.process = subprocess.Popen([sys.executable, "-m", "syllabus_runtime"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)

    def send(self, message) -> None:
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def next(self) -> dict:
        """The next event that is no heartbeat; every line must be JSON."""
        while True:
            line = self.process.stdout.readline()
            assert line, "the runtime ended"
            event = json.loads(line)
            if event["event"] != "heartbeat":
                return event
            assert event["rss_mb"] > 0

    def end_of(self, id: str) -> dict:
        while True:
            event = self.next()
            if event["id"] == id and event["event"] in ("done", "error"):
                return event


@pytest.fixture(scope="module")
def runtime():
    started = Runtime()
    yield started
    started.process.stdin.close()
    assert started.process.wait(timeout=30) == 0


def train_request(id, student, dataset, out, **changes):
    return {"id": id, "op": "train", "student": str(student), "dataset": dataset, "recipe": recipe_fields(**changes), "seed": 0, "out": str(out)}


def test_hello(runtime):
    runtime.send({"id": "h", "op": "hello"})
    result = runtime.end_of("h")["result"]
    assert result["protocol"] == 1 and result["device"] == "cpu" and result["threads"] >= 1
    assert all(isinstance(result[name], str) for name in ("torch", "transformers", "peft"))


@pytest.mark.parametrize("line", [b"not json", b"[1]", b'{"op":"hello"}', b'{"id":1,"op":"hello"}', b"\xff\xfe"])
def test_a_line_that_is_no_request(runtime, line):
    runtime.send(line)
    event = runtime.next()
    assert (event["id"], event["event"], event["kind"]) == (None, "error", "bad_request")


def test_error_kinds_name_the_cause_and_the_process_survives(runtime, student_folder, dataset, tmp_path):
    bad_rows = write_lines(tmp_path / "bad.jsonl", [{"id": "a", "instruction": "", "input": "x"}])
    not_json = tmp_path / "not.jsonl"
    not_json.write_text("{]\n")
    good = train_request("e", student_folder, dataset, tmp_path)
    cases = [
        ({**good, "op": "dance"}, "bad_request", "dance"),
        ({**good, "recipe": {"lora_rank": 0}}, "bad_request", "lora_rank"),
        ({**good, "student": "/nowhere"}, "bad_student", "/nowhere"),
        ({**good, "student": str(tmp_path)}, "bad_student", "config.json"),
        ({**good, "dataset": "/nowhere.jsonl"}, "bad_dataset", "/nowhere.jsonl"),
        ({**good, "dataset": bad_rows}, "bad_dataset", "'output'"),
        ({**good, "dataset": str(not_json)}, "bad_dataset", "not.jsonl:1"),
    ]
    for request, kind, part in cases:
        runtime.send(request)
        event = runtime.end_of("e")
        assert (event["event"], event["kind"]) == ("error", kind), event
        assert part in event["message"]
    runtime.send({"id": "h2", "op": "hello"})
    assert runtime.end_of("h2")["event"] == "done"


def test_train_then_infer(runtime, student_folder, dataset, tmp_path):
    runtime.send(train_request("t", student_folder, dataset, tmp_path))
    first = runtime.next()
    assert first["event"] == "progress" and first["phase"] == "train" and first["step"] == 1 and first["steps"] == 5
    trained = runtime.end_of("t")["result"]
    questions = write_lines(tmp_path / "q.jsonl", [{"id": "q", "instruction": "", "input": "hi"}])
    request = {"id": "i", "op": "infer", "student": str(student_folder), "adapter": trained["adapter"], "questions": questions, "system": "S"}
    runtime.send({**request, "inference": {"max_new_tokens": 5}, "out": str(tmp_path / "p.jsonl")})
    result = runtime.end_of("i")["result"]
    assert result["count"] == 1
    assert set(json.loads((tmp_path / "p.jsonl").read_text())) == {"id", "text", "finish", "tokens"}


def test_two_processes_make_the_same_adapter(runtime, student_folder, dataset, tmp_path):
    runtime.send(train_request("d1", student_folder, dataset, tmp_path / "a"))
    other = Runtime()
    other.send(train_request("d2", student_folder, dataset, tmp_path / "b"))
    assert runtime.end_of("d1")["result"]["sha256"] == other.end_of("d2")["result"]["sha256"]
    other.process.stdin.close()
    assert other.process.wait(timeout=30) == 0


def test_cancel_ends_the_target_and_a_queued_one(runtime, student_folder, tmp_path):
    rows = write_lines(tmp_path / "many.jsonl", make_rows(400))
    runtime.send(train_request("long", student_folder, rows, tmp_path / "a", num_train_epochs=500))
    runtime.send(train_request("queued", student_folder, rows, tmp_path / "b", num_train_epochs=500))
    assert runtime.next()["step"] == 1
    runtime.send({"id": "c0", "op": "cancel", "target": "queued"})
    runtime.send({"id": "c1", "op": "cancel", "target": "long"})
    ended = {}
    while len(ended) < 4:
        event = runtime.next()
        if event["event"] != "progress":
            ended[event["id"]] = event
    assert ended["long"]["kind"] == ended["queued"]["kind"] == "cancelled"
    assert ended["c0"]["result"]["found"] and ended["c1"]["result"]["found"]
    runtime.send({"id": "c2", "op": "cancel", "target": "long"})
    assert runtime.end_of("c2")["result"]["found"] is False


def test_an_id_in_use_is_refused(runtime, student_folder, tmp_path):
    rows = write_lines(tmp_path / "many.jsonl", make_rows(400))
    runtime.send(train_request("twice", student_folder, rows, tmp_path, num_train_epochs=500))
    runtime.send({"id": "twice", "op": "hello"})
    event = runtime.next()
    while event["event"] == "progress":
        event = runtime.next()
    assert event["id"] is None and "'twice'" in event["message"]
    runtime.send({"id": "c", "op": "cancel", "target": "twice"})
    assert runtime.end_of("twice")["kind"] == "cancelled"


def test_it_beats_while_it_works(runtime, student_folder, tmp_path):
    rows = write_lines(tmp_path / "many.jsonl", make_rows(400))
    runtime.send(train_request("beating", student_folder, rows, tmp_path, num_train_epochs=500))
    assert runtime.next()["step"] == 1
    seen = [json.loads(runtime.process.stdout.readline())["event"] for _ in range(8)]
    assert seen.count("heartbeat") >= 3
    runtime.send({"id": "c", "op": "cancel", "target": "beating"})
    assert runtime.end_of("beating")["kind"] == "cancelled"


def test_end_of_input_cancels_the_work_and_exits_with_0(student_folder, tmp_path):
    rows = write_lines(tmp_path / "many.jsonl", make_rows(400))
    started = Runtime()
    started.send(train_request("long", student_folder, rows, tmp_path, num_train_epochs=500))
    assert started.next()["step"] == 1
    started.process.stdin.close()
    assert started.process.wait(timeout=30) == 0
    events = [json.loads(line) for line in started.process.stdout.read().splitlines()]
    assert [event["kind"] for event in events if event["event"] == "error"] == ["cancelled"]
    assert not (tmp_path / "adapter").exists()
