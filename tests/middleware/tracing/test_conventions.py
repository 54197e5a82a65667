"""Everything that a traced run sends is valid by the published conventions, whichever provider's wire it came over."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.support import QUICK, in_process
from middleware.tracing import conventions
from middleware.tracing.receiver import Received, Receiver
from nearness import TASK
from openai_server import Fault, OpenAIServer
from other_servers import AnthropicServer, GoogleServer
from selftaught.core.contracts import Completion
from selftaught.middleware.tracing.spans import input_messages, instructions, output_messages

ANSWER = "```python\ndef algorithm(x):\n    return 0.75\n```"


def check(span: Received) -> None:
    operation = span.attributes.get("gen_ai.operation.name", "")
    jsonschema.validate(span.attributes, conventions.OPERATIONS[operation])
    for name, schema in conventions.AS_JSON.items():
        if name in span.attributes:
            jsonschema.validate(json.loads(span.attributes[name]), schema)
    for event in span.events:
        if event.name == "gen_ai.evaluation.result":
            jsonschema.validate(event.attributes, conventions.EVALUATION_RESULT)


WIRES: list[tuple[str, type[OpenAIServer]]] = [
    ("openai", OpenAIServer),
    ("anthropic", AnthropicServer),
    ("google", GoogleServer),
]


@pytest.mark.parametrize(("provider", "server"), WIRES)
def test_a_run_with_content_is_valid_by_the_published_schemas(
    provider: str, server: type[OpenAIServer], tmp_path: Path
) -> None:
    (tmp_path / "nearness.py").write_text(TASK)
    faults = iter([Fault(429, {"retry-after": "0"}), None, Fault(400, message="maximum context length is 10 tokens")])
    with server(lambda request: ANSWER, faults=faults) as serving, Receiver() as receiver:
        done = in_process(
            "improve", "nearness.py", "--model", f"{provider}/small", "--base-url", serving.base_url, *QUICK[4:],
            "--otel-content", "--out", "one", "--capability", "temperature=yes", cwd=tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for span in receiver.spans:
        check(span)
    chats = receiver.named("chat")
    assert len(chats) == 2 and all("gen_ai.output.messages" in span.attributes for span in chats)
    scored = [event.name for span in receiver.named("evaluate") for event in span.events]
    assert scored and set(scored) == {"gen_ai.evaluation.result"}


@pytest.mark.parametrize("why", ["stop", "length", "content_filter", "tool_calls", "too long", "", "STRANGE \ud800"])
def test_each_response_has_a_finish_reason_whatever_the_provider_calls_it(why: str) -> None:
    told = [Completion("text", finish_reason=why), Completion("", finish_reason=why, reasoning="it thought \ud800")]
    messages = json.loads(output_messages(told))
    jsonschema.validate(messages, conventions.OUTPUT_MESSAGES)
    assert [part["type"] for message in messages for part in message["parts"]] == ["text", "reasoning", "text"]


def test_prompts_of_any_characters_are_valid() -> None:
    odd = 'half \ud800, NUL \0, "quotes" and \\'
    jsonschema.validate(json.loads(input_messages(odd)), conventions.INPUT_MESSAGES)
    jsonschema.validate(json.loads(instructions(odd)), conventions.SYSTEM_INSTRUCTIONS)


TEXT_PART = {"type": "text", "content": "x"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "assistant", "parts": [TEXT_PART]},
        {"role": "assistant", "finish_reason": "stop", "content": "x"},
        {"role": "assistant", "finish_reason": "stop", "parts": [{"type": "text", "text": "x"}]},
        {"role": "assistant", "finish_reason": None, "parts": [TEXT_PART]},
        {"finish_reason": "stop", "parts": [TEXT_PART]},
    ],
)
def test_the_schema_refuses_what_the_published_one_does(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([wrong], conventions.OUTPUT_MESSAGES)
