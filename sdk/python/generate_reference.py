"""Writes docs/python-sdk.md, the reference of the Python SDK, from its doc comments.

    python generate_reference.py           # writes it
    python generate_reference.py --check   # writes nothing; exit code 1 says that it is out of date

Each public name has an example; the tests run them as doctests.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import syllabus_agent
import syllabus_agent.testing

here = Path(__file__).parent
target = (here / "../../docs/python-sdk.md").resolve()
longest = 138

head = """# Python SDK: reference

Generated from the doc comments of `sdk/python` by `python generate_reference.py`; do not edit. [Agents in
Python](python-agents.md) is the guide.

"""


def _signature(value: Any) -> str:
    """A function's parameters without the types, which stand in the package itself."""
    parameters = [each.replace(annotation=inspect.Parameter.empty) for each in inspect.signature(value).parameters.values()]
    plain = inspect.Signature([each for each in parameters if each.name not in ("self", "_ask")])
    return str(plain)


def _parts(text: str) -> tuple[str, str]:
    """The prose of a doc comment, and its example."""
    lines = inspect.cleandoc(text).splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith(">>>")), len(lines))
    prose = "\n\n".join(
        textwrap.fill(paragraph, longest, break_long_words=False, break_on_hyphens=False)
        for paragraph in "\n".join(lines[:start]).replace("``", "`").strip().split("\n\n")
    )
    example = "\n".join(lines[start:]).strip()
    return prose, f"```python\n{example}\n```\n" if example else ""


def _fields(value: type) -> str:
    """What follows a field in its class as a text describes it."""
    body = ast.parse(inspect.getsource(value)).body[0]
    assert isinstance(body, ast.ClassDef)
    lines = []
    for at, node in enumerate(body.body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.target.id.startswith("_"):
            continue
        following = body.body[at + 1] if at + 1 < len(body.body) else None
        is_text = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        text = f": {' '.join(str(following.value.value).split())}" if is_text else ""  # type: ignore[union-attr]
        name = f"- `{node.target.id}` ({ast.unparse(node.annotation)})"
        lines.append(textwrap.fill(f"{name}{text}".replace("``", "`"), longest, subsequent_indent="  "))
    return "\n".join(lines)


def _entry(name: str, value: Any) -> str:
    is_class = inspect.isclass(value)
    is_error = is_class and issubclass(value, Exception)
    kind = "exception " if is_error else "class " if is_class else ""
    shown = "" if is_class else _signature(value)
    prose, example = _parts(inspect.getdoc(value) or "")
    parts = [f"### {kind}`{name}{shown}`", prose, _fields(value) if is_class and not is_error else "", example]
    methods = [
        f"`{name}.{each}{_signature(method)}`\n\n" + "\n\n".join(part for part in _parts(inspect.getdoc(method) or "") if part)
        for each, method in inspect.getmembers(value, inspect.isfunction)
        if is_class and not is_error and not each.startswith("_") and value.__module__.startswith("syllabus_agent.declare")
    ]
    return "\n\n".join(part.strip() for part in [*parts, *methods] if part)


def _section(title: str, module: ModuleType, names: list[str]) -> str:
    return f"## {title}\n" + "\n\n".join(_entry(name, getattr(module, name)) for name in names)


def reference() -> str:
    testing = [
        name
        for name, value in vars(syllabus_agent.testing).items()
        if inspect.isfunction(value) and value.__module__ == "syllabus_agent.testing" and not name.startswith("_")
    ]
    sections = [
        _section("syllabus_agent", syllabus_agent, syllabus_agent.__all__),
        _section("syllabus_agent.testing", syllabus_agent.testing, sorted(testing)),
    ]
    return head + "\n\n".join(sections) + "\n"


def main() -> int:
    text = reference()
    if "--check" in sys.argv:
        if target.exists() and target.read_text() == text:
            return 0
        print(f"{target} is out of date: run python generate_reference.py", file=sys.stderr)
        return 1
    target.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
