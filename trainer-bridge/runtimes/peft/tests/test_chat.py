"""What the student is shown, and on which tokens it is trained."""

import pytest

from syllabus_runtime.chat import encode_question, encode_row, user_turn
from syllabus_runtime.errors import RequestError
from syllabus_runtime.rows import Question, Row


def test_row_is_prompt_then_completion_with_end_of_turn(tokenizer):
    example = encode_row(tokenizer, Row("r", "Add.", "1 and 2", "It is 3."), "Be brief.")
    prompt = "<|system|>Be brief.<|end|>\n<|user|>Add.\n1 and 2<|end|>\n<|assistant|>"
    assert tokenizer.decode(example.prompt) == prompt
    assert tokenizer.decode(example.completion) == "It is 3.<|end|>"
    assert example.completion[-1] == tokenizer.eos_token_id
    assert example.completion.count(tokenizer.eos_token_id) == 1


def test_without_system_or_instruction_nothing_is_put_in_their_place(tokenizer):
    example = encode_row(tokenizer, Row("r", "", "1 and 2", "3"), "")
    assert tokenizer.decode(example.prompt) == "<|user|>1 and 2<|end|>\n<|assistant|>"
    assert user_turn("Add.", "") == "Add."


def test_inference_sees_the_same_prompt_as_training(tokenizer):
    row = encode_row(tokenizer, Row("r", "Add.", "1 and 2", "3"), "Be brief.")
    assert encode_question(tokenizer, Question("q", "Add.", "1 and 2", ()), "Be brief.") == row.prompt


def test_examples_are_earlier_turns(tokenizer):
    question = Question("q", "Add.", "1 and 2", (("4 and 5", "9"), ("6 and 1", "7")))
    assert tokenizer.decode(encode_question(tokenizer, question, "S")) == (
        "<|system|>S<|end|>\n<|user|>Add.\n4 and 5<|end|>\n<|assistant|>9<|end|>\n<|user|>Add.\n6 and 1<|end|>\n"
        "<|assistant|>7<|end|>\n<|user|>Add.\n1 and 2<|end|>\n<|assistant|>"
    )


def test_a_template_that_ends_turns_without_eos_gets_one(tokenizer):
    bare = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    bare.chat_template = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    example = encode_row(bare, Row("r", "", "hi", "yo"), "")
    assert bare.decode(example.completion) == "yo<|end|>"


def test_a_tokenizer_without_template_is_a_bad_student(tokenizer):
    bare = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|end|>")
    with pytest.raises(RequestError) as caught:
        encode_row(bare, Row("r", "", "hi", "yo"), "")
    assert caught.value.kind == "bad_student"
