"""A model's reasoning, separated from its answer: in a field of its own, or between marks in its text."""

import re
from collections.abc import Iterator
from typing import Any

_OPENS = re.compile(r"\s*(?:<(?P<name>think|thinking|thought|reasoning)>|\[THINK\]|◁think▷)", re.IGNORECASE)
_CLOSES = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_ALONE = re.compile(r"^[ \t]*</think>[ \t]*$", re.IGNORECASE | re.MULTILINE)
_FIELDS = ("reasoning_content", "reasoning", "thinking")
_MOST_PARTS = 10_000


def divided(text: str) -> tuple[str, str]:
    """(reasoning, answer) of a text that begins with reasoning between marks, as servers without a parser leave it.

    Where the closing mark is missing all is reasoning: it was cut. Where the opening one is (some chat templates write
    it into the prompt), a closing mark on a line of its own ends it. Other marks may be part of the answer.
    """
    opening = _OPENS.match(text)
    if opening is not None:
        closing = _CLOSES.search(text, opening.end())
        if closing is None:
            return text[opening.end() :].strip(), ""
        return text[opening.end() : closing.start()].strip(), text[closing.end() :].lstrip()
    alone = _ALONE.search(text) if "</" in text else None
    if alone is not None and "<think>" not in text[: alone.start()].lower():
        return text[: alone.start()].strip(), text[alone.end() :].lstrip()
    return "", text


def of_message(message: dict[str, Any]) -> str:
    """The reasoning in the fields of a chat completion's message, whichever its server uses."""
    for name in _FIELDS:
        if isinstance(message.get(name), str) and message[name].strip():
            return str(message[name])
    details = message.get("reasoning_details")  # OpenRouter's: texts and summaries; encrypted parts have neither
    parts = [*_texts(details), *_texts(message.get("content"), thinking=True)]
    return "\n".join(part for part in parts if part.strip())


def _texts(parts: Any, *, thinking: bool = False) -> Iterator[str]:
    """Of a list of parts the texts; with `thinking`, of those alone that are called so (Mistral's)."""
    for part in parts[:_MOST_PARTS] if isinstance(parts, list) else []:
        if not isinstance(part, dict):
            continue
        inner = part.get("thinking") or part.get("reasoning")
        if thinking and inner:
            yield from _texts(inner) if isinstance(inner, list) else [str(inner)]
        elif not thinking:
            yield from (part[name] for name in ("text", "summary") if isinstance(part.get(name), str))
