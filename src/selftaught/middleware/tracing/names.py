"""The names of everything in a span, in one place.

`gen_ai.*` and their values are OpenTelemetry's conventions for generative AI, as they stood in November 2026:
https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai. None of them is stable; the copies
in the package opentelemetry-semantic-conventions are deprecated. They have no name for the kind, the input and the
output of a span that is not a model call, or for a price: those are OpenInference's, which Phoenix and MLflow read
(https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md). The rest is `selftaught.*`.
"""

from urllib.parse import urlsplit

from selftaught.core.model_name import own_kind
from selftaught.core.model_name import provider_and_model as split

OPERATION = "gen_ai.operation.name"
CHAT, INVOKE_AGENT, INVOKE_WORKFLOW = "chat", "invoke_agent", "invoke_workflow"
PROVIDER = "gen_ai.provider.name"
WORKFLOW = "gen_ai.workflow.name"
AGENT_NAME = "gen_ai.agent.name"
AGENT_ID = "gen_ai.agent.id"
CONVERSATION = "gen_ai.conversation.id"
"""The run's: all its starts are one session of a platform's."""

REQUEST_MODEL = "gen_ai.request.model"
CHOICES = "gen_ai.request.choice.count"
TEMPERATURE = "gen_ai.request.temperature"
MAX_TOKENS = "gen_ai.request.max_tokens"
RESPONSE_ID = "gen_ai.response.id"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"

SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"

EVALUATION_RESULT = "gen_ai.evaluation.result"
"""An event."""
EVALUATION = "gen_ai.evaluation.name"
SCORE = "gen_ai.evaluation.score.value"
SCORE_LABEL = "gen_ai.evaluation.score.label"
EXPLANATION = "gen_ai.evaluation.explanation"

ERROR_TYPE = "error.type"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"

SPAN_KIND = "openinference.span.kind"
CHAIN, EVALUATOR = "CHAIN", "EVALUATOR"
"""Those of model calls and agents follow from their operation."""
INPUT, INPUT_TYPE = "input.value", "input.mime_type"
OUTPUT, OUTPUT_TYPE = "output.value", "output.mime_type"
TEXT = "text/plain"
COST = "llm.cost.total"
"""US dollars."""

ADDRESS = "selftaught.address"
"""Where the work stands on record (core/address.py)."""
RUN = "selftaught.run"
MODEL = "selftaught.model"
KIND = "selftaught.kind"
TASKS = "selftaught.tasks"
START = "selftaught.start"
"""0 for a run's first start, 1 for its first resume."""
TIER = "selftaught.sandbox"
OUTCOME = "selftaught.outcome"
ITERATION = "selftaught.t"
ACCEPTED = "selftaught.accepted"
REPLAYED = "selftaught.replayed"
"""It was on record: nothing of it was done again."""
ROLE = "selftaught.role"
"""What a model is asked for: improver or solution."""
DROPPED = "selftaught.dropped"
NO_PROGRAM = "selftaught.no_program"
"""Why there is no program in a response, where its server says so."""
PRICE_SOURCE = "selftaught.price_source"
ATTEMPTS = "selftaught.attempts"
"""How many there were, with the one that the span's time is."""
WAITED = "selftaught.waited_seconds"
"""For a place among the calls in flight, and between attempts: before the span began."""
ATTEMPT_FAILED = "selftaught.attempt_failed"
"""An event: one attempt at a model call."""
WAIT = "selftaught.wait"
"""An event: nothing was asked of the server for so long."""
ATTEMPT = "selftaught.attempt"
SECONDS = "selftaught.seconds"
MESSAGE = "selftaught.message"
IMPROVER = "selftaught.improver"
SOLUTION = "selftaught.solution"
PROGRAM = "selftaught.program"
UTILITY = "selftaught.utility"
VERDICT = "selftaught.verdict"
SALVAGED = "selftaught.salvaged"
"""The program is not what an improver returned, but the best that it had scored before it failed."""
MODEL_CALLS = "selftaught.model_calls"
RESPONSES = "selftaught.responses"
UTILITY_CALLS = "selftaught.utility_calls"

IN_PROCESS = "selftaught"
"""The provider of models that run in this process."""
_PROVIDERS = {"google": "gcp.gemini"}
_PORTS = {"http": 80, "https": 443}


def address_and_port(url: str | None) -> tuple[str | None, int | None]:
    """Of a server, as the conventions want them: the port also where it is its protocol's own."""
    if url is None:
        return None, None
    parts = urlsplit(url)
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def provider_and_model(name: str) -> tuple[str, str]:
    """From a model's full name. A path in it stays here: a relay's folder, a recording's file."""
    if kind := own_kind(name):
        return IN_PROCESS, kind.removesuffix(":")
    provider, model = split(name)
    return (_PROVIDERS.get(provider, provider), model) if provider else (IN_PROCESS, model)
