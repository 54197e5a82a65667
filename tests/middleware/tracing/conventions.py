"""What OpenTelemetry's conventions for generative AI publish, as far as this project's spans use it.

Written from https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai, November 2026: the tables of
gen-ai-spans.md, gen-ai-agent-spans.md and gen-ai-events.md, and the JSON schemas of messages beside them
(gen-ai-input-messages.json, gen-ai-output-messages.json, gen-ai-system-instructions.json). Where their versions differ
the stricter one stands here: `finish_reason` was required of an output message until it was deprecated, and platforms
read the earlier version. The schemas also have parts of any other type; nothing here sends one.
"""

from typing import Any

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
NUMBER = {"type": "number"}
TEXTS = {"type": "array", "items": TEXT}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def _part(of_type: str) -> dict[str, Any]:
    return _object({"type": {"const": of_type}, "content": TEXT})


_PARTS = {"type": "array", "items": {"anyOf": [_part("text"), _part("reasoning")]}}
_ROLE = {"enum": ["system", "user", "assistant", "tool"]}

INPUT_MESSAGES = {"type": "array", "items": _object({"role": _ROLE, "parts": _PARTS}, {"name": TEXT})}
OUTPUT_MESSAGES = {
    "type": "array",
    "items": _object(
        {
            "role": _ROLE,
            "parts": _PARTS,
            "finish_reason": {"anyOf": [{"enum": ["stop", "length", "content_filter", "tool_call", "error"]}, TEXT]},
        },
        {"name": TEXT},
    ),
}
SYSTEM_INSTRUCTIONS = {"type": "array", "items": _part("text")}

AS_JSON = {
    "gen_ai.input.messages": INPUT_MESSAGES,
    "gen_ai.output.messages": OUTPUT_MESSAGES,
    "gen_ai.system_instructions": SYSTEM_INSTRUCTIONS,
}
"""Attributes that are JSON in a string."""

_ANY = {
    "error.type": TEXT,
    "gen_ai.conversation.id": TEXT,
    "gen_ai.agent.id": TEXT,
    "gen_ai.agent.name": TEXT,
    "gen_ai.evaluation.explanation": TEXT,
    "gen_ai.evaluation.name": TEXT,
    "gen_ai.evaluation.score.label": TEXT,
    "gen_ai.evaluation.score.value": NUMBER,
    "gen_ai.input.messages": TEXT,
    "gen_ai.operation.name": TEXT,
    "gen_ai.output.messages": TEXT,
    "gen_ai.provider.name": TEXT,
    "gen_ai.request.choice.count": COUNT,
    "gen_ai.request.max_tokens": COUNT,
    "gen_ai.request.model": TEXT,
    "gen_ai.request.temperature": NUMBER,
    "gen_ai.response.finish_reasons": TEXTS,
    "gen_ai.response.id": TEXT,
    "gen_ai.response.model": TEXT,
    "gen_ai.system_instructions": TEXT,
    "gen_ai.usage.cache_read.input_tokens": COUNT,
    "gen_ai.usage.input_tokens": COUNT,
    "gen_ai.usage.output_tokens": COUNT,
    "gen_ai.usage.reasoning.output_tokens": COUNT,
    "gen_ai.workflow.name": TEXT,
    "server.address": TEXT,
    "server.port": COUNT,
}
"""The published attributes that are used, with their types."""

_OURS = r"^(selftaught\.|openinference\.|input\.|output\.|llm\.)"


def _attributes(required: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": _ANY,
        "patternProperties": {_OURS: {}},
        "additionalProperties": False,  # a name of the conventions' that is spelt wrong
        "dependentRequired": {"server.address": ["server.port"]},
        **more,
    }


OPERATIONS = {
    "chat": _attributes((
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.conversation.id",
    )),
    "invoke_agent": _attributes((
        "gen_ai.operation.name", "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.conversation.id",
    )),
    "invoke_workflow": _attributes((
        "gen_ai.operation.name", "gen_ai.workflow.name", "gen_ai.conversation.id",
    )),
    "": _attributes(()),
}  # fmt: skip
"""By operation, with what is required, or required where it is available, as it is here."""

EVALUATION_RESULT = _attributes((
    "gen_ai.evaluation.name", "gen_ai.evaluation.score.label", "gen_ai.evaluation.score.value",
))  # fmt: skip
"""The event gen_ai.evaluation.result."""
