"""Says what is missing where an agent is started by a Python without the packages that this one needs."""

from __future__ import annotations

import importlib.util
import json
import os
import sys

_needed = {"aiohttp": "aiohttp", "nats": "nats-py", "pydantic": "pydantic", "rfc8785": "rfc8785"}


def check() -> None:
    """Ends the process of an agent that cannot work; where the package is only imported, the import itself fails."""
    missing = [package for module, package in _needed.items() if importlib.util.find_spec(module) is None]
    # What python -m runs is not known yet while the package itself is loaded.
    if not missing or sys.argv[0] != "-m":
        return
    reason = f"This Python ({sys.executable}) has no {' and no '.join(missing)}."
    fix = f"Install what the agent needs: {sys.executable} -m pip install syllabus-agent; or set SYLLABUS_AGENT_PYTHON to another Python."
    print(f"{reason} {fix}", file=sys.stderr)
    try:
        os.write(3, (json.dumps({"reason": reason, "fix": fix}) + "\n").encode())
    except OSError:
        pass
    sys.exit(2)


check()
