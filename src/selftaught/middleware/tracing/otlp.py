"""Sending spans over OTLP/HTTP, in the background. A receiver that is down costs the run nothing but its spans.

A thread of the SDK's sends what has ended; what it cannot keep up with is dropped, the oldest first. It complains
through `logging`: this is kept out of the run's own lines, and reported once, when the run is over.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NoOpTracer

from selftaught.core.version import VERSION
from selftaught.middleware.tracing import names, variables
from selftaught.middleware.tracing.run import Tracing
from selftaught.middleware.tracing.spans import Spans

_LAST_SECONDS = 5.0
"""For the spans that remain when the run is over."""
_LAST_SECONDS_IN_TROUBLE = 1.5
"""The same where the receiver has failed since it last took anything: enough for one more try."""
_GLANCE_SECONDS = 0.02
_MOST_WITH_CONTENT = 64
"""Spans in one request, if they contain prompts and responses: collectors accept about 20 MB at once."""


class Otlp:
    """Where a run's spans go. `environment` holds what OpenTelemetry's variables say (tracing/variables.py).

    Raises UsageError for a variable that cannot be used. Nothing is sent before the first span ends.
    """

    def __init__(self, environment: Mapping[str, str], *, content: bool) -> None:
        variables.check(environment)
        url, headers = variables.traces_url(environment), variables.headers(environment)
        self.shown = _without_secrets(url)
        self.silenced_by = variables.silenced_by(environment)
        self.content = content or variables.captures_content(environment)
        self._complaints = _Complaints()
        service = {names.SERVICE_NAME: "selftaught", names.SERVICE_VERSION: VERSION}
        with variables.understood():
            self._exporter = _Exporter(OTLPSpanExporter(endpoint=url, headers=headers), self._complaints)
            self._queue = _Queue(self._exporter, max_export_batch_size=self._most_at_once(environment))
            resource = Resource.create(service).merge(
                OTELResourceDetector().detect()
            )  # the user's own name for it wins
            self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(self._queue)
        tracer = NoOpTracer() if self.silenced_by else self._provider.get_tracer("selftaught", VERSION)
        self.tracing = Tracing(Spans(tracer, self.content))

    def _most_at_once(self, environment: Mapping[str, str]) -> int | None:
        """Spans in one request; None: as OpenTelemetry has it, or the user."""
        own = {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_MAX_QUEUE_SIZE"} & set(environment)
        return _MOST_WITH_CONTENT if self.content and not own else None

    def close(self) -> str | None:
        """Send the remaining spans, for a few seconds at most. Returns what did not arrive, and why, if anything."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        began = time.monotonic()
        while closing.is_alive():
            seconds = _LAST_SECONDS_IN_TROUBLE if self._complaints.last else _LAST_SECONDS
            if time.monotonic() - began > seconds:
                break
            closing.join(_GLANCE_SECONDS)
        lost, why = self._queue.ended - self._exporter.sent, self._complaints.last or "it took too long"
        self._exporter.shutdown()  # waiting retries give up
        self._complaints.detach()
        return f"{lost} of {self._queue.ended} spans did not reach {self.shown}: {why}" if lost else None


class _Exporter(SpanExporter):
    """Counts what arrives."""

    def __init__(self, exporter: SpanExporter, complaints: "_Complaints") -> None:
        self._exporter, self._complaints = exporter, complaints
        self._over = threading.Lock()
        self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
            self._complaints.last = ""
        return result

    def shutdown(self) -> None:
        if self._over.acquire(blocking=False):
            self._exporter.shutdown()


class _Queue(BatchSpanProcessor):
    """Counts what should arrive."""

    def __init__(self, exporter: SpanExporter, max_export_batch_size: int | None) -> None:
        super().__init__(exporter, max_export_batch_size=max_export_batch_size)
        self._counting = threading.Lock()
        self.ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        if span.context and span.context.trace_flags.sampled:
            with self._counting:
                self.ended += 1
        super().on_end(span)


class _Complaints(logging.Handler):
    """What the exporter logged last since it last succeeded. From here on nothing that OpenTelemetry logs is shown."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        everything = logging.getLogger("opentelemetry")
        everything.addHandler(logging.NullHandler())
        everything.propagate = False
        self._exporters = logging.getLogger("opentelemetry.exporter")
        self._exporters.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """An error is reported by its type alone: some texts quote the headers, and so a key."""
        told = record.args if isinstance(record.args, tuple) else ()
        safe = tuple(type(value).__name__ if isinstance(value, BaseException) else value for value in told)
        self.last = (str(record.msg) % safe).partition(", retrying")[0]

    def detach(self) -> None:
        self._exporters.removeHandler(self)


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
