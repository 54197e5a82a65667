"""The span of a model call: the conventions' attributes; content when asked for; and never a key."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from cli.support import QUICK, in_process
from middleware.tracing.receiver import Receiver
from nearness import TASK
from openai_server import OpenAIServer, improve_anything
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped
from selftaught.middleware.tracing.names import provider_and_model
from selftaught.middleware.tracing.run import Tracing
from selftaught.middleware.tracing.spans import Spans

CLIENT, OK = 3, 1
KEY, RECEIVERS_KEY = "sk-planted-key", "otlp-planted-key"


def improve(folder: Path, server: OpenAIServer, receiver: Receiver, flag: str) -> None:
    (folder / "nearness.py").write_text(TASK)
    (folder / ".env").write_text(
        f"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.endpoint}/\n"
        f"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20{RECEIVERS_KEY}\n"
    )
    done = in_process(
        "improve", "nearness.py", "--improver", "seed", "--model", "openai/small", "--base-url", server.base_url,
        *QUICK[4:], flag,
        "--out", "one", cwd=folder, OPENAI_API_KEY=KEY,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {headers["authorization"] for headers in receiver.headers} == {f"Bearer {RECEIVERS_KEY}"}
    sent = b"".join(receiver.bodies)
    assert KEY.encode() not in sent and RECEIVERS_KEY.encode() not in sent
    for file in (folder / "one").rglob("*"):
        assert not file.is_file() or RECEIVERS_KEY.encode() not in file.read_bytes()


def test_a_call_has_the_attributes_of_the_conventions(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, key=KEY) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel")
    chats = receiver.named("chat")
    assert len(chats) == server.answered == 2
    for span in chats:
        usage = {name: span.attributes.pop(name) for name in list(span.attributes) if "usage" in name}
        assert set(usage) >= {"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"} and min(usage.values()) >= 0
        del span.attributes["selftaught.address"]
        assert span.attributes.pop("selftaught.waited_seconds") >= 0
        assert span.attributes.pop("gen_ai.conversation.id").startswith("one-")
        assert (span.name, span.kind, span.status) == ("chat small", CLIENT, OK)
        assert span.attributes == {
            "gen_ai.response.id": "x",
            "server.address": "127.0.0.1",
            "server.port": urlsplit(server.base_url).port,
            "selftaught.attempts": 1,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "small",
            "gen_ai.request.temperature": 0.7,
            "gen_ai.response.model": "small",
            "gen_ai.response.finish_reasons": ["stop"],
            "selftaught.role": "solution",
        }


def test_prompts_and_responses_are_there_when_asked_for(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, key=KEY) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel-content")

    def content(attributes: dict[str, Any], name: str) -> Any:
        return json.loads(attributes[name])

    asked = []
    for span in receiver.named("chat"):
        (instructions,) = content(span.attributes, "gen_ai.system_instructions")
        (message,) = content(span.attributes, "gen_ai.input.messages")
        (answer,) = content(span.attributes, "gen_ai.output.messages")
        assert (instructions["type"], message["role"], answer["role"]) == ("text", "user", "assistant")
        assert answer["finish_reason"] == "stop"
        asked.append((instructions["content"], message["parts"][0]["content"]))
        assert "def algorithm" in answer["parts"][0]["content"]
    sent = [tuple(message["content"] for message in request["messages"]) for request in server.requests]
    assert sorted(asked) == sorted(sent)


class _Answers:
    """A model that answers so, or raises so."""

    def __init__(self, answer: Completion | Exception) -> None:
        self._answer = answer

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return [self._answer for _ in prompts]


def spans_of(
    answer: Completion | Exception, *, content: bool = False, prompt: str = "u", times: int = 1
) -> tuple[ReadableSpan, ...]:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    model = Tracing(Spans(provider.get_tracer("test"), content)).model(
        _Answers(answer), "mutate", "solution", server=None, max_output_tokens=None
    )
    try:
        model([Prompt("s", prompt, 0.5)] * times)
    except (ModelUnavailable, RunStopped) as error:
        assert error is answer
    return kept.get_finished_spans()


def ask(answer: Completion | Exception, *, content: bool = False, prompt: str = "u", times: int = 1) -> ReadableSpan:
    (span,) = spans_of(answer, content=content, prompt=prompt, times=times)
    return span


def test_what_is_not_known_is_left_out() -> None:
    told = ask(Completion("text", finish_reason="", model="")).attributes or {}
    assert not [name for name in told if "usage" in name or "response" in name]


def test_several_responses_to_one_call_are_one_span() -> None:
    told = ask(Completion("text", 10, 5), content=True, times=3).attributes or {}
    assert told["gen_ai.request.choice.count"] == 3
    assert told["gen_ai.response.finish_reasons"] == ("stop",) * 3
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (30, 15)
    assert len(json.loads(str(told["gen_ai.input.messages"]))) == 1
    assert len(json.loads(str(told["gen_ai.output.messages"]))) == 3


def test_a_model_in_this_process_is_no_client() -> None:
    assert ask(Completion("text")).kind is SpanKind.INTERNAL


def test_an_error_is_told_by_its_type_alone_unless_content_is_asked_for() -> None:
    span = ask(ModelUnavailable("no rule answers 'a secret prompt'"))
    assert (span.attributes or {})["error.type"] == "ModelUnavailable"
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert ask(ModelUnavailable("it says why"), content=True).status.description == "it says why"


def test_a_call_that_the_run_stopped_before_any_attempt_has_no_span() -> None:
    assert spans_of(RunStopped("interrupted")) == ()


def test_half_characters_do_not_lose_a_span() -> None:
    told = ask(Completion("half \ud800", model="m\ud800"), content=True, prompt="\udfff").attributes or {}
    for value in told.values():
        str(value).encode()
    assert told["gen_ai.response.model"] == "m?"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/gpt-4.1-mini", ("openai", "gpt-4.1-mini")),
        ("openrouter/meta/llama", ("openrouter", "meta/llama")),
        ("google/gemini-2.5-flash", ("gcp.gemini", "gemini-2.5-flash")),
        ("mutate", ("selftaught", "mutate")),
        ("replay:/home/me/one.recording", ("selftaught", "replay")),
        ("relay:/home/me/folder", ("selftaught", "relay")),
        ("ollama/qwen3:4b", ("ollama", "qwen3:4b")),
    ],
)
def test_provider_and_model_are_told_apart_and_no_path_is_told(name: str, expected: tuple[str, str]) -> None:
    assert provider_and_model(name) == expected
