"""An answer that came in pieces (server-sent events), put together into the one that would have come whole.

Here are the pieces of chat completions, and what the other protocols' (other_streams.py) have in common with them.

A hostile server's pieces cost no more than they weigh: each is weighed before it is decoded, only what is asked for is
kept of it, and texts are joined once.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from selftaught.models.served import json_size

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")
_KEPT = ("id", "model", "usage")
_MOST_CHOICES = 128
"""As many as any server makes of one prompt."""
MOST_CHARACTERS = json_size.MOST_BYTES
"""Of all texts together: as much as one JSON text may be."""
BROKEN_OFF = "broken off"
"""The kind of failure of an answer that was cut."""
_CUT_BY_A_GATEWAY = {504, 524}
"""Failures of a proxy that cuts answers which take long."""
_EVENT = re.compile(rb"(?:\A|[\r\n])data:([^\r\n]*)")
_BEGINS = re.compile(rb"\s*(?:data:|event:|:)", re.IGNORECASE)


def is_stream(body: bytes) -> bool:
    """Whether a body has server-sent events, requested or not."""
    return _BEGINS.match(body) is not None


class Streaming:
    """Whether answers are requested in parts: "on", "off", or "auto": after one was cut on the way."""

    def __init__(self, how: str) -> None:
        self.on, self._learns = how == "on", how == "auto"

    def refused(self, status: int) -> None:
        """An attempt was answered so."""
        self.on |= self._learns and status in _CUT_BY_A_GATEWAY

    def failed(self, kind: str) -> None:
        """An attempt failed without a whole answer; `kind` as in `Failed`."""
        self.on |= self._learns and kind == BROKEN_OFF


def together(body: bytes) -> dict[str, Any]:
    """Of chunks of chat completions the completion. Raises ValueError where the stream broke off, or is another."""
    answer: dict[str, Any] = {}
    choices: dict[int, _Choice] = {}
    left = MOST_CHARACTERS
    for chunk in chunks(body):
        if chunk.get("error"):
            return {"error": chunk["error"]}
        answer |= {name: chunk[name] for name in _KEPT if chunk.get(name) is not None}
        for choice in chunk.get("choices") or []:
            left -= choices.setdefault(int(choice.get("index") or 0), _Choice()).add(choice)
        if left < 0 or len(choices) > _MOST_CHOICES:
            raise ValueError(f"a stream of more than {MOST_CHARACTERS} characters or {_MOST_CHOICES} choices")
    whole = b"[DONE]" in body[-200:] or all(choice.finish_reason for choice in choices.values())
    if not choices or not whole:
        raise ValueError("the stream broke off")
    return {**answer, "choices": [choices[index].whole() for index in sorted(choices)]}


def chunks(body: bytes) -> Iterator[dict[str, Any]]:
    """The data of each event, checked before it is decoded. Raises ValueError if it is not an object."""
    for event in _EVENT.finditer(body):
        told = event[1].strip()
        if told and told != b"[DONE]":
            json_size.weigh(told)
            chunk = json.loads(told.decode())
            if not isinstance(chunk, dict):
                raise ValueError("a piece of the stream is not an object")
            yield chunk


class _Choice:
    """One choice, as its pieces come."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self.finish_reason: Any = None

    def add(self, choice: dict[str, Any]) -> int:
        """Take a piece; return its number of characters, or its memory if these are few."""
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        delta = choice.get("delta") or choice.get("message") or {}
        new = {name: delta[name] for name in _TEXTS if isinstance(delta.get(name), str) and delta[name]}
        for name, text in new.items():
            self._texts.setdefault(name, []).append(text)
        return sum(map(len, new.values()))

    def whole(self) -> dict[str, Any]:
        return {
            "message": {name: "".join(pieces) for name, pieces in self._texts.items()},
            "finish_reason": self.finish_reason,
        }
