"""How a span is opened, what may stand in it, and what becomes of an error."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from selftaught.core.errors import RunStopped
from selftaught.tracing import names

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value | None]


@dataclass(frozen=True)
class Spans:
    """Opens spans. `content`: whether what was said to a model and by it, and by guests, may stand in them.

    Threads of the house work in a copy of their caller's context, and so below their caller's span.
    """

    tracer: Tracer
    content: bool = False

    @contextmanager
    def span(self, name: str, attributes: Attributes, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
        """A span around the block, the parent of those opened within. A stop of the run is no error of the span's.

        Without content an error is its type alone: messages quote prompts, and tracebacks quote more.
        """
        opened = self.tracer.start_as_current_span(
            plain(name), kind=kind, attributes=known(attributes), record_exception=False, set_status_on_exception=False
        )
        with opened as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute(names.ERROR_TYPE, type(error).__name__)
                if not isinstance(error, RunStopped):
                    span.set_status(Status(StatusCode.ERROR, plain(str(error)) if self.content else None))
                raise


def known(attributes: Attributes) -> dict[str, Value]:
    """Those that are not None, in characters that can be sent."""
    return {name: _sendable(value) for name, value in attributes.items() if value is not None}


def plain(text: str) -> str:
    """Half characters (lone surrogates), for which a whole batch of spans would be refused, become question marks."""
    return text.encode("utf-8", "replace").decode()


def messages(role: str, *texts: str) -> str:
    """Messages, as the conventions spell a list of them."""
    return _json([{"role": role, "parts": [{"type": "text", "content": plain(text)}]} for text in texts])


def instructions(text: str) -> str:
    """A system prompt, as the conventions spell it."""
    return _json([{"type": "text", "content": plain(text)}])


def _sendable(value: Value) -> Value:
    if isinstance(value, str):
        return plain(value)
    return [plain(text) for text in value] if isinstance(value, Sequence) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
