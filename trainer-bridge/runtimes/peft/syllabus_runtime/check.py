"""Whether a student can be trained and asked, found out before a run pays for anything."""

from .chat import Example, encode_question, encode_row
from .chat_settings import ChatSettings
from .chat_template import chat_template_of
from .errors import CancelToken, RequestError, failing_as
from .fast import fast_paths_are_on
from .generation import generate
from .inference import InferenceSettings, room_of
from .lora import fresh_adapter, put_on, trainable
from .recipe import parse_recipe
from .rows import Question, Row
from .student import Student
from .training import step_gradients

ROWS = (Row("one", "Add the two numbers.", "1 and 2", "3"), Row("two", "Add the two numbers.", "12 and 30, please", "It is 42."))


def check_student(student: Student, system: str, settings: ChatSettings) -> dict:
    """Trains on two rows without a step and asks two questions. Raises bad_student for what cannot work; says what was found."""
    template = chat_template_of(student.tokenizer, settings)
    examples = [encode_row(student.tokenizer, row, system, settings) for row in ROWS]
    student.prepare(max(example.tokens for example in examples))
    with failing_as("bad_student", "the student cannot be trained or asked", named=True):
        _learn(student, examples)
        prompts = [encode_question(student.tokenizer, Question(row.id, row.instruction, row.input, ()), system, settings) for row in ROWS]
        generate(student, prompts[:1], 2, lambda index, reply: None, CancelToken())
    return {
        "model": type(student.model).__name__,
        "context": student.context,
        "decoding": f"{student.can.way.cache}, {student.can.way.rows}",
        "attention": "grouped" if student.can.grouped else student.can.own_attention,
        "fast_paths": fast_paths_are_on(),
        "end": template.end,
        "system_turn": not template.folds_system,
        "opens_thoughts": template.opens_thoughts,
    }


def _learn(student: Student, examples: list[Example]) -> None:
    put_on(student, None)
    with fresh_adapter(student, parse_recipe({"lora_rank": 1})) as tuned:
        step_gradients(student, examples, share=True)
        # B is zero in a fresh adapter, so A has no gradient yet.
        if not any(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in trainable(tuned)):
            raise RequestError("bad_student", "no gradient reaches the student's linear layers")


def longest_prompt(student: Student, questions: list[Question], system: str, settings: InferenceSettings) -> dict:
    """The longest of the questions' prompts, and whether the student's context has room for it and its reply."""
    lengths = {question.id: len(encode_question(student.tokenizer, question, system, settings.chat)) for question in questions}
    id = max(lengths, key=lambda each: lengths[each])
    room = room_of(student, settings)
    fits = student.context is None or lengths[id] + room <= student.context
    return {"id": id, "tokens": lengths[id], "room": room, "context": student.context, "fits": fits}
