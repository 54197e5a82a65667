"""`--otel`: whether a run is traced, where the spans go, and the message if they do not arrive."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selftaught.cli.terminal import environment, say
from selftaught.core.errors import UsageError
from selftaught.report.untrusted import one_line

if TYPE_CHECKING:
    from selftaught.middleware.tracing.run import Tracing

_FROM_ONE = ("ENDPOINT", "HEADERS")


@contextmanager
def traced(otel: bool, content: bool) -> Iterator["Tracing | None"]:
    """Tracing for the runs of the block, if requested; otherwise nothing of it is imported. Raises UsageError."""
    if not (otel or content):
        yield None
        return
    told = _told()
    try:
        from selftaught.middleware.tracing.variables import understood

        with understood():  # the SDK reads some of its variables when it is imported
            from selftaught.middleware.tracing.otlp import Otlp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise UsageError("--otel needs OpenTelemetry, which is not installed: pip install 'selftaught[otel]'") from None
    otlp = Otlp(told, content=content)
    with_content = ", with prompts and responses" if otlp.content else ""
    nothing = f"; but {otlp.silenced_by}, so nothing is sent" if otlp.silenced_by else ""
    say(f"traces go to {one_line(otlp.shown)}{with_content}{nothing}")
    try:
        yield otlp.tracing
    finally:
        undelivered = otlp.close()
        if undelivered:
            say(f"warning: {one_line(undelivered, 400)}")


def _told() -> dict[str, str]:
    """The environment. OpenTelemetry, which reads the process's own, finds there what .env has of its variables.

    Raises UsageError where .env names the receiver, and the headers, which hold its key, do not stand there too.
    """
    told = environment()
    endpoint, headers = (_set(told, f"OTEL_EXPORTER_OTLP_TRACES_{of}", f"OTEL_EXPORTER_OTLP_{of}") for of in _FROM_ONE)
    if endpoint and not os.environ.get(endpoint) and os.environ.get(headers):
        raise UsageError(
            f"{endpoint} is in .env, and {headers} in the environment: headers contain keys, and are sent only to "
            "an endpoint from the same place; put both into .env, or both into the environment"
        )
    for name in told:
        if name.startswith("OTEL_"):
            os.environ.setdefault(name, told[name])
    return told


def _set(told: dict[str, str], *names: str) -> str:
    """The first that is set, "" where none is."""
    return next((name for name in names if told.get(name)), "")
