"""The command line as a process that writes JSON lines.

C1 It is given no terminal, and has a session of its own: a signal for this program is no signal for it.
C2 It sees its channel to this process close when this process ends, however it ends; then it finishes what is in hand, and ends.
C3 It is asked to stop once, and drains; nothing here kills it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._errors import BadInputError, error_of

Json = dict[str, Any]

_KEPT_LINES = 20


@dataclass(frozen=True)
class Place:
    """Where a call works. Left out, each is that of this program."""

    home: str | os.PathLike[str] | None = None
    """The home, where runs are stored: SYLLABUS_HOME."""
    runs: str | os.PathLike[str] | None = None
    """The folder for reports and exports: SYLLABUS_RUNS."""
    cwd: str | os.PathLike[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Further variables, such as OPENAI_BASE_URL. A key belongs here or in this program's environment, and in no option."""

    def environment(self) -> dict[str, str]:
        places = {"SYLLABUS_HOME": self.home, "SYLLABUS_RUNS": self.runs}
        named = {name: os.fspath(path) for name, path in places.items() if path is not None}
        inherited = {name: value for name, value in os.environ.items() if name != "SYLLABUS_OUTER"}
        return {**inherited, **self.env, **named, "SYLLABUS_ERRORS": "json", "SYLLABUS_INNER": "1"}


def find_command(env: Mapping[str, str], cwd: str | os.PathLike[str] | None) -> list[str]:
    """The words that start `syllabus`."""
    if named := env.get("SYLLABUS_COMMAND"):
        return shlex.split(named)
    here = Path(cwd or Path.cwd()).resolve()
    beside = (str(folder / "node_modules" / ".bin") for folder in (here, *here.parents))
    if found := shutil.which("syllabus", path=os.pathsep.join([env.get("PATH", ""), *beside])):
        return [found]
    raise BadInputError(
        2,
        "The command syllabus is not on PATH.",
        "Install it with npm, or set SYLLABUS_COMMAND to what starts it, such as: node /path/to/syllabus/cli/bin.mjs",
    )


def words_of(options: Mapping[str, Any]) -> list[str]:
    """Options as words: `rows=20` is `--rows=20`, `retention=False` is `--no-retention`."""
    words: list[str] = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if value is None:
            continue
        if isinstance(value, bool):
            if value:
                words.append(f"--{flag}")
            elif name in ("retention", "submissions"):
                words.append(f"--no-{flag}")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            words.append(f"--{flag}={','.join(map(str, value))}")
        else:
            words.append(f"--{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return words


class Command:
    """A command that was started. Its lines are to be read at once: what is not read holds it up."""

    def __init__(self, args: Sequence[str], place: Place) -> None:
        self.run_id: str | None = None
        env = place.environment()
        words = find_command(env, place.cwd)
        self._channel, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [*words, *args],
                cwd=place.cwd,
                env={**env, "NODE_CHANNEL_FD": str(theirs.fileno())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        except OSError as error:
            self._channel.close()
            raise BadInputError(2, f"{words[0]} cannot be started: {error}.", "Name a folder and a command that are there.") from error
        finally:
            theirs.close()
        self._fault: Json | None = None
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            try:
                parsed = json.loads(line)
            except ValueError:
                parsed = None
            if isinstance(parsed, dict) and parsed.get("type") == "error":
                self._fault = parsed
            else:
                self._errors.append(line.rstrip())

    def stop(self) -> None:
        """Asks it to finish what is in hand."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def lines(self) -> Iterator[Json]:
        """What it writes. Raises a SyllabusError where it fails."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip():
                yield json.loads(line)
        code = self._process.wait()
        self._listening.join()
        self._channel.close()
        if code == 0:
            return
        exit_code = 130 if code < 0 else code
        what = "\n".join(self._errors).strip() or f"The command ended with exit code {exit_code}."
        fault = self._fault or {"what": what, "fix": ""}
        raise error_of(exit_code, fault["what"], fault["fix"], self.run_id)


def ask_lines(args: Sequence[str], place: Place) -> Iterator[Json]:
    """The JSON lines of a command that answers and ends. Who leaves early ends it."""
    command = Command(args, place)
    is_whole = False
    try:
        yield from command.lines()
        is_whole = True
    finally:
        if not is_whole:
            command.stop()


def ask(args: Sequence[str], place: Place) -> Json:
    """The one JSON value that a command answers with."""
    answer: Json = {}
    for answer in Command(args, place).lines():
        pass
    return answer
