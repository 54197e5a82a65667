"""`--otel`: whether a run is traced, where the spans go, and what is said if they did not arrive."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selftaught.cli.terminal import environment
from selftaught.core.errors import UsageError
from selftaught.report.untrusted import one_line

if TYPE_CHECKING:
    from selftaught.tracing.run import Tracing


@contextmanager
def traced(otel: bool, content: bool) -> Iterator["Tracing | None"]:
    """Tracing for the runs of the block, if it is asked for; otherwise nothing of it is imported. Raises UsageError."""
    if not (otel or content):
        yield None
        return
    try:
        from selftaught.tracing.otlp import Otlp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        raise UsageError("--otel needs OpenTelemetry, which is not installed: pip install 'selftaught[otel]'") from None
    otlp = Otlp(environment(), content=content)
    try:
        yield otlp.tracing
    finally:
        undelivered = otlp.close()
        if undelivered:
            print(f"selftaught: warning: {one_line(undelivered, 400)}", file=sys.stderr)
