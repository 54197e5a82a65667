"""Wrappers of the three seams. Inside the recorder, around the real thing: a span is work that was really done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from selftaught.core.address import here
from selftaught.core.contracts import (
    Application,
    Apply,
    Completion,
    LanguageModel,
    Program,
    Prompt,
    Score,
    Utility,
    UtilityWrapper,
)
from selftaught.tracing import names
from selftaught.tracing.spans import Spans, Value, instructions, known, messages

_IMPROVER = "improver"


@dataclass(frozen=True)
class TracedModel:
    """Implements `LanguageModel`: a span for each call, from the asking to the answer, with all attempts at it."""

    model: LanguageModel
    spans: Spans
    name: str
    role: str

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """All of `prompts` are one call of the model's, and equal: the recorder sees to that."""
        provider, model = names.provider_and_model(self.name)
        kind = SpanKind.INTERNAL if provider == names.IN_PROCESS else SpanKind.CLIENT
        asked: dict[str, Value | None] = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: provider,
            names.REQUEST_MODEL: model,
            names.TEMPERATURE: prompts[0].temperature,
            names.CHOICES: len(prompts) if len(prompts) > 1 else None,
            names.ROLE: self.role,
            names.ADDRESS: here(),
        }
        if self.spans.content:
            asked[names.SYSTEM_INSTRUCTIONS] = instructions(prompts[0].system)
            asked[names.INPUT_MESSAGES] = messages("user", prompts[0].user)
        with self.spans.span(f"{names.CHAT} {model}", asked, kind) as span:
            completions = self.model(prompts)
            span.set_attributes(known(self._came(completions)))
        return completions

    def _came(self, completions: Sequence[Completion]) -> dict[str, Value | None]:
        content = messages("assistant", *(one.text for one in completions)) if self.spans.content else None
        return {
            names.RESPONSE_MODEL: completions[0].model or None,
            names.FINISH_REASONS: [one.finish_reason for one in completions if one.finish_reason] or None,
            names.INPUT_TOKENS: _sum(one.input_tokens for one in completions),
            names.OUTPUT_TOKENS: _sum(one.output_tokens for one in completions),
            names.CACHED_TOKENS: _sum(one.cached_tokens for one in completions),
            names.REASONING_TOKENS: _sum(one.reasoning_tokens for one in completions),
            names.DROPPED: completions[0].dropped or None,
            names.OUTPUT_MESSAGES: content,
        }


@dataclass(frozen=True)
class TracedUtility(UtilityWrapper):
    """Implements `Utility`: a span for each evaluation."""

    spans: Spans

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


def _sum(counts: Iterable[int | None]) -> int | None:
    """Of the responses of one call, among which its tokens are shared out; None where one is not known."""
    told = list(counts)
    return None if None in told else sum(count or 0 for count in told)
