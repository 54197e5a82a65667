"""Why a response holds no program: one of a few reasons. The responses of every model go through this."""

import re

from selftaught.bounded import NotRead, Reader
from selftaught.core.contracts import Completion

CUT, EMPTY, ONLY_REASONING = "cut at the token limit", "empty", "only reasoning, no answer"
REFUSED, TOO_LONG, REJECTED = "refused", "prompt too long for the model", "rejected by the server"
TEMPERATURE, TOOL_CALLS, NO_CODE = "temperature not taken", "tool calls, no answer", "no code in it"
_OF_FINISH = {
    "content_filter": REFUSED, "refusal": REFUSED, "too long": TOO_LONG, "rejected": REJECTED,
    "temperature": TEMPERATURE, "tool_calls": TOOL_CALLS, "function_call": TOOL_CALLS, "tool_use": TOOL_CALLS,
}  # fmt: skip
_CUT = {"length", "max_tokens", "max_output_tokens"}
_CODE = re.compile(r"\b(def|class|lambda|import|return)\b|<code|^(    |\t)\S|[{;]\s*$|^@@ |^\+", re.MULTILINE)
_FENCE = r"[ \t\r>]*+(?:```|~~~)"
_BEGINS_WITH_BLOCK = re.compile(rf"{_FENCE}[^\n]*+\n(?!{_FENCE})[ \t\r>]*+[^\n]")
_NEXT_FENCE = re.compile(rf"\n{_FENCE}")
_reader = Reader()


def why_no_program(completion: Completion) -> str:
    """The reason, if it is known that there is no program, with the server's words after ": "; else ""."""
    reason = _reason(completion)
    return f"{reason}: {completion.no_program}" if reason and completion.no_program else reason


def _reason(completion: Completion) -> str:
    """Says little against a text that has any code."""
    text = completion.text.strip()
    if not text:
        if completion.finish_reason in _CUT:
            return CUT
        thought = bool(completion.reasoning or completion.reasoning_tokens)
        return _OF_FINISH.get(completion.finish_reason) or (ONLY_REASONING if thought else EMPTY)
    if completion.finish_reason in _CUT and not _program(text):
        return CUT
    if not _whole_block(text) and (_CODE.search(text) is None or not _program(text)):
        return _OF_FINISH.get(completion.finish_reason) or NO_CODE
    return ""


def _whole_block(text: str) -> bool:
    """Whether there is a fenced block that has an end and something in it; in linear time, for any text."""
    begun = _BEGINS_WITH_BLOCK.match(text)  # nearly always: then the next fence ends a block
    if begun is not None and _NEXT_FENCE.search(text, begun.end()):
        return True
    inside = filled = False
    for line in text.split("\n"):
        bare = line.strip(" \t\r>")
        if bare.startswith(("```", "~~~")):
            if filled:
                return True
            inside = not inside
        elif inside and bare:
            if bare.endswith(("```", "~~~")):
                return True
            filled = True
    return False


def _program(text: str) -> bool:
    """Whether a text that was cut, or has no whole block, holds a program all the same: rare enough to be read."""
    try:
        return _reader.call("selftaught.guest.responses:program_in", text) is not None
    except NotRead:
        return False
