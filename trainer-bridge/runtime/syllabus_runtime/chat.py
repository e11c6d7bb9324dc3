"""Prompt layout: the student's own chat template, and where the completion begins.

Training and inference tokenise the prompt by itself, so both see the same tokens up to the completion.
"""

from dataclasses import dataclass

from .errors import RequestError
from .rows import Question, Row


@dataclass(frozen=True)
class Example:
    """A row as tokens; loss is taken on `completion` alone."""

    id: str
    prompt: list[int]
    completion: list[int]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.completion)


def user_turn(instruction: str, input: str) -> str:
    """The instruction, a line break, the input; one of them alone when the other is empty."""
    return "\n".join(part for part in (instruction, input) if part)


def encode_row(tokenizer, row: Row, system: str) -> Example:
    prompt, completion = render_row(tokenizer, row, system)
    return Example(row.id, _tokens(tokenizer, prompt), _tokens(tokenizer, completion))


def render_row(tokenizer, row: Row, system: str) -> tuple[str, str]:
    """The prompt and the completion as the template writes them."""
    messages = _messages(system, (), row.instruction, row.input)
    prompt = _render(tokenizer, messages, add_generation_prompt=True)
    answered = _render(tokenizer, [*messages, {"role": "assistant", "content": row.output}], add_generation_prompt=False)
    return prompt, _completion(tokenizer, prompt, answered, row.output)


def encode_question(tokenizer, question: Question, system: str) -> list[int]:
    return encode_chat(tokenizer, _messages(system, question.examples, question.instruction, question.input))


def encode_chat(tokenizer, messages: list[dict]) -> list[int]:
    """A conversation up to the beginning of the assistant's next turn."""
    return _tokens(tokenizer, _render(tokenizer, messages, add_generation_prompt=True))


def _messages(system: str, examples, instruction: str, input: str) -> list[dict]:
    messages = [{"role": "system", "content": system}] if system else []
    for example_input, example_output in examples:
        messages.append({"role": "user", "content": user_turn(instruction, example_input)})
        messages.append({"role": "assistant", "content": example_output})
    messages.append({"role": "user", "content": user_turn(instruction, input)})
    return messages


def _render(tokenizer, messages: list[dict], add_generation_prompt: bool) -> str:
    if not tokenizer.chat_template:
        raise RequestError("bad_student", "the student's tokenizer has no chat template; use an instruction-tuned student")
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
    except Exception as error:
        raise RequestError("bad_student", f"the student's chat template fails: {error}") from error


def _completion(tokenizer, prompt: str, answered: str, output: str) -> str:
    """The reply and its end-of-turn token, without what the template writes between turns (a line break, say)."""
    end = tokenizer.eos_token or ""
    if answered.startswith(prompt):
        reply = answered[len(prompt) :].rstrip()
        return reply if end and reply.endswith(end) else reply + _missing_end(reply, output, end)
    return output + end


def _missing_end(reply: str, output: str, end: str) -> str:
    """Templates that close a turn with another token than eos already end the reply themselves."""
    return "" if len(reply.strip()) > len(output.strip()) else end


def _tokens(tokenizer, rendered: str) -> list[int]:
    return tokenizer(rendered, add_special_tokens=False).input_ids
