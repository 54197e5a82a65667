"""The names of everything in a span, in one place.

`gen_ai.*` and their values are OpenTelemetry's conventions for generative AI, as they stood in November 2026:
https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai. None of them is stable; the copies
in the package opentelemetry-semantic-conventions are deprecated. What has no name there is `selftaught.*`.
"""

OPERATION = "gen_ai.operation.name"
CHAT, INVOKE_AGENT, INVOKE_WORKFLOW = "chat", "invoke_agent", "invoke_workflow"
PROVIDER = "gen_ai.provider.name"
WORKFLOW = "gen_ai.workflow.name"
AGENT_NAME = "gen_ai.agent.name"
AGENT_ID = "gen_ai.agent.id"

REQUEST_MODEL = "gen_ai.request.model"
CHOICES = "gen_ai.request.choice.count"
TEMPERATURE = "gen_ai.request.temperature"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"

SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"

EVALUATION = "gen_ai.evaluation.name"
SCORE = "gen_ai.evaluation.score.value"
SCORE_LABEL = "gen_ai.evaluation.score.label"
EXPLANATION = "gen_ai.evaluation.explanation"

ERROR_TYPE = "error.type"
SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"

ADDRESS = "selftaught.address"
"""Where the work stands on record (core/address.py)."""
RUN = "selftaught.run"
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
IMPROVER = "selftaught.improver"
SOLUTION = "selftaught.solution"
PROGRAM = "selftaught.program"
UTILITY = "selftaught.utility"
VERDICT = "selftaught.verdict"
MODEL_CALLS = "selftaught.model_calls"
RESPONSES = "selftaught.responses"
UTILITY_CALLS = "selftaught.utility_calls"

IN_PROCESS = "selftaught"
"""The provider of models that run in this process."""
_PROVIDERS = {"google": "gcp.gemini"}


def provider_and_model(name: str) -> tuple[str, str]:
    """From a model's full name. A path in it stays here: a relay's folder, a recording's file."""
    kind, colon, _ = name.partition(":")
    if colon and kind in ("relay", "replay"):
        return IN_PROCESS, kind
    provider, slash, model = name.partition("/")
    return (_PROVIDERS.get(provider, provider), model) if slash else (IN_PROCESS, name)
