"""Loads a plug-in, and says what is wrong with one that cannot be loaded: what, where, and how to fix it."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from .declare import Plugin, attribute
from .errors import CannotStart

_name_form = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_version_form = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}")


def load(target: str) -> Plugin:
    """The plug-in of a file or module. @raises CannotStart"""
    module = _import(target)
    # What it imported from others is theirs.
    found = {
        id(plugin): plugin
        for value in vars(module).values()
        if isinstance(plugin := getattr(value, attribute, None), Plugin)
        and getattr(value, "__module__", None) == module.__name__
    }
    if not found:
        raise CannotStart(
            f"{target} declares no agent.",
            "Decorate one function of it with @generator, @critic or @planner of syllabus_agent.",
            "exports",
        )
    if len(found) > 1:
        names = ", ".join(f"{plugin.role} {plugin.name}" for plugin in found.values())
        raise CannotStart(f"{target} declares {len(found)} agents: {names}.", "Keep one; put each other into a file of its own.", "exports")
    plugin = next(iter(found.values()))
    if not _name_form.fullmatch(plugin.name):
        raise CannotStart(
            f'{target} declares the name "{plugin.name}".', "Write lower-case letters, digits and dashes, 32 at most."
        )
    if not _version_form.fullmatch(plugin.version):
        raise CannotStart(f'{target} declares the version "{plugin.version}".', "Write a version such as 1.0.0.")
    unknown = [kind for kind in plugin.sources if kind not in ("procedure", "prompt")]
    if plugin.role == "generator" and (unknown or not plugin.sources):
        raise CannotStart(f"{target} declares the sources {list(plugin.sources)}.", 'Name "procedure", "prompt", or both.')
    return plugin


def _import(target: str) -> ModuleType:
    is_file = target.endswith(".py") or os.sep in target
    try:
        if not is_file:
            return importlib.import_module(target)
        path = Path(target).resolve()
        if not path.is_file():
            raise CannotStart(f"There is no file {target}.", "Name an existing file, or a module as python:package.module.", "missing-file")
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(f"syllabus_plugin_{re.sub(r'[^0-9a-zA-Z]', '_', path.stem)}", path)
        if spec is None or spec.loader is None:
            raise CannotStart(f"{target} is no Python file.", "Give it the ending .py.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    except CannotStart:
        raise
    except SyntaxError as error:
        where = f"{error.filename or target}, line {error.lineno}"
        raise CannotStart(f"{where} does not parse: {error.msg}.", "Correct that line.", "parse") from error
    except ModuleNotFoundError as error:
        raise CannotStart(
            f'{_where(error, target)} needs the package "{error.name}", which this Python ({sys.executable}) does not have.',
            f"Install it: {sys.executable} -m pip install {error.name}; or name another Python with SYLLABUS_AGENT_PYTHON.",
            "missing-package",
        ) from error
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001
        text = " ".join(str(error).split())
        raise CannotStart(
            f"{_where(error, target)} raises {type(error).__name__} when it is loaded{': ' + text if text else ''}.",
            "Correct that line; what needs the run belongs into the function, which is called later.",
        ) from error


def _where(error: BaseException, target: str) -> str:
    """The line of the plug-in itself that failed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == str(Path(target).resolve())]
    return f"{target}, line {own[-1].lineno}," if own else target
