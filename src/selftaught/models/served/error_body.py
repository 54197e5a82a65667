"""A server's description of a failure: its own words, codes and numbers, in any form of body.

Seen at servers, and read alike: {"error": {"message", "type", "code"}}, {"error": "…"}, {"detail": "…"}, {"detail":
[{"loc", "msg"}]}, {"message", "code"}, the JSON of another server as text within one of these (OpenRouter's
metadata.raw, LiteLLM's messages), a list around all of it (Google), plain text, a page of HTML.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from math import isfinite
from typing import Any

MOST_READ = 1 << 16
"""Characters of a body that are read: the description of a failure is short."""
_DEEPEST = 8
_TEXTS = (
    "message", "error", "detail", "details", "msg", "error_message", "error_msg", "errors", "raw", "title", "fault",
    "error_description", "faultstring",
)  # fmt: skip
_CODES = ("code", "type", "status", "reason", "error_code", "error_type", "errorcode", "__type", "blockreason")
_STATUSES = ("code", "status", "status_code", "http_status_code", "error_code")
_ECHOES = ("input", "flagged_input", "prompt", "messages", "body", "request", "ctx", "url", "content")
"""Values under these keys repeat the request: a guest wrote them, and they must not pass for the server's words."""
_DELAYS = {"retrydelay": 1.0, "retry_after": 1.0, "retry_after_seconds": 1.0, "retry_after_ms": 0.001}


@dataclass
class ServerError:
    """One failed answer. `words`: on as many lines as they came; `codes`, `parameters`: in lower case."""

    status: int
    words: str = ""
    codes: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    wait_seconds: float | None = None


def read_error(status: int, body: str) -> ServerError:
    """The error in an answer with this HTTP status. With 200 the status is the one in the body; 0 if there is none."""
    said = ServerError(status)
    statuses: list[int] = []
    texts = list(_walk(_json(body[:MOST_READ]), said, statuses, "", 0)) or [_plain(body[:MOST_READ])]
    kept: list[str] = []
    for text in texts:
        if text and not any(text in earlier for earlier in kept):
            kept.append(text)
    said.words = ": ".join(kept)
    if status < 300:
        said.status = next((one for one in statuses if 400 <= one < 600), 0)
    return said


def _json(text: str) -> Any:
    """The JSON value of a text; the text itself if it is not JSON."""
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _walk(value: Any, said: ServerError, statuses: list[int], key: str, depth: int) -> Iterator[str]:
    """The texts of the description, in their order; codes and numbers go into their fields."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.lower() not in _ECHOES:
                yield from _walk(inner, said, statuses, name.lower(), depth + 1)
    elif isinstance(value, list):
        for inner in value[:20]:
            yield from _walk(inner, said, statuses, key, depth + 1)
    elif isinstance(value, int) and not isinstance(value, bool) and key in _STATUSES:
        statuses.append(value)
        said.codes.add(str(value))
    elif isinstance(value, str) and value.strip():
        yield from _text(value.strip(), said, statuses, key, depth)
    elif isinstance(value, float | int) and key in _DELAYS:
        said.wait_seconds = seconds(value, _DELAYS[key])


def _text(text: str, said: ServerError, statuses: list[int], key: str, depth: int) -> Iterator[str]:
    if key in _DELAYS:
        said.wait_seconds = seconds(text.rstrip("s"), _DELAYS[key])
    elif key in ("param", "loc", "field"):
        said.parameters.add(text.lower())
    elif key in _CODES:
        said.codes.add(text.lower())
        if text.isdigit() and len(text) == 3:
            statuses.append(int(text))
    elif key in _TEXTS:
        start = text.find("{")
        inner = _json(text[start:]) if start >= 0 else None
        if isinstance(inner, dict):
            if before := text[:start].strip(" -:\n"):
                yield before
            yield from _walk(inner, said, statuses, "", depth + 1)
        else:
            yield text


def seconds(said: object, unit: float = 1.0) -> float | None:
    """A duration from a server; None for an invalid one."""
    with suppress(TypeError, ValueError, OverflowError):
        found = float(said) * unit  # type: ignore[arg-type]
        return max(0.0, found) if isfinite(found) else None
    return None


def _plain(text: str) -> str:
    """The text of a body that is not JSON, or JSON without words: of a page of HTML, its title or its text."""
    if re.match(r"\s*<", text):
        title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
        shown = title[1] if title and title[1].strip() else re.sub(r"<[^>]*>", " ", text)
        return f"a page of HTML, {unescape(shown).strip()!r}"
    return text.strip()
