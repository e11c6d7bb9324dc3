"""A student's prompts and replies as tokens: its own chat template, and where the completion begins.

Training and inference tokenise the prompt by itself, so both see the same tokens up to the completion.
"""

from dataclasses import dataclass

from .chat_settings import ChatSettings
from .chat_template import chat_template_of
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


def encode_row(tokenizer, row: Row, system: str, settings: ChatSettings = ChatSettings()) -> Example:
    prompt, completion = render_row(tokenizer, row, system, settings)
    return Example(row.id, _tokens(tokenizer, prompt), _tokens(tokenizer, completion))


def render_row(tokenizer, row: Row, system: str, settings: ChatSettings = ChatSettings()) -> tuple[str, str]:
    """The prompt and the completion as the template writes them."""
    template = chat_template_of(tokenizer, settings)
    messages = template.conversation(system, [], user_turn(row.instruction, row.input))
    prompt = template.prompt(messages)
    return prompt, template.completion(messages, prompt, row.output)


def encode_question(tokenizer, question: Question, system: str, settings: ChatSettings = ChatSettings()) -> list[int]:
    template = chat_template_of(tokenizer, settings)
    turns = [(user_turn(question.instruction, input), output) for input, output in question.examples]
    messages = template.conversation(system, turns, user_turn(question.instruction, question.input))
    return _tokens(tokenizer, template.prompt(messages))


def encode_chat(tokenizer, messages: list[dict], settings: ChatSettings = ChatSettings()) -> list[int]:
    """A conversation up to the beginning of the assistant's next turn."""
    template = chat_template_of(tokenizer, settings)
    return _tokens(tokenizer, template.prompt(template.fitted(messages)))


def _tokens(tokenizer, rendered: str) -> list[int]:
    return tokenizer(rendered, add_special_tokens=False).input_ids
