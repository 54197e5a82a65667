"""The pieces in which Anthropic and Google send an answer, put together into the one that would have come whole.

Both as documented: platform.claude.com (streaming messages) and ai.google.dev (streamGenerateContent with alt=sse).
"""

from typing import Any

from selftaught.models.served.stream import MOST_CHARACTERS, chunks

_MOST_BLOCKS = 4096
_OF_A_MESSAGE = ("id", "model", "stop_reason")
_OF_A_RESPONSE = ("usageMetadata", "modelVersion", "responseId", "promptFeedback")


class _Texts:
    """Texts by key, each joined once. Raises ValueError for too much of them."""

    def __init__(self) -> None:
        self._pieces: dict[Any, list[str]] = {}
        self._left = MOST_CHARACTERS

    def add(self, key: Any, text: object) -> None:
        if isinstance(text, str) and text:
            self._pieces.setdefault(key, []).append(text)
            self._left -= len(text)
            if self._left < 0 or len(self._pieces) > _MOST_BLOCKS:
                raise ValueError(f"a stream of more than {MOST_CHARACTERS} characters or {_MOST_BLOCKS} blocks")

    def joined(self) -> dict[Any, str]:
        return {key: "".join(pieces) for key, pieces in self._pieces.items()}


def of_anthropic(body: bytes) -> dict[str, Any]:
    """Of a stream's events the message. Raises ValueError where it broke off, or is another."""
    message: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    texts, whole = _Texts(), False
    for event in chunks(body):
        if event.get("type") == "error":
            return {"error": event.get("error") or event}
        told = event.get("message") or event.get("delta") or event.get("content_block") or {}
        message |= {name: told[name] for name in _OF_A_MESSAGE if told.get(name) is not None}
        usage |= {name: count for name, count in _usage(event, told).items() if count is not None}
        for kind in ("text", "thinking"):
            texts.add((int(event.get("index") or 0), kind), told.get(kind))
        whole |= event.get("type") == "message_stop"
    if not whole:
        raise ValueError("the stream broke off")
    blocks = [{"type": kind, kind: text} for (_, kind), text in sorted(texts.joined().items())]
    return {**message, "usage": usage, "content": blocks}


def _usage(event: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The counts at the end are totals."""
    return dict(event.get("usage") or told.get("usage") or {})


def of_google(body: bytes) -> dict[str, Any]:
    """Of a stream's responses the one. Raises ValueError where it broke off, or is another."""
    answer: dict[str, Any] = {}
    ended: dict[int, Any] = {}
    texts = _Texts()
    for piece in chunks(body):
        if piece.get("error"):
            return {"error": piece["error"]}
        answer |= {name: piece[name] for name in _OF_A_RESPONSE if piece.get(name) is not None}
        for candidate in piece.get("candidates") or []:
            index = int(candidate.get("index") or 0)
            ended[index] = candidate.get("finishReason") or ended.get(index)
            for part in (candidate.get("content") or {}).get("parts") or []:
                texts.add((index, not part.get("thought")), part.get("text"))
    if len(ended) > _MOST_BLOCKS or not all(ended.values()) or not (ended or answer.get("promptFeedback")):
        raise ValueError("the stream broke off")
    parts: dict[int, list[dict[str, Any]]] = {index: [] for index in ended}
    for (index, said), text in sorted(texts.joined().items()):
        parts[index].append({"text": text, "thought": not said})
    candidates = [{"content": {"parts": parts[index]}, "finishReason": ended[index]} for index in sorted(ended)]
    return {**answer, "candidates": candidates}
