"""What a model thought is told apart from what it answers, in whichever shape it comes."""

from typing import Any

import pytest

from selftaught.models.served.thoughts import divided, of_message

CODE = "```python\ndef algorithm(n):\n    return n\n```"


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("hello", "", "hello"),
        (f"<think>\nA draft.\n</think>\n\n{CODE}", "A draft.", CODE),
        (f"\n<thinking>A draft.</thinking>{CODE}", "A draft.", CODE),
        (f"[THINK]A draft.[/THINK]\n{CODE}", "A draft.", CODE),
        (f"A draft.\n</think>\n\n{CODE}", "A draft.", CODE),  # the template wrote the opening mark into the prompt
        ("<think>It was cut", "It was cut", ""),
        ("<think></think>hello", "", "hello"),
        ('x = "</think>"\n', "", 'x = "</think>"\n'),  # a program about such marks
        ("In the answer, <think> stays.", "", "In the answer, <think> stays."),
    ],
)
def test_marks_in_the_text(text: str, reasoning: str, answer: str) -> None:
    assert divided(text) == (reasoning, answer)


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": "Hm."},  # vLLM, SGLang, DeepSeek, DashScope
        {"reasoning": "Hm."},  # Ollama, OpenRouter, Groq
        {"reasoning": None, "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}, {"type": "x", "data": "encrypted"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"text": "an answer"}]},
    ],
)  # fmt: skip
def test_fields_of_the_message(message: dict[str, Any]) -> None:
    assert of_message(message) == "Hm."


@pytest.mark.parametrize("message", [{}, {"reasoning": 5}, {"reasoning_details": {}}, {"content": [None, 1, "x"]}])
def test_odd_fields_are_none(message: dict[str, Any]) -> None:
    assert of_message(message) == ""
