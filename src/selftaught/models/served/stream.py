"""An answer that came in pieces (server-sent events), put together into the one that would have come whole."""

import json
from collections.abc import Iterator
from typing import Any

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


def is_stream(body: str) -> bool:
    """Whether a body is one of server-sent events, whatever was asked for."""
    return body.lstrip()[:6].lower().startswith(("data:", "event:"))


def together(body: str) -> dict[str, Any]:
    """Of chunks of chat completions the completion. Raises ValueError where the stream broke off, or is another."""
    answer: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in _chunks(body):
        if chunk.get("error"):
            return {"error": chunk["error"]}
        answer |= {name: value for name, value in chunk.items() if name != "choices" and value is not None}
        for choice in chunk.get("choices") or []:
            kept = choices.setdefault(int(choice.get("index") or 0), {"message": {}, "finish_reason": None})
            kept["finish_reason"] = choice.get("finish_reason") or kept["finish_reason"]
            _add(kept["message"], choice.get("delta") or choice.get("message") or {})
    whole = "[DONE]" in body[-200:] or all(choice["finish_reason"] for choice in choices.values())
    if not choices or not whole:
        raise ValueError("the stream broke off")
    return {**answer, "choices": [choices[index] for index in sorted(choices)]}


def _chunks(body: str) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        told = line.removeprefix("data:").strip()
        if line.startswith("data:") and told and told != "[DONE]":
            chunk = json.loads(told)
            if not isinstance(chunk, dict):
                raise ValueError("a piece of the stream is no object")
            yield chunk


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in _TEXTS:
        if isinstance(delta.get(name), str):
            message[name] = message.get(name, "") + delta[name]
