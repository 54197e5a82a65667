"""A response without its reasoning, which is no answer: `<think>` and its kin, closed or not. Standard library only."""

import re

_NAMES = (
    r"(?:\w{1,12}:)?(?:think|thinking|thoughts?|reasoning|reasoning_content|reflection|analysis|scratch_?pad|rationale"
    r"|inner_monologue|internal_monologue|chain_of_thought|brainstorm(?:ing)?|deliberation)"
)
_OPENING = (
    rf"<{_NAMES}(?:\s[^<>\n]{{0,80}})?>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|START_THINKING\|>|<unused94>"
    r"|<details\s[^<>\n]{0,40}reasoning[^<>\n]{0,80}>"
)
_CLOSING = rf"</{_NAMES}\s{{0,3}}>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>|<unused95>|</details>"
_MARK = re.compile(rf"(?P<opening>{_OPENING})|(?P<closing>{_CLOSING})", re.IGNORECASE)
_IN_A_MARK = (
    *("think", "thought", "reason", "reflection", "analysis", "scratch", "rationale", "monologue", "brainstorm"),
    *("deliberation", "unused9", "details"),
)
"""One of these words is in each mark."""
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s{0,3}final\b[^<\n]{0,40}<\|message\|>|^analysis[\s\S]*assistantfinal")
_OTHER_CHANNEL = re.compile(
    r"(?:<\|start\|>\w{0,20})?<\|channel\|>(?:(?!<\|(?:end|return|call)\|>)[\s\S])*(?:<\|(?:end|return|call)\|>|\Z)"
)
_END_OF_TURN = re.compile(
    r"<\|(?:im_end|eot_id|endoftext|end_of_text|end_of_turn|return|end)\|>|<end_of_turn>|</s>|<eos>"
)
_QUOTES = frozenset("\"'\\")
_MOST_MARKS = 10_000

Span = tuple[int, int]


def without_reasoning(text: str, programs: list[Span]) -> str:
    """The answer in a response. `programs`: where it holds programs, in order; a mark within one is part of that."""
    kept: list[Span] = []
    start: int | None = 0  # of the stretch that is being kept
    for mark in _marks(text, programs):
        opens = mark["opening"] is not None
        if opens and start is not None and _begins_line(text, mark.start()):
            kept.append((start, mark.start()))
            start = None
        elif not opens and start is None:
            start = mark.end()
        elif not opens and mark["closing"].lower() != "</details>" and _stands_alone(text, mark.start()):
            kept, start = [], mark.end()  # its opening mark was part of the prompt
    if start is not None:
        kept.append((start, len(text)))
    return "\n".join(text[begin:end] for begin, end in kept)


def has_reasoning(text: str) -> bool:
    """Whether there is any mark of it: else nothing need be looked at more closely."""
    if text.isascii():  # what is searched for without regard to case may be written with other characters, too
        lower = text.lower()
        if not any(word in lower for word in _IN_A_MARK):
            return False
    return _MARK.search(text) is not None


def final_message(text: str) -> str:
    """What is said to the user, where a response has channels; up to the end of the model's turn."""
    if "<|channel|>" in text or text.startswith("analysis"):
        finals = [final.end() for final in _FINAL_CHANNEL.finditer(text)]
        text = text[finals[-1] :] if finals else _OTHER_CHANNEL.sub("", text)
    for end in _END_OF_TURN.finditer(text):
        if not _is_quoted(text, end) and text[: end.start()].strip():
            return text[: end.start()]
    return text


def _marks(text: str, programs: list[Span]) -> list["re.Match[str]"]:
    found, place = [], 0
    for mark in _MARK.finditer(text):
        while place < len(programs) and programs[place][1] <= mark.start():
            place += 1
        within = place < len(programs) and programs[place][0] <= mark.start()
        if not within and not _is_quoted(text, mark):
            found.append(mark)
            if len(found) == _MOST_MARKS:
                break
    return found


def _is_quoted(text: str, mark: "re.Match[str]") -> bool:
    """A program that handles such marks has them in strings."""
    before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
    return before in _QUOTES or after in _QUOTES or before == after == "`"


def _line_before(text: str, place: int) -> str:
    return text[max(text.rfind("\n", 0, place) + 1, place - 200) : place]


def _begins_line(text: str, place: int) -> bool:
    return not _line_before(text, place).strip(" \t>*")


def _stands_alone(text: str, place: int) -> bool:
    """Not within a string or a comment of a program that stands in no fence."""
    before = _line_before(text, place)
    return '"' not in before and "`" not in before and not before.lstrip().startswith("#")
