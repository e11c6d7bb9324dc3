"""How a student's chat template is filled in: its variables, and the date that it is shown. The same in training and in inference."""

import json
from dataclasses import dataclass
from datetime import date

from . import fields
from .errors import RequestError

# Templates that print today's date print this one, so that a row and a question are the same tokens on every day.
FIXED_DATE = "2025-01-01"
KEYS = ("enable_thinking", "chat_template_kwargs", "template_date")
# What this runtime passes itself, or what would make another conversation of it.
RESERVED = {"messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "strftime_now", "chat_template", "tokenize"}
# Every directive of strftime, and the variants without padding that glibc and BSD know.
DIRECTIVES = ("%-d", "%-m", "%-H", "%-I", "%-M", "%-S", "%-j", "%-y", *(f"%{letter}" for letter in "aAbBcdeDfFGhHIjmMnpSTuUVwWxXyYzZ"))


@dataclass(frozen=True)
class ChatSettings:
    # Names and values of the template's variables, as JSON, so that settings can be compared and hashed.
    variables: str = "{}"
    date: str = FIXED_DATE

    def values(self) -> dict:
        return json.loads(self.variables)


def parse_chat_settings(source: dict) -> ChatSettings:
    """Reads `KEYS` out of a request's recipe or inference; null is as good as left out."""
    variables = fields.mapping(source, "chat_template_kwargs", {})
    taken = sorted(RESERVED & set(variables))
    if taken:
        raise RequestError("bad_request", f"chat_template_kwargs cannot set {taken}")
    if source.get("enable_thinking") is not None:
        thinking = fields.flag(source, "enable_thinking", True)
        if variables.get("enable_thinking", thinking) != thinking:
            raise RequestError("bad_request", "enable_thinking and chat_template_kwargs.enable_thinking differ; write it once")
        variables = {**variables, "enable_thinking": thinking}
    day = fields.text(source, "template_date", None) or FIXED_DATE
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise RequestError("bad_request", f"template_date must be a date such as {FIXED_DATE}, got {day!r}") from error
    return ChatSettings(json.dumps(variables, sort_keys=True), day)


def with_fixed_date(template: str, day: str) -> str:
    """The template with a `strftime_now` of its own. A macro, since transformers passes plain data alone into templates."""
    if "strftime_now" not in template:
        return template
    shown = date.fromisoformat(day)
    chain = "".join(f".replace({json.dumps(each)}, {json.dumps(shown.strftime(each))})" for each in DIRECTIVES)
    # The empty expression keeps what the template begins with from being trimmed as the end of a block's line.
    return "{%- macro strftime_now(format) -%}{{ format" + chain + ".replace('%%', '%') }}{%- endmacro -%}{{ '' }}" + template
