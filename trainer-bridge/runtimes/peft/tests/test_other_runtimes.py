"""Replies of another runtime are read as this one's own: the same prompts, limits, thoughts and ends."""

import json
import shutil

import pytest
from conftest import write_lines
from family_students import TEMPLATES
from tiny_student import make_tokenizer

from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.generation import generate
from syllabus_runtime.inference import infer, parse_inference
from syllabus_runtime.other_runtimes import load_reader, prompts, read_replies
from syllabus_runtime.rows import Question
from syllabus_runtime.student import StudentCache

QUESTIONS = [Question(f"q{n}", "Say it.", "word " * (n % 5 + 1) + str(n), (("1 and 1", "2"),) if n % 2 else ()) for n in range(8)]


@pytest.fixture(scope="module")
def thinking_folder(student_folder, tmp_path_factory):
    """The tiny student with a template whose prompt opens thoughts."""
    folder = tmp_path_factory.mktemp("thinking") / "student"
    shutil.copytree(student_folder, folder)
    tokenizer = make_tokenizer()
    tokenizer.chat_template = TEMPLATES["opens"].replace("<|im_start|>", "<|user|>").replace("<|im_end|>", "<|end|>")
    tokenizer.save_pretrained(folder)
    return folder


def decode(student, tokens: list[int], most: int) -> tuple[list[int], str]:
    """What another runtime gives: tokens, an end among them."""
    found = []
    generate(student, [tokens], most, lambda _, reply: found.append(reply), CancelToken())
    [reply] = found
    return [*reply.tokens, min(student.end_ids)] if reply.finish == "stop" else reply.tokens, reply.finish


def answer_elsewhere(student, folder, settings, tmp_path) -> tuple[list[dict], int]:
    """The predictions, and how often replies were gone on with."""
    reader = load_reader(str(folder), None, False)
    told = prompts(reader, QUESTIONS, "Be brief.", settings, tmp_path / "prompts.jsonl")
    asked = {line["id"]: line["tokens"] for line in map(json.loads, (tmp_path / "prompts.jsonl").read_text().splitlines())}
    replies = {id: [] for id in asked}
    open_ones, rounds, lines = dict.fromkeys(asked, []), 0, {}
    while open_ones:
        for id, begun in open_ones.items():
            tokens, finish = decode(student, asked[id] + begun, told["room"] - len(begun))
            lines[id] = {"id": id, "tokens": begun + tokens, "finish": finish}
        file = write_lines(tmp_path / "replies.jsonl", list(lines.values()))
        result = read_replies(reader, QUESTIONS, settings, file, tmp_path / "out.jsonl")
        written = list(map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines()))
        assert result["open"] == 0 or result["open"] == len(written)
        open_ones = {line["id"]: line["tokens"] for line in written} if result["open"] else {}
        rounds += 1
        assert rounds < 4
    assert replies.keys() == asked.keys()
    return written, rounds - 1


@pytest.mark.parametrize("thinks", [None, 0, 3, 12, 40])
@pytest.mark.parametrize("opens", [False, True])
def test_predictions_are_those_of_this_runtime(student_folder, thinking_folder, tmp_path, thinks, opens):
    folder = thinking_folder if opens else student_folder
    student = StudentCache().get(str(folder), None, bf16=False)
    settings = parse_inference({"max_new_tokens": 14, **({} if thinks is None else {"max_thinking_tokens": thinks})})
    infer(student, None, QUESTIONS, "Be brief.", settings, tmp_path / "own.jsonl", lambda **_: None, CancelToken())
    own = list(map(json.loads, (tmp_path / "own.jsonl").read_text().splitlines()))
    others, gone_on = answer_elsewhere(student, folder, settings, tmp_path)
    assert others == own
    assert gone_on == (1 if opens and thinks is not None else 0)


def test_what_does_not_fit_is_not_asked_and_has_an_empty_prediction(student_folder, tmp_path):
    reader = load_reader(str(student_folder), None, False)
    questions = [*QUESTIONS[:2], Question("long", "Say it.", "word " * 200, ())]
    settings = parse_inference({"max_new_tokens": 14, "leave_unfit": True})
    told = prompts(reader, questions, "S", settings, tmp_path / "prompts.jsonl")
    assert told["count"] == 2 and told["context"] == 512 and told["end_ids"] == [0]
    file = write_lines(tmp_path / "replies.jsonl", [{"id": f"q{n}", "tokens": [8, 9], "finish": "stop"} for n in range(2)])
    result = read_replies(reader, questions, settings, file, tmp_path / "out.jsonl")
    assert (result["unfit"], result["count"], result["truncated"]) == (1, 3, 1)
    with pytest.raises(RequestError, match="takes .* tokens and 14 new ones, more than"):
        prompts(reader, questions, "S", parse_inference({"max_new_tokens": 14}), tmp_path / "prompts.jsonl")


def test_messages_are_the_conversation_of_the_prompt(student_folder, tmp_path):
    reader = load_reader(str(student_folder), None, False)
    prompts(reader, QUESTIONS[1:2], "S", parse_inference({"max_new_tokens": 4}), tmp_path / "p.jsonl")
    [line] = map(json.loads, (tmp_path / "p.jsonl").read_text().splitlines())
    assert [(each["role"], each["content"]) for each in line["messages"]] == [
        ("system", "S"),
        ("user", "Say it.\n1 and 1"),
        ("assistant", "2"),
        ("user", "Say it.\nword word 1"),
    ]
    assert reader.tokenizer.apply_chat_template(line["messages"], add_generation_prompt=True, tokenize=False) == reader.tokenizer.decode(line["tokens"])


@pytest.mark.parametrize(
    "line, text, raw",
    [
        ({"text": "It is 3."}, "It is 3.", None),
        ({"text": "It is 3.", "thoughts": "1 and 2"}, "It is 3.", "1 and 2It is 3."),
        ({"text": "1 and 2\n</think>\n\nIt is 3."}, "It is 3.", "1 and 2\n</think>\n\nIt is 3."),
        ({"text": "1 and 2 and", "finish": "length"}, "", "1 and 2 and"),
        ({"text": "It is 3.", "count": 77}, "It is 3.", None),
    ],
)
def test_replies_in_text_are_read_without_their_thoughts(thinking_folder, tmp_path, line, text, raw):
    reader = load_reader(str(thinking_folder), None, False)
    file = write_lines(tmp_path / "replies.jsonl", [{"id": "q0", "finish": "stop", **line}])
    read_replies(reader, QUESTIONS[:1], parse_inference({"max_new_tokens": 14}), file, tmp_path / "out.jsonl")
    [read] = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert (read["text"], read.get("raw")) == (text, raw)
    assert read["tokens"] == line.get("count", len(reader.tokenizer(raw or text).input_ids))


@pytest.mark.parametrize("line", [{"tokens": ["a"]}, {"tokens": "abc"}, {}, {"tokens": [1], "finish": "over"}])
def test_replies_that_are_none_are_refused(student_folder, tmp_path, line):
    reader = load_reader(str(student_folder), None, False)
    file = write_lines(tmp_path / "replies.jsonl", [{"id": "q0", "finish": "stop", **line}])
    with pytest.raises(RequestError):
        read_replies(reader, QUESTIONS[:1], parse_inference({"max_new_tokens": 14}), file, tmp_path / "out.jsonl")
