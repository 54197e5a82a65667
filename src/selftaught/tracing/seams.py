"""Wrappers of the three seams. Inside the recorder, around the real thing: a span is work that was really done."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from selftaught.core.address import here
from selftaught.core.contracts import Application, Apply, Completion, LanguageModel, Program, Prompt, Score, Utility
from selftaught.tracing import names
from selftaught.tracing.spans import Spans, Value, instructions, known, message

_IMPROVER = "improver"


@dataclass(frozen=True)
class TracedModel:
    """Implements `LanguageModel`: a span for each response, from the asking to the answer, with all attempts at it."""

    model: LanguageModel
    spans: Spans
    name: str
    role: str

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [self._one(prompt) for prompt in prompts]

    def _one(self, prompt: Prompt) -> Completion:
        provider, model = names.provider_and_model(self.name)
        asked: dict[str, Value | None] = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: provider,
            names.REQUEST_MODEL: model,
            names.TEMPERATURE: prompt.temperature,
            names.ROLE: self.role,
            names.ADDRESS: here(),
        }
        if self.spans.content:
            asked[names.SYSTEM_INSTRUCTIONS] = instructions(prompt.system)
            asked[names.INPUT_MESSAGES] = message("user", prompt.user)
        kind = SpanKind.INTERNAL if provider == names.IN_PROCESS else SpanKind.CLIENT
        with self.spans.span(f"{names.CHAT} {model}", asked, kind) as span:
            (completion,) = self.model([prompt])
            span.set_attributes(known({
                names.RESPONSE_MODEL: completion.model or None,
                names.FINISH_REASONS: [completion.finish_reason] if completion.finish_reason else None,
                names.INPUT_TOKENS: completion.input_tokens,
                names.OUTPUT_TOKENS: completion.output_tokens,
                names.CACHED_TOKENS: completion.cached_tokens,
                names.REASONING_TOKENS: completion.reasoning_tokens,
                names.DROPPED: completion.dropped or None,
                names.OUTPUT_MESSAGES: message("assistant", completion.text) if self.spans.content else None,
            }))  # fmt: skip
        return completion


@dataclass(frozen=True)
class TracedUtility:
    """Implements `Utility`: a span for each evaluation."""

    utility: Utility
    spans: Spans

    @property
    def name(self) -> str:
        return self.utility.name

    @property
    def description(self) -> str:
        return self.utility.description

    @property
    def deterministic(self) -> bool:
        return self.utility.deterministic

    def __call__(self, program: Program) -> Score:
        asked = {names.EVALUATION: self.name, names.PROGRAM: program.id, names.ADDRESS: here()}
        with self.spans.span(f"evaluate {self.name}", asked) as span:
            score = self.utility(program)
            span.set_attributes(known({
                names.SCORE: score.value,
                names.SCORE_LABEL: score.verdict.value,
                names.EXPLANATION: score.note if self.spans.content and score.note else None,
            }))  # fmt: skip
        return score


@dataclass(frozen=True)
class TracedApply:
    """Implements `Apply`: a span for each application of an improver, which is the conventions' agent."""

    apply: Apply
    spans: Spans

    def __call__(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        asked = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: _IMPROVER,
            names.AGENT_ID: improver.id,
            names.UTILITY: utility.name,
            names.SOLUTION: solution.id,
            names.ADDRESS: here(),
        }
        with self.spans.span(f"{names.INVOKE_AGENT} {_IMPROVER}", asked) as span:
            made = self.apply(improver, utility, solution, model)
            span.set_attributes(known({
                names.VERDICT: made.verdict.value,
                names.PROGRAM: made.program.id if made.program else None,
                names.MODEL_CALLS: made.model_calls,
                names.RESPONSES: made.responses,
                names.UTILITY_CALLS: made.utility_calls,
            }))  # fmt: skip
        return made
