"""What a student's chat template makes of a conversation, found out by rendering marks with it once.

C1 Training and inference fill it in alike: same variables, same date, same place of the system text.
C2 A turn that is taught ends with one token of the tokenizer, which ends a reply at inference.
C3 Where the prompt opens the student's thoughts, or the template writes none of its own, a taught reply closes them.
"""

import re
import weakref

from .chat_settings import ChatSettings, with_fixed_date
from .errors import RequestError, failing_as
from .thoughts import COMMON, TAG, Split, Tags, closing_of, opening_of, split_thoughts, tags_named_in

# Stand for texts in what is rendered: of the private use area, so that no template writes, trims or reads them.
SYSTEM, USER, THOUGHT, REPLY = "\ue001", "\ue002", "\ue003", "\ue004"
_known: "weakref.WeakKeyDictionary" = weakref.WeakKeyDictionary()


def chat_template_of(tokenizer, settings: ChatSettings = ChatSettings()) -> "ChatTemplate":
    """A tokenizer's template, looked into once. Raises bad_student, and bad_request for a variable that it does not have."""
    own = _known.setdefault(tokenizer, {})
    key = (str(tokenizer.chat_template), tokenizer.eos_token, settings)
    if key not in own:
        own[key] = ChatTemplate(tokenizer, settings)
    return own[key]


class ChatTemplate:
    def __init__(self, tokenizer, settings: ChatSettings):
        if not tokenizer.chat_template:
            raise RequestError("bad_student", "the student's tokenizer has no chat template; use an instruction-tuned student")
        # A weak key must not be held by its own value.
        self._tokenizer = weakref.ref(tokenizer)
        with failing_as("bad_student", "the student's tokenizer has no chat template for plain turns", ValueError):
            source = tokenizer.get_chat_template()
        self._source = with_fixed_date(source, settings.date)
        self._variables = settings.values()
        unknown = [name for name in self._variables if not re.search(rf"\b{re.escape(name)}\b", source)]
        if unknown:
            raise RequestError("bad_request", f"the student's chat template has no variable {unknown}; leave it out")
        self._in_parts = False
        prompt = self._prompt_of_mark()
        self.folds_system = not self._has_system_turn()
        self.tags = self._find_tags(source, prompt)
        self._opening = next((tags for tags in self.tags if _ends_with(prompt, tags.open)), None)
        self._between = self._between_thoughts_and_answer() or "\n{close}\n\n"
        self.end, self._out, self._tail, self._lead = self._find_frame(prompt)
        self.end_id = self._tokens(self.end)[-1]

    @property
    def opens_thoughts(self) -> bool:
        """Whether the prompt ends inside thoughts that the student is to go on with."""
        return self._opening is not None

    @property
    def closing(self) -> str:
        """What closes thoughts that have begun, and lets the answer follow."""
        tags = self._opening or (self.tags[0] if self.tags else COMMON[0])
        return self._between.format(close=tags.close)

    def conversation(self, system: str, turns: list[tuple[str, str]], question: str) -> list[dict]:
        """The messages of a prompt: the system text, earlier turns of user and assistant, the user's question."""
        texts = [text for turn in turns for text in turn] + [question]
        if system and self.folds_system:
            texts[0] = f"{system}\n\n{texts[0]}"
        messages = [self._message("system", system)] if system and not self.folds_system else []
        return messages + [self._message("assistant" if at % 2 else "user", text) for at, text in enumerate(texts)]

    def fitted(self, messages: list[dict]) -> list[dict]:
        """Messages of another's making in the form that this template takes."""
        system = "\n\n".join(each["content"] for each in messages if each["role"] == "system") if self.folds_system else ""
        fitted = [dict(each) for each in messages if not (self.folds_system and each["role"] == "system")]
        if system and fitted:
            fitted[0]["content"] = f"{system}\n\n{fitted[0]['content']}"
        return [self._message(each["role"], each["content"]) for each in fitted]

    def prompt(self, messages: list[dict]) -> str:
        """A conversation up to the beginning of the assistant's next turn."""
        return self._render(messages, add_generation_prompt=True)

    def completion(self, messages: list[dict], prompt: str, output: str) -> str:
        """What is taught after `prompt`: the reply as the template writes it, up to the token that ends the turn."""
        answered = self._render([*messages, self._message("assistant", output)])
        if answered.startswith(prompt):
            reply = answered[len(prompt) :]
            body = reply[: -len(self._tail)] + self._out if self._tail and reply.endswith(self._tail) else _before_last(reply, self.end)
            closed = not self.opens_thoughts or any(tags.close in body for tags in self.tags)
            return (body if closed else self.closing + body) + self.end
        if not self.opens_thoughts:
            return output + self.end
        split = self.split(output) if any(tags.open in output for tags in self.tags) else Split(output, None, output)
        return f"{split.thoughts or ''}{self.closing}{split.answer}{self.end}"

    def split(self, text: str) -> Split:
        """A text of the assistant's that begins with its own opening tag, as rows have them."""
        return split_thoughts(text, self.tags, opened=False)

    def read(self, tokens: list[int]) -> Split:
        """A reply's answer and its thoughts, from the tokens that followed the prompt."""
        tokenizer = self._tokenizer()
        raw = tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        split = split_thoughts(raw, self.tags, self.opens_thoughts)
        answer = self._without_frame(split.answer)
        if answer == raw:
            answer = tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        thoughts = self._without_special(split.thoughts or "").strip()
        return Split(self._without_special(answer), thoughts or None, raw)

    def _without_special(self, text: str) -> str:
        for token in self._tokenizer().all_special_tokens:
            text = text.replace(token, "")
        return text

    def _without_frame(self, answer: str) -> str:
        """The answer without the words that the template itself writes before and after a reply, such as <response>."""
        lead, out = self._lead.strip(), self._out.strip()
        if lead and answer.lstrip().startswith(lead):
            answer = answer.lstrip()[len(lead) :].lstrip()
        if out and answer.rstrip().endswith(out):
            answer = answer.rstrip()[: -len(out)].rstrip()
        return answer

    def _message(self, role: str, text: str) -> dict:
        return {"role": role, "content": [{"type": "text", "text": text}] if self._in_parts else text}

    def _render(self, messages: list[dict], add_generation_prompt: bool = False) -> str:
        with failing_as("bad_student", "the student's chat template fails"):
            return self._tokenizer().apply_chat_template(
                messages,
                chat_template=self._source,
                tokenize=False,
                add_generation_prompt=add_generation_prompt,
                **self._variables,
            )

    def _try(self, messages: list[dict], add_generation_prompt: bool = False) -> str:
        try:
            return self._render(messages, add_generation_prompt)
        except RequestError:
            return ""

    def _prompt_of_mark(self) -> str:
        """A user's turn as the template writes it: from a text, or, of templates for images too, from a list of parts."""
        plain = self._try([self._message("user", USER)], True)
        if USER in plain:
            return plain
        self._in_parts = True
        prompt = self._render([self._message("user", USER)], True)
        if USER in prompt:
            return prompt
        raise RequestError("bad_student", "the student's chat template does not write what the user says")

    def _has_system_turn(self) -> bool:
        """Whether the template writes a system turn; some refuse one, some pass it over."""
        return SYSTEM in self._try([self._message("system", SYSTEM), self._message("user", USER)], True)

    def _find_tags(self, source: str, prompt: str) -> tuple[Tags, ...]:
        found = [self._tags_around_reasoning(prompt), *tags_named_in(source), self._tag_at_the_end(source, prompt)]
        return tuple(dict.fromkeys(tags for tags in found if tags)) or COMMON

    def _with_reasoning(self) -> str:
        """A reply with reasoning as the template writes it; empty when it writes none."""
        reply = {**self._message("assistant", REPLY), "reasoning_content": THOUGHT}
        written = self._try([self._message("user", USER), reply])
        return written if written.find(THOUGHT) < written.find(REPLY) and THOUGHT in written else ""

    def _tags_around_reasoning(self, prompt: str) -> Tags | None:
        written = self._with_reasoning()
        if not written:
            return None
        close = written[written.index(THOUGHT) + 1 : written.index(REPLY)].strip()
        before = written[: written.index(THOUGHT)]
        # A prompt that opens the thoughts itself ends with the tag; another ends before it.
        opened = prompt.rstrip()
        open = before.strip()[len(opened) :].strip() if before.startswith(opened) else ""
        first = TAG.match(close)
        open = open or (opening_of(first[0]) if first else None)
        return Tags(open, close) if open and close else None

    def _tag_at_the_end(self, source: str, prompt: str) -> Tags | None:
        """A tag that the prompt ends with and that the template closes elsewhere, but not after a reply."""
        found = re.search(r"(<[\w:.|-]+>|\[[A-Z_]+\])$", prompt.rstrip())
        close = found and closing_of(found[0])
        if not close or close not in source:
            return None
        answered = self._try([self._message("user", USER), self._message("assistant", REPLY)])
        return None if close in answered.rpartition(REPLY)[2] else Tags(found[0], close)

    def _between_thoughts_and_answer(self) -> str | None:
        written = self._with_reasoning()
        between = written and written[written.index(THOUGHT) + 1 : written.index(REPLY)]
        tags = next((tags for tags in self.tags if tags.close in between), None) if between else None
        return between.replace("{", "{{").replace("}", "}}").replace(tags.close, "{close}") if tags else None

    def _find_frame(self, prompt: str) -> tuple[str, str, str, str]:
        """The token that ends a turn and the words between it and the reply; all that the template writes after a reply; the words before one."""
        answered = self._render([self._message("user", USER), self._message("assistant", REPLY)])
        if REPLY not in answered:
            raise RequestError("bad_student", "the student's chat template does not write what the assistant says")
        before, _, tail = answered.rpartition(REPLY)
        lead = before[len(prompt) :] if before.startswith(prompt) else ""
        return *self._end_within(tail), tail, lead if any(char.isalnum() for char in lead) else ""

    def _end_within(self, tail: str) -> tuple[str, str]:
        """The first token of the tokenizer's own marks after a reply, else eos; and the words before it."""
        tokenizer = self._tokenizer()
        marks = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
        places = [(tail.find(mark), -len(mark), mark) for mark in marks if mark.strip() and mark in tail]
        for at, _, mark in sorted(places):
            if self._is_one_token(mark):
                return mark, tail[:at]
        if tokenizer.eos_token and self._is_one_token(tokenizer.eos_token):
            return tokenizer.eos_token, ""
        raise RequestError(
            "bad_student",
            f"the student's template ends a turn with {tail.strip()!r}, which is not one token of its tokenizer, and it has no eos token",
        )

    def _is_one_token(self, mark: str) -> bool:
        """Alone, and after a text."""
        alone = self._tokens(mark)
        return len(alone) == 1 and self._tokens(f"x{mark}")[-1:] == alone

    def _tokens(self, text: str) -> list[int]:
        return self._tokenizer()(text, add_special_tokens=False).input_ids


def _ends_with(prompt: str, tag: str) -> bool:
    return prompt.rstrip().endswith(tag)


def _before_last(reply: str, end: str) -> str:
    return reply.rpartition(end)[0] if end in reply else reply.rstrip()
