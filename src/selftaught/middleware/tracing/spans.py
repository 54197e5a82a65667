"""How a span is opened, what it may contain, and how errors are handled."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from selftaught.core.contracts import Completion, Program, Verdict
from selftaught.core.errors import RunStopped
from selftaught.core.text import sendable
from selftaught.middleware.tracing import names

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value | None]

conversation: ContextVar[str | None] = ContextVar("selftaught_conversation", default=None)
"""The id of the run whose work is done in this context."""

_FINISH_REASONS = {"tool_calls": "tool_call", "function_call": "tool_call", "": "unknown"}
"""Our words (models/) that are not the conventions' for a message; they take any, and want one."""


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment, in nanoseconds since the epoch."""

    name: str
    at: int
    attributes: Attributes


@dataclass(frozen=True)
class Spans:
    """Opens spans. `content`: whether they may contain texts of prompts, responses and guests.

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
            plain(name),
            kind=kind,
            attributes=self._all(attributes),
            record_exception=False,
            set_status_on_exception=False,
        )
        with opened as span:
            try:
                yield span
            except BaseException as error:
                self.failed(span, error)
                raise

    @contextmanager
    def past(
        self, name: str, attributes: Attributes, kind: SpanKind, *, began: int, ended: int, events: Sequence[Event]
    ) -> Iterator[Span]:
        """A span of what is over, from `began` to `ended` in nanoseconds since the epoch; the block says how it went.

        An event may lie before the span: the conventions of OpenTelemetry allow for it.
        """
        span = self.tracer.start_span(plain(name), kind=kind, attributes=self._all(attributes), start_time=began)
        for event in events:
            span.add_event(event.name, known(event.attributes), event.at)
        try:
            yield span
        finally:
            span.end(ended)

    def failed(self, span: Span, error: BaseException, kind: str = "") -> None:
        """`kind`: what went wrong in one word; the error's type where nothing better is known."""
        span.set_attribute(names.ERROR_TYPE, kind or type(error).__name__)
        if not isinstance(error, RunStopped):
            span.set_status(Status(StatusCode.ERROR, plain(str(error)) if self.content else None))

    def ended(self, span: Span, verdict: Verdict, note: str) -> None:
        """How a guest ended. All but `ok` is an error of the span's, by which a platform finds it."""
        if verdict is Verdict.OK:
            span.set_status(Status(StatusCode.OK))
            return
        span.set_attribute(names.ERROR_TYPE, verdict.value)
        said = f"{verdict.value}: {note}" if self.content and note else verdict.value
        span.set_status(Status(StatusCode.ERROR, plain(said)))

    def program(self, name: str, of_type: str, program: Program | None) -> dict[str, Value | None]:
        """A program as a span's input or output, where there may be content."""
        return said(name, of_type, fenced(program.source)) if self.content and program is not None else {}

    def _all(self, attributes: Attributes) -> dict[str, Value]:
        return known({names.CONVERSATION: conversation.get(), **attributes})


def known(attributes: Attributes) -> dict[str, Value]:
    """Those that are not None, in characters that can be sent."""
    return {name: _sendable(value) for name, value in attributes.items() if value is not None}


def plain(text: str) -> str:
    """Half characters (lone surrogates), for which a whole batch of spans would be refused, become question marks.

    So do NULs, which a platform's PostgreSQL does not store.
    """
    return sendable(text).replace("\0", "?")


def said(name: str, of_type: str, text: str) -> dict[str, Value | None]:
    """A text as a span's input or output."""
    return {name: text, of_type: names.TEXT}


def fenced(source: str) -> str:
    """A program as Markdown, in which platforms show texts; its fence is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{source.rstrip()}\n{fence}"


def input_messages(text: str) -> str:
    """A prompt, as the conventions spell a list of input messages."""
    return _json([{"role": "user", "parts": _parts(text)}])


def output_messages(completions: Sequence[Completion]) -> str:
    """Responses, each with why it ended and what was thought before it, as the conventions spell output messages."""
    return _json([
        {
            "role": "assistant",
            "parts": [*(_parts(one.reasoning, "reasoning") if one.reasoning else []), *_parts(one.text)],
            "finish_reason": _FINISH_REASONS.get(one.finish_reason, plain(one.finish_reason)),
        }
        for one in completions
    ])  # fmt: skip


def instructions(text: str) -> str:
    """A system prompt, as the conventions spell it."""
    return _json(_parts(text))


def _parts(text: str, of_type: str = "text") -> list[dict[str, str]]:
    return [{"type": of_type, "content": plain(text)}]


def _sendable(value: Value) -> Value:
    if isinstance(value, str):
        return plain(value)
    return [plain(text) for text in value] if isinstance(value, Sequence) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
