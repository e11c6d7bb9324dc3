"""The thoughts in a student's reply: which tags stand around them, and the reply without them.

T1 Tags are the template's own: those that it writes around a message's reasoning, and those that it names. Only a template
   without any has the common ones.
T2 What stands between tags is no part of the answer; nor is what precedes a closing tag of the template's own that nothing
   opened, as templates themselves cut it. Thoughts that never close have no answer behind them.
"""

import re
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Tags:
    open: str
    close: str


COMMON = tuple(
    Tags(*pair)
    for pair in (
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("<thoughts>", "</thoughts>"),
        ("<reason>", "</reason>"),
        ("<reasoning>", "</reasoning>"),
        ("<reflection>", "</reflection>"),
        ("<scratchpad>", "</scratchpad>"),
        ("<seed:think>", "</seed:think>"),
        ("<|think|>", "<|/think|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
        ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
        ("<|channel>thought", "<channel|>"),
        ("[THINK]", "[/THINK]"),
        ("◁think▷", "◁/think▷"),
    )
)
OPENED = {tags.close: tags.open for tags in COMMON}
NAMED = re.compile(r"think|thought|reason|reflect|scratch|ponder|deliberat|(?<![a-z])(cot|chain_of)", re.IGNORECASE)
# A tag as templates write it: <x>, </x>, [X], [/X], <|x|>, <|END_X|>, ◁x▷.
TAG = re.compile(r"</?[\w:.|/-]{1,40}>|\[/?[A-Z_]{2,40}\]|◁/?\w{1,40}▷")
# A template that keeps what follows a tag: `content.split('</x>')[-1]`, `... | last`.
KEPT_AFTER = re.compile(r"""split\(\s*(?P<quote>['"])(?P<tag>[^'"\\]+)(?P=quote)\s*\)\s*(?:\[\s*-1\s*\]|\|\s*last)""")


def tags_named_in(template: str) -> list[Tags]:
    """The thought tags that a template's source names."""
    named = {tag for tag in TAG.findall(template) if NAMED.search(tag)}
    named |= {found["tag"].strip() for found in KEPT_AFTER.finditer(template) if opening_of(found["tag"].strip())}
    closing = [tag for tag in named if opening_of(tag)]
    pairs = [Tags(opening_of(tag), tag) for tag in closing]
    known = {tags.open for tags in pairs}
    pairs += [Tags(tag, closing_of(tag)) for tag in named if not opening_of(tag) and tag not in known and closing_of(tag)]
    return sorted(pairs, key=lambda tags: tags.close)


def opening_of(closing: str) -> str | None:
    """The tag that a closing tag closes; None when it is none."""
    if closing in OPENED:
        return OPENED[closing]
    if re.match(r"</|\[/|◁/|<\|/", closing):
        return closing.replace("/", "", 1)
    if found := re.match(r"<\|(end)(_of)?_", closing, re.IGNORECASE):
        begin = "begin" if found[2] else "start"
        return f"<|{begin.upper() if found[1].isupper() else begin}{closing[5:]}"
    return None


def closing_of(opening: str) -> str | None:
    """The tag that closes an opening tag; None when nothing is known to."""
    for tags in COMMON:
        if tags.open == opening:
            return tags.close
    if found := re.match(r"<\|(begin|start)_", opening, re.IGNORECASE):
        return f"<|{'END' if found[1].isupper() else 'end'}{opening[2 + len(found[1]) :]}"
    mark = opening[: 2 if opening.startswith("<|") else 1]
    return f"{mark}/{opening[len(mark) :]}" if TAG.fullmatch(opening) else None


@dataclass(frozen=True)
class Split:
    """`answer` is the text outside of thoughts; `thoughts` what was inside, None when there was nothing of the kind; `raw` all as it was."""

    answer: str
    thoughts: str | None
    raw: str


def split_thoughts(text: str, tags: tuple[Tags, ...], opened: bool) -> Split:
    """`opened`: whether the prompt has opened the thoughts already."""
    closers = {tag.close.lower() for tag in tags}
    marks = sorted({tag.open.lower() for tag in tags} | closers, key=len, reverse=True)
    found = list(re.finditer("|".join(map(re.escape, marks)), text, re.IGNORECASE))
    closes = [mark[0].lower() in closers for mark in found]
    outside: list[str] = []
    inside: list[str] = []
    within, at, seen = opened, 0, opened
    for place, mark in enumerate(found):
        piece = text[at : mark.start()]
        # Tags that the template does not know may be plain words: those in pairs count, and one that the reply begins with.
        if tags is COMMON and not within:
            begins = not "".join([*outside, piece]).strip()
            if closes[place] or not (begins or any(closes[place + 1 :])):
                continue
        at, seen = mark.end(), True
        if within or closes[place]:
            # Nothing opened these: all that came before was thought.
            inside += [*([] if within else outside), piece]
            outside = outside if within else []
        else:
            outside.append(piece)
        within = not closes[place]
    (inside if within else outside).append(text[at:])
    if not seen:
        return Split(text, None, text)
    return Split(_without_blank_lines("".join(outside)), "".join(inside).strip(), text)


def _without_blank_lines(text: str) -> str:
    """The text without the blank lines that stand around an answer; its own indentation stays."""
    return re.sub(r"^(?:[^\S\n]*\n)+", "", text).rstrip()


class ThoughtBudget:
    """Lets each reply of a batch think for so many tokens at most, then closes its thoughts, so that the answer comes.

    Tokens of thoughts, and those that close them, do not count against the answer's own limit.
    """

    def __init__(self, tokens: int, closing: list[int], tags: tuple[Tags, ...], opened: bool, read: Callable[[list[int]], str]):
        self.tokens, self.closing = tokens, closing
        self._tags, self._opened, self._read = tags, opened, read
        self._spent: dict[int, int] = {}
        self._forced: dict[int, int] = {}
        self._done: set[int] = set()
        # A closing tag ends within so many tokens of the last one.
        self._tail = len(closing) + 8

    @property
    def most(self) -> int:
        """Tokens that a reply may have beyond its own limit."""
        return self.tokens + len(self.closing)

    def spent(self, index: int) -> int:
        return self._spent.get(index, 0)

    def closes(self, index: int) -> bool:
        """Whether the next token is one that closes thoughts, whatever the student's own is."""
        return index in self._forced and index not in self._done

    def next(self, index: int, reply: list[int], token: int) -> int:
        """The token that follows `reply`: the student's own, or the next one that closes its thoughts."""
        if index in self._done:
            return token
        if not self._thinks(index, reply):
            return token
        spent = self._spent[index] = self.spent(index) + 1
        if spent <= self.tokens:
            return token
        forced = self._forced[index] = self._forced.get(index, -1) + 1
        if forced + 1 == len(self.closing):
            self._done.add(index)
        return self.closing[forced]

    def _thinks(self, index: int, reply: list[int]) -> bool:
        if index in self._forced:
            return True
        if self._spent.get(index):
            tail = self._read(reply[-self._tail :]).lower()
            if any(tags.close.lower() in tail for tags in self._tags):
                self._done.add(index)
                return False
            return True
        if self._opened:
            return True
        begun = self._read(reply).lstrip().lower()
        if any(begun.startswith(tags.open.lower()) for tags in self._tags):
            self._spent[index] = len(reply)
            return True
        if begun and not any(tags.open.lower().startswith(begun) for tags in self._tags):
            self._done.add(index)
        return False
