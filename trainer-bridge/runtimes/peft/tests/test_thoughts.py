"""A student's thoughts are no part of its answer, in whatever tags its template has them; what its template teaches ends a reply."""

import pytest
from family_students import CHATML, THINKS
from tiny_student import make_tokenizer

from syllabus_runtime.chat import encode_chat, encode_question, encode_row, render_row
from syllabus_runtime.chat_settings import parse_chat_settings
from syllabus_runtime.chat_template import chat_template_of
from syllabus_runtime.errors import RequestError
from syllabus_runtime.rows import Question, Row
from syllabus_runtime.thoughts import ThoughtBudget

ROW = Row("r", "Add.", "1 and 2", "It is 3.")


def dressed(template: str, *special: str, eos: str | None = "<|end|>"):
    """The tiny student's tokenizer with another template, and with more special tokens."""
    tokenizer = make_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(special)}, replace_extra_special_tokens=False)
    tokenizer.eos_token, tokenizer.chat_template = eos, template
    return tokenizer


def tagged(open: str, close: str) -> str:
    """A template that writes a message's reasoning between these tags, and cuts it out of what is said."""
    return (
        "{%- for m in messages -%}{{ '<|' + m['role'] + '|>' }}{%- if m['role'] == 'assistant' and m['reasoning_content'] -%}"
        f"{{{{ '{open}' + m['reasoning_content'] + '{close}' }}}}{{%- endif -%}}{{{{ m['content'].split('{close}')[-1] + '<|end|>' }}}}{{%- endfor -%}}"
        "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
    )


CHANNELS = (
    "{%- for m in messages -%}{%- if m['role'] == 'assistant' -%}{%- if m['reasoning_content'] -%}{{ '<|start|>assistant<|channel|>analysis<|message|>' + m['reasoning_content'] + '<|end|>' }}"
    "{%- endif -%}{{ '<|start|>assistant<|channel|>final<|message|>' + m['content'] + '<|return|>' }}{%- else -%}{{ '<|start|>' + m['role'] + '<|message|>' + m['content'] + '<|end|>' }}"
    "{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|start|>assistant' }}{%- endif -%}"
)
HARMONY = ("<|start|>", "<|channel|>", "<|message|>", "<|return|>")


@pytest.mark.parametrize(
    "open, close",
    [
        ("<think>", "</think>"),
        ("<thought>", "</thought>"),
        ("<seed:think>", "</seed:think>"),
        ("<reasoning>", "</reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("◁think▷", "◁/think▷"),
        ("<ponder>", "</ponder>"),
    ],
)
@pytest.mark.parametrize("are_special", [True, False])
def test_thoughts_are_taken_off_by_the_tags_of_the_template(open, close, are_special):
    tokenizer = dressed(tagged(open, close), *((open, close) if are_special else ()))

    def read(text):
        return chat_template_of(tokenizer).read(tokenizer(text, add_special_tokens=False).input_ids)

    whole = f"{open}one and two{close}\n\n  It is 3."
    assert (read(whole).answer, read(whole).thoughts, read(whole).raw) == ("  It is 3.", "one and two", whole)
    assert read(f"one and two{close}It is 3.").answer == "It is 3."
    assert read(f"{open}{close}It is 3.").answer == "It is 3."
    assert read(f"{open}one and two").answer == ""
    assert read("It is 3.").answer == read("It is 3.").raw == "It is 3."
    other = "<b>" if open == "<think>" else "<think>"
    assert read(f"{other}a{other}").answer == f"{other}a{other}", "tags that the template does not have are text"


def test_a_student_without_tags_of_its_own_may_still_think_in_common_ones():
    tokenizer = dressed(CHATML, "<|im_start|>", "<|im_end|>")

    def answer(text):
        return chat_template_of(tokenizer).read(tokenizer(text, add_special_tokens=False).input_ids).answer

    assert answer("<think>so</think>3") == answer("<scratchpad>so</scratchpad>3") == "3"
    assert answer("a </think> tag, and <thinking> alone") == "a </think> tag, and <thinking> alone"


def test_channels_are_thoughts_and_an_answer():
    tokenizer = dressed(CHANNELS, *HARMONY)
    template = chat_template_of(tokenizer)
    read = lambda text: template.read(tokenizer(text, add_special_tokens=False).input_ids).answer
    assert read("<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>It is 3.") == "It is 3."
    assert read("<|channel|>final<|message|>It is 3.") == "It is 3."
    assert read("<|channel|>analysis<|message|>so, and so") == ""
    assert tokenizer.decode(encode_row(tokenizer, ROW, "").completion) == "<|channel|>final<|message|>It is 3.<|return|>"
    assert template.end == "<|return|>"


def test_a_prompt_that_opens_thoughts_teaches_closed_ones():
    opens = dressed(THINKS.replace("{{ '<|im_start|>assistant\n' }}{%-", "{{ '<|im_start|>assistant\n<think>\n' }}{%-"), "<|im_start|>", "<|im_end|>")
    prompt, completion = render_row(opens, ROW, "")
    assert prompt.endswith("<think>\n") and completion == "\n</think>\n\nIt is 3.<|im_end|>"
    assert chat_template_of(opens).opens_thoughts
    # Its replies begin inside thoughts.
    read = chat_template_of(opens).read(opens("so\n</think>\n\n3", add_special_tokens=False).input_ids)
    assert (read.answer, read.thoughts) == ("3", "so")
    _, with_thoughts = render_row(opens, Row("r", "Add.", "1 and 2", "<think>\n1 + 2\n</think>\n\n3"), "")
    assert with_thoughts == "1 + 2\n</think>\n\n3<|im_end|>"


def test_a_template_that_opens_thoughts_and_never_closes_them_has_them_closed():
    template = (
        "{%- for m in messages -%}{{ '<|' + m['role'] + '|>' + m['content'].split('</think>')[-1] + '<|end|>' }}{%- endfor -%}"
        "{%- if add_generation_prompt -%}{{ '<|assistant|><think>\n' }}{%- endif -%}"
    )
    assert render_row(dressed(template), ROW, "")[1] == "\n</think>\n\nIt is 3.<|end|>"


def test_thinking_is_switched_by_the_variable_of_the_template():
    tokenizer = dressed(THINKS, "<|im_start|>", "<|im_end|>")
    off = parse_chat_settings({"enable_thinking": False})
    assert render_row(tokenizer, ROW, "", off) == (render_row(tokenizer, ROW, "")[0] + "<think>\n\n</think>\n\n", "It is 3.<|im_end|>")
    assert parse_chat_settings({"chat_template_kwargs": {"enable_thinking": False}}) == off
    assert encode_question(tokenizer, Question("q", "Add.", "1 and 2", ()), "", off) == encode_row(tokenizer, ROW, "", off).prompt
    with pytest.raises(RequestError, match="no variable.*reasoning_effort"):
        chat_template_of(tokenizer, parse_chat_settings({"chat_template_kwargs": {"reasoning_effort": "low"}}))


@pytest.mark.parametrize(
    "settings",
    [
        {"chat_template_kwargs": []},
        {"chat_template_kwargs": {"messages": []}},
        {"enable_thinking": "no"},
        {"enable_thinking": True, "chat_template_kwargs": {"enable_thinking": False}},
        {"template_date": "yesterday"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings):
    with pytest.raises(RequestError) as caught:
        parse_chat_settings(settings)
    assert caught.value.kind == "bad_request"


def test_a_template_is_shown_one_day_every_day():
    dated = "{%- set day = strftime_now('%d %b %Y') if strftime_now is defined else 'never' -%}{{ '<|system|>' + day + '<|end|>' }}" + CHATML
    tokenizer = dressed(dated, "<|im_start|>", "<|im_end|>")
    assert render_row(tokenizer, ROW, "")[0].startswith("<|system|>01 Jan 2025<|end|><|im_start|>user")
    assert render_row(tokenizer, ROW, "", parse_chat_settings({"template_date": "2026-03-09"}))[0].startswith("<|system|>09 Mar 2026<|end|>")
    tokenizer.chat_template = "{{ strftime_now('%A, %-d %B %y; 100%%') }}" + CHATML
    assert render_row(tokenizer, ROW, "")[0].startswith("Wednesday, 1 January 25; 100%<|im_start|>")


@pytest.mark.parametrize(
    "template",
    [
        "{%- if messages[0]['role'] == 'system' -%}{{ raise_exception('System role not supported') }}{%- endif -%}" + CHATML,
        "{%- for m in messages if m['role'] != 'system' -%}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}",
    ],
    ids=["refuses", "passes over"],
)
def test_without_a_system_turn_its_text_begins_the_users_first(template):
    tokenizer = dressed(template, "<|im_start|>", "<|im_end|>")
    assert chat_template_of(tokenizer).folds_system
    question = Question("q", "Add.", "1 and 2", (("4 and 5", "9"),))
    asked = tokenizer.decode(encode_question(tokenizer, question, "Be brief."))
    assert asked.count("Be brief.") == 1 and "Be brief.\n\nAdd.\n4 and 5" in asked
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello."}]
    assert "Be brief.\n\nHello." in tokenizer.decode(encode_chat(tokenizer, chat))


def test_a_template_that_wants_a_list_of_parts_gets_one():
    tokenizer = dressed(CHATML.replace("m['content']", "m['content'][0]['text']"), "<|im_start|>", "<|im_end|>")
    assert render_row(tokenizer, ROW, "")[1] == "It is 3.<|im_end|>"


@pytest.mark.parametrize(
    "tail, eos, end",
    [
        ("<|im_end|>\n", "<|end|>", "<|im_end|>"),
        ("<|end|>", "<|im_end|>", "<|end|>"),
        ("\n### over\n", "<|end|>", "<|end|>"),
        ("", "<|end|>", "<|end|>"),
        ("</s>", "<|end|>", "<|end|>"),
        ("</answer><|im_end|>", "<|end|>", "<|im_end|>"),
    ],
)
def test_a_turn_ends_with_one_token(tail, eos, end):
    template = (
        "{%- for m in messages -%}{{ '<|' + m['role'] + '|>' + m['content'] + " + repr(tail) + " }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
    )
    tokenizer = dressed(template, "<|im_end|>", eos=eos)
    completion = encode_row(tokenizer, ROW, "").completion
    assert completion[-1:] == tokenizer(end, add_special_tokens=False).input_ids == [chat_template_of(tokenizer).end_id]
    assert tokenizer.decode(completion).startswith("It is 3.")


def test_what_a_template_writes_around_each_answer_is_no_part_of_it():
    template = CHATML.replace("m['content'] +", "('<response>\n' + m['content'] + '\n</response>' if m['role'] == 'assistant' else m['content']) +")
    tokenizer = dressed(template, "<|im_start|>", "<|im_end|>")
    taught = encode_row(tokenizer, ROW, "").completion
    assert tokenizer.decode(taught) == "<response>\nIt is 3.\n</response><|im_end|>"
    assert chat_template_of(tokenizer).read(taught[:-1]).answer == "It is 3."


def budget_of(tokenizer, tokens: int, opened=False) -> ThoughtBudget:
    template = chat_template_of(tokenizer)
    closing = tokenizer(template.closing, add_special_tokens=False).input_ids
    return ThoughtBudget(tokens, closing, template.tags, opened, tokenizer.decode)


def go_on(tokenizer, budget: ThoughtBudget, said: str, then: str) -> str:
    """What a student that says this has said, with its thoughts closed where the budget ends; then it says that."""
    reply: list[int] = []
    for token in tokenizer(said, add_special_tokens=False).input_ids:
        token = budget.next(0, reply, token)
        reply.append(token)
        if 0 in budget._done and budget._forced:
            break
    for token in tokenizer(then, add_special_tokens=False).input_ids:
        reply.append(budget.next(0, reply, token))
    return tokenizer.decode(reply)


@pytest.mark.parametrize("tokens", [0, 3, 20])
def test_thoughts_are_closed_when_they_have_had_their_tokens(tokens):
    tokenizer = dressed(THINKS, "<|im_start|>", "<|im_end|>")
    said = go_on(tokenizer, budget_of(tokenizer, tokens, opened=True), "one and two and three and four and five and six", "3")
    assert said == "one and two and three and four and five and six"[:tokens] + "\n</think>\n\n3"


def test_thoughts_that_end_in_time_are_left_alone():
    tokenizer = dressed(THINKS, "<|im_start|>", "<|im_end|>")
    for said in ("<think>so</think>\n\nIt is 3, and no more.", "It is 3, and that is all there is to say of it."):
        budget = budget_of(tokenizer, 20)
        assert go_on(tokenizer, budget, said, "") == said
        assert budget.spent(0) <= 20
