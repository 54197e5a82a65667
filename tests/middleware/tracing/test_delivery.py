"""A receiver that is down, slow or unwilling; a package that is missing; and no tracing at all."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.support import QUICK, selftaught
from middleware.tracing.receiver import Receiver
from nearness import TASK
from selftaught.core.errors import UsageError
from selftaught.middleware.tracing.otlp import Otlp

IMPROVE = ["improve", "nearness.py", "--model", "mutate", *QUICK[4:], "--out", "one"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


def test_a_receiver_that_is_down_costs_the_run_one_line(folder: Path) -> None:
    done = selftaught(*IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT="http://me:secret@127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "spans" in line or "opentelemetry" in line.lower()]
    assert len(told) == 1
    assert told[0].startswith("selftaught: warning: ") and "ConnectionError" in told[0]
    assert "did not reach http://127.0.0.1:9/v1/traces" in told[0] and "secret" not in done.stderr
    assert (folder / "one" / "improved.py").is_file()


def test_a_receiver_that_refuses_is_told_of(folder: Path) -> None:
    with Receiver(status=401) as receiver:
        done = selftaught(
            *IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.endpoint}/mine"
        )
    assert done.returncode == 0, done.stderr
    assert "401" in done.stderr
    assert set(receiver.paths) == {"/mine"}


def test_a_key_that_cannot_be_sent_is_not_told(folder: Path) -> None:
    with Receiver() as receiver:
        done = selftaught(
            *IMPROVE, "--otel", cwd=folder,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
            OTEL_EXPORTER_OTLP_HEADERS="api-key=planted%0Akey",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "InvalidHeader" in done.stderr and "key" not in done.stderr.replace("InvalidHeader", "")


def test_a_receiver_that_does_not_answer_is_not_waited_for_long() -> None:
    with Receiver(seconds=60) as receiver:
        otlp = Otlp({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, content=False)
        with otlp.tracing.spans.span("work", {}):
            pass
        began = time.monotonic()
        told = otlp.close()
    assert time.monotonic() - began < 30
    assert told == f"1 of 1 spans did not reach {receiver.endpoint}/v1/traces: it took too long"


def test_opening_and_ending_spans_does_not_wait_for_the_receiver() -> None:
    with Receiver(seconds=60) as receiver:
        otlp = Otlp({"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}, content=False)
        began = time.monotonic()
        for _ in range(5000):  # more than are kept
            with otlp.tracing.spans.span("work", {}):
                pass
        assert time.monotonic() - began < 30
        assert (otlp.close() or "").startswith("5000 of 5000 spans")


@pytest.mark.parametrize("endpoint", ["localhost:4318", "ftp://here", "http://", "http://here:port", "http://[here"])
def test_an_endpoint_that_is_no_url_is_refused_before_anything_is_spent(folder: Path, endpoint: str) -> None:
    with pytest.raises(
        UsageError, match="OTEL_EXPORTER_OTLP_ENDPOINT is no URL; wanted one like http://localhost:4318"
    ):
        Otlp({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, content=False)


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_without_the_extra_it_says_what_to_install(folder: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"  # as if it were not installed
        f"sys.argv = ['selftaught', *{[*IMPROVE, '--otel']!r}]\n"
        "from selftaught.cli.app import main\n"
        "main()\n"
    )
    done = python(code, folder)
    assert done.returncode == 2
    assert "pip install 'selftaught[otel]'" in done.stderr
    assert not (folder / "one").exists()


def test_without_the_flag_nothing_of_opentelemetry_is_imported(folder: Path) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['selftaught', *{IMPROVE!r}]\n"
        "from selftaught.cli.app import app\n"
        "app(standalone_mode=False)\n"
        "traces = ('opentelemetry', 'selftaught.middleware.tracing')\n"
        "loaded = [name for name in sys.modules if name.startswith(traces)]\n"
        "assert not loaded, loaded\n"
    )
    done = python(code, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "one" / "improved.py").is_file()
