"""Every response that holds no program says why."""

import pytest

from selftaught.core.contracts import Completion
from selftaught.middleware.unusable import why_no_program

CODE = "```python\ndef algorithm(n):\n    return n\n```\n"


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (Completion(CODE), ""),
        (Completion("def algorithm(n):\n    return n\n"), ""),
        (Completion("", finish_reason="length"), "cut at the token limit"),
        (
            Completion("```python\ndef f(n):\n    return [n for", finish_reason="length"),
            "cut at the token limit",
        ),
        (Completion(f"{CODE}\nAnd then I would", finish_reason="length"), ""),  # the program was whole
        (Completion(""), "empty"),
        (Completion(" \n"), "empty"),
        (Completion("", reasoning="Hm."), "only reasoning, no answer"),
        (Completion("", reasoning_tokens=50), "only reasoning, no answer"),
        (Completion("", finish_reason="content_filter"), "refused"),
        (Completion("", finish_reason="tool_calls"), "tool calls, no answer"),
        (Completion("I am sorry, I cannot do that."), "no code in it"),
        (Completion("```python\n"), "no code in it"),
        (Completion("```\n\n```"), "no code in it"),
        (Completion("```python\ndef algorithm(x:"), "no code in it"),
        (Completion("```python\ndef f():\n    return 1"), ""),
        (Completion("A prompt:\n\n```\nThink twice.\n```"), ""),  # a program need be no Python
        (Completion("", finish_reason="too long", no_program="9 > 8"), "prompt too long for the model: 9 > 8"),
        (Completion("", finish_reason="rejected", no_program="bad"), "rejected by the server: bad"),
    ],
)
def test_the_reason(completion: Completion, reason: str) -> None:
    assert why_no_program(completion) == reason
