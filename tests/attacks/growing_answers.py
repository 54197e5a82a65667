"""Answers of a model server that look for the worst, as `guest/growing.py` does for a guest's messages.

An answer is made of what a hostile server would send: lists and objects by the hundred thousand, depth, digits, texts
with escapes and wide characters, thoughts without an end, streams of tiny, of huge and of odd pieces, errors that hold
errors. Some have the shape of a completion, so that all of the reading is passed.
"""

import random

from selftaught.core.contracts import Completion
from selftaught.models.served.asking import AskOptions, Declined, Question
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.failures import Failures
from selftaught.models.served.http import weigh_answer
from selftaught.models.served.json_size import MOST_BYTES, TooMuchJson
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.retrying import Failed
from selftaught.models.served.thoughts import divided

_UNITS = [
    "[],", "{},", '{"a":1},', "[[[[1]]]],", "0.5,", "9,", "9" * 98 + ",", "1e308,", "null,", '"",', '"ab",',
    '"\\ud83d",', '"\U0001f680",', "NaN,", '{"b":[{}]},',
]  # fmt: skip
_TEXTS = [
    "a", "é", "\U0001f680", "\\n", "\\u4e00", "\\ud83d\\ude80", "\\ud800", "a\\n", "<think>", "</think>\\n",
    "```python\\n", " ", "\\t", "x = 1\\n", "[THINK]",
]  # fmt: skip
_EVENTS = [
    '{"choices":[{"delta":{"content":"ab"}}]}', '{"choices":[{"index":1,"delta":{"reasoning":"a\\n"}}]}',
    '{"usage":{"prompt_tokens":1}}', "[]", "{}", '{"id":"' + "x" * 500 + '"}', "", '{"choices":[{},{},{},{}]}',
]  # fmt: skip


def answer(chance: random.Random, most_bytes: int) -> bytes:
    """A body of a 200, of about so many bytes at most."""
    size = min(most_bytes, MOST_BYTES)
    kind = chance.random()
    if kind < 0.3:
        return _repeated(
            chance.choice(_UNITS), size, *chance.choice([("[", "0]"), ('{"choices":[', "0]}"), ("[" * 90, "")])
        )
    if kind < 0.7:
        name = chance.choice(["content", "reasoning_content", "refusal"])
        ends = f'{{"choices":[{{"message":{{"{name}":"', '"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}'
        return _repeated(chance.choice(_TEXTS), size, *ends)
    if kind < 0.9:
        piece = f"data: {chance.choice(_EVENTS)}" + chance.choice(["\n", "\n\n", "\r\n", "\r"])
        return _repeated(piece, most_bytes, "", "data: [DONE]\n")
    deep = chance.choice([50, 99, 101, 3000])
    error = '{"error":{"message":' * deep + _repeated(chance.choice(_UNITS), size, "[", "0]").decode()
    return error.encode() + b"}}" * deep


def _repeated(unit: str, size: int, before: str, after: str) -> bytes:
    encoded = unit.encode()
    return before.encode() + encoded * max(1, (size - len(before) - len(after)) // len(encoded)) + after.encode()


_SERVER = Endpoint("http://127.0.0.1:9")
_FAILURES = Failures(_SERVER, "small", 1.0, list)
_CHAT = OpenAIChat("small", _SERVER, AskOptions())


def read_answer(body: bytes) -> None:
    """As the client and the adapter do it."""
    try:
        weigh_answer(body)
        made: list[Completion] = _FAILURES.read(body, _CHAT._completions, Question("", "", None))
    except (TooMuchJson, Failed, Declined):
        return
    for completion in made:
        divided(completion.text)
