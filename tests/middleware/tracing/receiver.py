"""A real HTTP receiver of OTLP spans: with Receiver() as receiver: … receiver.endpoint, receiver.spans."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


@dataclass(frozen=True)
class Happened:
    """One event of a span, as it came. `at`: seconds since the epoch."""

    name: str
    at: float
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Received:
    """One span, as it came. Times in seconds since the epoch."""

    name: str
    id: bytes
    parent: bytes
    trace: bytes
    attributes: dict[str, Any]
    status: int
    status_message: str
    kind: int
    events: list[Happened]
    began: float
    ended: float
    resource: dict[str, Any]

    @property
    def seconds(self) -> float:
        return self.ended - self.began


class Receiver:
    """Serves on a free port of localhost while the `with` block lasts. Answers with `status`, after `seconds`."""

    def __init__(self, *, status: int = 200, seconds: float = 0.0) -> None:
        self.status, self.seconds = status, seconds
        self.spans: list[Received] = []
        self.bodies: list[bytes] = []
        self.headers: list[Message] = []
        self.paths: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def named(self, start: str) -> list[Received]:
        """Those whose name begins so."""
        return [span for span in self.spans if span.name.startswith(start)]

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up waiting."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(owner.seconds)
        owner.bodies.append(body)
        owner.headers.append(self.headers)
        owner.paths.append(self.path)
        if owner.status == 200:
            owner.spans += _decoded(body)
        self.send_response(owner.status)
        self.end_headers()


def _decoded(body: bytes) -> list[Received]:
    return [
        Received(
            name=span.name,
            id=span.span_id,
            parent=span.parent_span_id,
            trace=span.trace_id,
            attributes=_values(span.attributes),
            status=span.status.code,
            status_message=span.status.message,
            kind=span.kind,
            events=[Happened(one.name, one.time_unix_nano / 1e9, _values(one.attributes)) for one in span.events],
            began=span.start_time_unix_nano / 1e9,
            ended=span.end_time_unix_nano / 1e9,
            resource=_values(of_resource.resource.attributes),
        )
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def _values(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None
