"""Agents for Syllabus in Python.

A file with one decorated function is a plug-in: a topology names it as ``variant: python:./my_generator.py``.
"""

from . import _requirements  # noqa: F401  # before all that needs packages
from .declare import CheckRequest, Plan, PlanRequest, RowRequest, RowText, critic, generator, planner
from .errors import NoRow, RetryError, TerminalError
from .metered.teacher import Reply

__all__ = [
    "CheckRequest",
    "NoRow",
    "Plan",
    "PlanRequest",
    "Reply",
    "RetryError",
    "RowRequest",
    "RowText",
    "TerminalError",
    "critic",
    "generator",
    "planner",
]
