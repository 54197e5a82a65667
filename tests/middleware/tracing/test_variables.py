"""OpenTelemetry's own environment variables: heeded, or refused in one line that names them; nothing is ignored."""

from pathlib import Path

import pytest

from cli.support import QUICK, in_process
from middleware.tracing.receiver import Receiver
from nearness import TASK

IMPROVE = ["improve", "nearness.py", "--model", "mutate", *QUICK[4:], "--out", "one"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "abc", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT must be a non-negative integer"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-3", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT must be a non-negative integer"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1", "OTEL_BSP_MAX_QUEUE_SIZE must be a positive integer"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon", "OTEL_BSP_SCHEDULE_DELAY"),
        ("OTEL_TRACES_SAMPLER", "some", "sampler some"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER is 'zipkin'"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is 'http/json'"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "long", "timeout value 'long'"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "brotli", "compression type: brotli"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "sk-planted", "OTEL_EXPORTER_OTLP_HEADERS is no list of headers"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "resource attribute pair team"),
        (
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "maybe",
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is 'maybe'",
        ),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_one_line_before_anything_is_spent(
    name: str, value: str, wanted: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    done = in_process(*IMPROVE, "--otel", cwd=folder)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert wanted in line and "sk-planted" not in line
    assert not (folder / "one").exists()


def test_a_certificate_that_is_not_there_is_named(folder: Path) -> None:
    done = in_process(
        *IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT="https://localhost:4318",
        OTEL_EXPORTER_OTLP_CERTIFICATE="ca.pem",
    )  # fmt: skip
    assert done.returncode == 2
    assert "OTEL_EXPORTER_OTLP_CERTIFICATE names a file that is not there: ca.pem" in done.stderr


@pytest.mark.parametrize(
    ("value", "with_content"), [("true", True), ("span_only", True), ("no_content", False), ("event_only", False)]
)
def test_the_conventions_own_switch_for_content_is_heeded(value: str, with_content: bool, folder: Path) -> None:
    with Receiver() as receiver:
        done = in_process(
            *IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
            OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=value,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    chats = receiver.named("chat")
    assert chats and all(("gen_ai.input.messages" in span.attributes) is with_content for span in chats)
    assert ("with prompts and responses" in done.stderr) is with_content


@pytest.mark.parametrize(("name", "value"), [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")])
def test_a_variable_that_wants_silence_is_heeded_and_named(
    name: str, value: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with Receiver() as receiver:
        done = in_process(*IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    assert done.returncode == 0, done.stderr
    assert receiver.spans == [] and f"{name}={value}, so nothing is sent" in done.stderr


def test_where_traces_go_is_said(folder: Path) -> None:
    with Receiver() as receiver:
        done = in_process(*IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    assert f"traces go to {receiver.endpoint}/v1/traces\n" in done.stderr


def test_variables_of_a_dotenv_file_are_heeded(folder: Path) -> None:
    with Receiver() as receiver:
        (folder / ".env").write_text(
            f"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.endpoint}\nOTEL_SERVICE_NAME=optimizer\n"
            "OTEL_RESOURCE_ATTRIBUTES=team=search\n"
        )
        done = in_process(*IMPROVE, "--otel", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert {(span.resource["service.name"], span.resource["team"]) for span in receiver.spans} == {
        ("optimizer", "search")
    }


def test_a_dotenv_file_cannot_send_the_environments_headers_elsewhere(folder: Path) -> None:
    with Receiver() as receiver:
        (folder / ".env").write_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.endpoint}\n")
        done = in_process(*IMPROVE, "--otel", cwd=folder, OTEL_EXPORTER_OTLP_HEADERS="authorization=sk-planted")
    assert done.returncode == 2 and "OTEL_EXPORTER_OTLP_ENDPOINT is in .env" in done.stderr
    assert receiver.bodies == [] and "sk-planted" not in done.stderr
