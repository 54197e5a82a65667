"""What OpenTelemetry's own environment variables say: what is done with them, and what is refused by name.

Those of the SDK (samplers, limits, batches, resources, certificates, compression, time-outs) the SDK reads itself. It
puts a default in the place of a value that it cannot read, and says so in a log that nobody sees. Here that is an
error.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from opentelemetry.util.re import parse_env_headers

from selftaught.core.errors import UsageError

DEFAULT_ENDPOINT = "http://localhost:4318"
TRACES_ENDPOINT, ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_HEADERS, HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_PROTOCOL = "http/protobuf"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_CAPTURES = {
    "true": True, "span_only": True, "span_and_event": True,
    "false": False, "no_content": False, "event_only": False,
}  # fmt: skip
"""There are no such events here: nothing but spans is sent."""
_FILES = ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")


def captures_content(environment: Mapping[str, str]) -> bool:
    """Whether the conventions' own variable wants prompts and responses in the spans. Raises UsageError."""
    value = environment.get(CAPTURE, "").strip().lower()
    if value and value not in _CAPTURES:
        raise UsageError(f"{CAPTURE} is {value!r}; wanted one of {', '.join(_CAPTURES)}")
    return _CAPTURES.get(value, False)


def silenced_by(environment: Mapping[str, str]) -> str | None:
    """The variable, with its value, that says that nothing is to be sent."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return "OTEL_SDK_DISABLED=true"
    exporters = [name.strip() for name in environment.get("OTEL_TRACES_EXPORTER", "otlp").lower().split(",")]
    return "OTEL_TRACES_EXPORTER=none" if exporters == ["none"] else None


def check(environment: Mapping[str, str]) -> None:
    """Raises UsageError for what would have to be ignored: another protocol or exporter, a file that is missing."""
    name = next((name for name in _PROTOCOLS if environment.get(name)), "")
    protocol = environment.get(name, _PROTOCOL).strip()
    if protocol != _PROTOCOL:
        raise UsageError(
            f"{name} is {protocol!r}, and spans are sent as {_PROTOCOL} alone: set {_PROTOCOLS[0]}={_PROTOCOL}, "
            f"and {ENDPOINT} to the receiver's port for HTTP, which mostly is 4318 where 4317 is that for gRPC"
        )
    exporters = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    if exporters and not {"otlp", "none"} & {name.strip() for name in exporters.lower().split(",")}:
        raise UsageError(f"OTEL_TRACES_EXPORTER is {exporters!r}, and spans are sent by otlp alone")
    for kind in _FILES if traces_url(environment).startswith("https") else ():
        for name in (f"OTEL_EXPORTER_OTLP_TRACES_{kind}", f"OTEL_EXPORTER_OTLP_{kind}"):
            if environment.get(name) and not Path(environment[name]).is_file():
                raise UsageError(f"{name} names a file that is not there: {environment[name]}")


def traces_url(environment: Mapping[str, str]) -> str:
    """As OpenTelemetry says: the endpoint for traces as it is, or the one for all signals and the path below it."""
    name, path = TRACES_ENDPOINT, ""
    if not environment.get(name):
        name, path = ENDPOINT, "/v1/traces"
    url = environment.get(name) or DEFAULT_ENDPOINT
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return url.rstrip("/") + path if path else url
    except ValueError:  # of an invalid port, or brackets that do not match
        pass
    raise UsageError(f"{name} is no URL; wanted one like {DEFAULT_ENDPOINT}")  # not shown: it may hold a key


def headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that the receiver wants, its key among them. Given here too since the environment may be a .env file's."""
    name = TRACES_HEADERS if environment.get(TRACES_HEADERS) else HEADERS
    with _heard() as complaints:
        told = dict(parse_env_headers(environment.get(name) or "", liberal=True))
    if complaints:  # not shown: it quotes the header, and so a key
        raise UsageError(f"{name} is no list of headers; wanted NAME=VALUE,NAME=VALUE, with values as in a URL")
    return told


@contextmanager
def understood() -> Iterator[None]:
    """Raises UsageError if OpenTelemetry cannot use a variable in the block, or puts a default in its place."""
    try:
        with _heard() as complaints:
            yield
    except ValueError as error:
        complaints = [_OF_BATCHES.sub(lambda name: f"OTEL_BSP_{name[1].upper()}", str(error))]
    if complaints:
        raise UsageError(f"OpenTelemetry does not take the value of a variable of the environment: {complaints[0]}")


_OF_BATCHES = re.compile(r"\b(max_queue_size|max_export_batch_size|schedule_delay)(_millis)?\b")
"""Settings whose errors do not name their variable."""


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What OpenTelemetry logs in the block, instead of showing it."""
    handler = _Listening()
    logger = logging.getLogger("opentelemetry")
    shown, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield handler.heard
    finally:
        logger.removeHandler(handler)
        logger.propagate = shown


class _Listening(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())
