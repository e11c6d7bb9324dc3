"""What a request of each kind does."""

import gc
from pathlib import Path
from typing import Callable

import torch

from . import PROTOCOL, REVISION, fields
from .chat_settings import parse_chat_settings
from .check import check_student, longest_prompt
from .device import device_name, empty_cache, free_bytes, pick_device, pick_dtype
from .embedding import embed
from .errors import CancelToken, RequestError, is_out_of_memory
from .inference import infer, parse_inference
from .other_runtimes import load_reader, prompts, read_replies
from .perplexity import perplexity
from .recipe import parse_recipe
from .rows import read_questions, read_rows, read_texts
from .student import StudentCache
from .token_frame import token_frame
from .trained import is_whole_model
from .training import train

OPERATIONS = ("hello", "check", "longest_prompt", "prompts", "read_replies", "train", "perplexity", "infer", "token_frame", "embed", "memory", "release")
ADVICE = "lower cutoff_len, or max_new_tokens for answers, use a smaller student, or give the trainer-bridge a device with more memory"


class Operations:
    def __init__(self) -> None:
        self._students = StudentCache()

    def run(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        """The result of a request; raises RequestError. The student is loaded anew after any failure of another kind."""
        try:
            return self._dispatch(request, report, cancel)
        except RequestError:
            raise
        except Exception as error:
            self._recover()
            if is_out_of_memory(error):
                raise RequestError("out_of_memory", f"memory ran out during {request['op']}: {error}; {ADVICE}") from error
            raise RequestError("internal", f"{request['op']} failed: {type(error).__name__}: {error}") from error

    def _dispatch(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        operation = request["op"]
        if operation not in OPERATIONS:
            raise RequestError("bad_request", f"unknown op {operation!r}; known are {', '.join(OPERATIONS)}, cancel")
        return getattr(self, f"_{operation}")(request, report, cancel)

    def _hello(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        import peft
        import transformers

        return {
            "protocol": PROTOCOL,
            "revision": REVISION,
            "device": pick_device().type,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "peft": peft.__version__,
            "threads": torch.get_num_threads(),
        }

    def _train(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        recipe = parse_recipe(fields.mapping(request, "recipe"))
        seed = fields.number(request, "seed", 0, 0, whole=True)
        out = Path(fields.text(request, "out"))
        rows = read_rows(fields.text(request, "dataset"))
        student = self._student(request, recipe.bf16)
        cancel.check()
        return train(student, rows, recipe, seed, out, report, cancel, fields.number(request, "halvings", 0, 0, whole=True))

    def _perplexity(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        recipe = parse_recipe(fields.mapping(request, "recipe"))
        most_rows = fields.number(request, "most_rows", 1, whole=True)
        seed = fields.number(request, "seed", 0, 0, whole=True)
        rows = read_rows(fields.text(request, "dataset"))
        student = self._student(request, recipe.bf16)
        cancel.check()
        return perplexity(student, rows, recipe, most_rows, seed, cancel)

    def _infer(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        settings = parse_inference(fields.mapping(request, "inference"))
        system = fields.whole_text(fields.text(request, "system", ""))
        out = Path(fields.text(request, "out"))
        adapter = fields.text(request, "adapter", None)
        questions = read_questions(fields.text(request, "questions"))
        if is_whole_model(adapter):
            request, adapter = {**request, "student": adapter, "student_revision": None}, None
        student = self._student(request, fields.flag(request, "bf16", True))
        cancel.check()
        return infer(student, adapter, questions, system, settings, out, report, cancel)

    def _token_frame(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        system = fields.whole_text(fields.text(request, "system", ""))
        probe = fields.text(request, "probe")
        out = Path(fields.text(request, "out"))
        student = self._student(request, fields.flag(request, "bf16", True))
        frame = token_frame(student.tokenizer, system, probe, out, parse_chat_settings(fields.mapping(request, "chat", {})))
        return {**frame, "context": student.context}

    def _check(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        system = fields.whole_text(fields.text(request, "system", ""))
        settings = parse_chat_settings(fields.mapping(request, "chat", {}))
        return check_student(self._student(request, fields.flag(request, "bf16", True)), system, settings)

    def _longest_prompt(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        settings = parse_inference(fields.mapping(request, "inference"))
        system = fields.whole_text(fields.text(request, "system", ""))
        questions = read_questions(fields.text(request, "questions"))
        return longest_prompt(self._student(request, fields.flag(request, "bf16", True)), questions, system, settings)

    def _embed(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        texts = read_texts(fields.text(request, "texts"))
        return embed(fields.text(request, "model"), texts, Path(fields.text(request, "out")), cancel)

    def _student(self, request: dict, bf16: bool):
        return self._students.get(fields.text(request, "student"), fields.text(request, "student_revision", None), bf16)

    def _prompts(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        return prompts(*self._asked(request), Path(fields.text(request, "out")))

    def _read_replies(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        reader, questions, _, settings = self._asked(request)
        return read_replies(reader, questions, settings, fields.text(request, "replies"), Path(fields.text(request, "out")))

    def _asked(self, request: dict):
        settings = parse_inference(fields.mapping(request, "inference"))
        system = fields.whole_text(fields.text(request, "system", ""))
        questions = read_questions(fields.text(request, "questions"))
        reader = load_reader(fields.text(request, "student"), fields.text(request, "student_revision", None), fields.flag(request, "bf16", True))
        return reader, questions, system, settings

    def _memory(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        device = pick_device()
        return {"device": device_name(device), "dtype": str(pick_dtype(device, fields.flag(request, "bf16", True))).removeprefix("torch."), "free_bytes": free_bytes(device)}

    def _release(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        """Gives the student's memory to others; it is loaded again when it is needed."""
        self._recover()
        return {}

    def _recover(self) -> None:
        self._students.drop()
        gc.collect()
        empty_cache()
