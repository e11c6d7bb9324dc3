from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import MODEL, Teacher

import syllabus
from syllabus._command import words_of
from syllabus._errors import error_of


def made(place: syllabus.Place, out: str, **more: Any) -> syllabus.Going[syllabus.Generated]:
    options = {"program": "program.json", "model": MODEL, "rows": 12, "run_id": out, **more}
    return syllabus.generate(out=out, place=place, **options)


def test_rows_are_made_followed_and_read(place: syllabus.Place, folder: Path) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    going = made(place, "first")
    events = list(going)
    result = going.result()
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert result.run_id == "first" == going.run_id
    assert result.generation["rows"] == 12
    assert {"run", "page", "message"} <= {event.type for event in events}
    decision = next(event for event in events if event.name == "decision")
    assert decision.title.startswith("attempt 1")
    assert decision.payload["program"]["sources"][0]["id"] == "crates"
    assert "rows of first" in result._repr_html_()
    rows = list(result.rows(admitted=True))
    assert len(rows) == 12
    one = result.row(rows[0]["id"])
    assert "problem number" in one["asked"]["prompt"]
    messages = list(result.events())
    assert [event.seq for event in messages] == sorted(event.seq or 0 for event in messages)
    assert list(result.events(start=messages[2].seq)) == messages[2:]
    stored = syllabus.read_run("first", place)
    assert stored.summary()["status"] == "finished"
    assert [run["runId"] for run in syllabus.list_runs(place)] == ["first"]
    pandas = pytest.importorskip("pandas")
    frame = stored.frame(admitted=True)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns)[:4] == ["id", "attempt", "source", "status"]
    assert frame["input"].str.contains("crates at").all() and len(frame) == 12


def test_stop_drains_and_the_same_call_goes_on(place: syllabus.Place, teacher: Teacher) -> None:
    before = teacher.requests
    going = made(place, "stopped", rows=150, concurrency=2)
    with pytest.raises(syllabus.RunInterruptedError) as stopped:
        for event in going:
            if event.name == "batch":
                going.stop()
    assert stopped.value.exit_code == 130
    assert stopped.value.run_id == "stopped"
    result = made(place, "stopped", rows=150).result()
    assert result.generation["rows"] == 150
    assert result.generation["spent"]["calls"] == teacher.requests - before


@pytest.mark.parametrize(
    ("wrong", "kind", "what"),
    [
        ({"model": None}, syllabus.BadInputError, "No teacher is named"),
        ({"rows": 0}, syllabus.BadInputError, "--rows"),
        ({"nonsense": 3}, syllabus.BadInputError, "unknown option"),
        ({"task": "nowhere"}, syllabus.BadInputError, "nowhere"),
    ],
)
def test_bad_input_says_what_is_wrong_and_how_to_put_it_right(place: syllabus.Place, wrong: Any, kind: Any, what: str) -> None:
    with pytest.raises(kind) as caught:
        made(place, "bad", **wrong).result()
    assert what in caught.value.what
    assert caught.value.fix


def test_a_command_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    for env in ({"PATH": str(tmp_path), "SYLLABUS_COMMAND": ""}, {"SYLLABUS_COMMAND": str(tmp_path / "none")}):
        with pytest.raises(syllabus.BadInputError):
            syllabus.run(place=syllabus.Place(cwd=tmp_path, env=env))


def test_too_small_a_budget_is_refused_before_anything_is_paid(place: syllabus.Place, teacher: Teacher) -> None:
    before = teacher.requests
    with pytest.raises(syllabus.BadInputError, match="at least 21 teacher calls"):
        made(place, "short", rows=21, budget=20).result()
    assert teacher.requests == before


def test_an_estimate_names_its_plan(place: syllabus.Place) -> None:
    options = {"program": "program.json", "model": MODEL, "rows": 12, "budget": 40}
    found = syllabus.estimate(place=place, **options)
    assert found["spent"]["calls"] >= 12
    assert len(found["plan"]) == 64
    with pytest.raises(syllabus.BadInputError, match="not the plan"):
        made(place, "planned", budget=41, confirmed=found["plan"]).result()
    assert made(place, "planned", budget=40, confirmed=found["plan"]).result().generation["rows"] == 12


def test_a_program_that_is_killed_takes_its_command_along(place: syllabus.Place, folder: Path) -> None:
    script = "import sys, syllabus\nplace = syllabus.Place(home=sys.argv[1], cwd=sys.argv[2])\n"
    script += "for event in syllabus.generate(rows=5000, out='killed', model='test-teacher', program='program.json', place=place):\n"
    script += "    print(event.type, event.name, flush=True)\n"
    env = {**place.environment(), "PYTHONPATH": str(Path(__file__).parents[1])}
    for name in ("SYLLABUS_INNER", "SYLLABUS_ERRORS"):
        del env[name]
    home = folder / "killed-home"
    host = subprocess.Popen([sys.executable, "-c", script, str(home), str(folder)], env=env, stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    for line in host.stdout:
        if line.startswith("message batch"):
            break
    host.kill()
    until = time.monotonic() + 60
    while _processes_of(home) and time.monotonic() < until:
        time.sleep(0.2)
    assert _processes_of(home) == []


def _processes_of(home: Path) -> list[str]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                if f"SYLLABUS_HOME={home}\0".encode() in (each / "environ").read_bytes():
                    found.append((each / "cmdline").read_bytes().decode())
            except OSError:
                continue
    return [words for words in found if words and "-c" not in words.split("\0")[:2]]


def test_options_are_words() -> None:
    assert words_of({"run_id": "a", "retention": False, "quick": True, "tracker": ["mlflow", "wandb"], "model": None}) == [
        "--run-id=a",
        "--no-retention",
        "--quick",
        "--tracker=mlflow,wandb",
    ]


@pytest.mark.parametrize(("code", "kind"), [(1, syllabus.SyllabusError), (2, syllabus.BadInputError), (4, syllabus.RunFaultedError)])
def test_each_exit_code_has_its_error(code: int, kind: type) -> None:
    assert type(error_of(code, "What.", "Do.", None)) is kind


def test_a_notebook_shows_a_bar_and_a_result(place: syllabus.Place, folder: Path) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    where = {"home": str(folder / "home"), "cwd": str(folder), "env": dict(place.env)}
    cells = [
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\nimport syllabus\nplace = syllabus.Place(**{json.dumps(where)})",
        f"made = syllabus.generate(rows=12, out='nb', run_id='nb', program='program.json', model={MODEL!r}, place=place).result()\nmade",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [output["data"]["text/html"] for output in notebook.cells[1].outputs if "text/html" in output.get("data", {})]
    assert "nb is over" in shown[0]
    assert "12 of 12" in shown[-1]


def test_the_environment_is_not_changed(place: syllabus.Place) -> None:
    before = dict(os.environ)
    syllabus.list_runs(place)
    assert dict(os.environ) == before
