"""What is reported of a tokenizer: counted by it, the frame and a row's texts must come to the tokens of the row's training."""

import pytest

from syllabus_runtime.chat import encode_row
from syllabus_runtime.rows import Row
from syllabus_runtime.token_frame import token_frame

PROBE = "It's 12.5 kg,\n\n  名前 😀"


def counted(tokenizer, frame, prompt, reply):
    texts = [frame["prompt"][0] + prompt + frame["prompt"][1], frame["reply"][0] + reply + frame["reply"][1]]
    return sum(len(tokenizer(text, add_special_tokens=False).input_ids) for text in texts)


@pytest.mark.parametrize("system", ["", "Be brief."])
def test_the_frame_is_what_stands_around_a_row(tokenizer, tmp_path, system):
    frame = token_frame(tokenizer, system, PROBE, tmp_path)
    row = Row("r", "Add.", "1 and 2", "It is 3.")
    assert counted(tokenizer, frame, "Add.\n1 and 2", "It is 3.") == encode_row(tokenizer, row, system).tokens
    assert frame["probe_tokens"] == counted(tokenizer, frame, PROBE, PROBE)
    assert (tmp_path / "tokenizer.json").is_file() and (tmp_path / "tokenizer_config.json").is_file()


def test_a_template_that_says_a_text_twice_has_none(tokenizer, tmp_path):
    echo = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    echo.chat_template = "{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}"
    assert "unusable" in token_frame(echo, "", PROBE, tmp_path)
