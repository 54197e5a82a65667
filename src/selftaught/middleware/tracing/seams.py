"""Wrappers of the three seams. Inside the recorder, around the real thing: a span is work that was really done."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from opentelemetry.trace import Span, SpanKind, Status, StatusCode

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
    Verdict,
)
from selftaught.core.errors import RunStopped
from selftaught.middleware.tracing import names
from selftaught.middleware.tracing.attempts import Call, calling
from selftaught.middleware.tracing.spans import Spans, Value, input_messages, instructions, known, output_messages, said

_IMPROVER = "improver"


@dataclass(frozen=True)
class TracedModel:
    """Implements `LanguageModel`: a span for each call that was made, with the time of its last attempt.

    A call that the run stopped before any attempt has no span. `server`: the URL at which it is served, if it is;
    `max_output_tokens`: of one response, where they are bounded.
    """

    model: LanguageModel
    spans: Spans
    name: str
    role: str
    server: str | None = None
    max_output_tokens: int | None = None

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """All of `prompts` are one call of the model's, and equal: the recorder sees to that."""
        with calling() as call:
            try:
                completions = self.model(prompts)
            except Exception as error:
                self._broke_off(prompts, call, error)
                raise
        began, ended = call.answered(completions[0].seconds)
        with self._past(prompts, call, began, ended, len(call.failed) + 1) as span:
            span.set_attributes(known(self._came(completions)))
            span.set_status(Status(StatusCode.OK))
        return completions

    def _broke_off(self, prompts: Sequence[Prompt], call: Call, error: Exception) -> None:
        if not call.failed and isinstance(error, RunStopped):
            return
        last = call.failed.pop() if call.failed else None
        began, ended = (last.began, last.ended) if last else call.answered(None)
        with self._past(prompts, call, began, ended, len(call.failed) + 1) as span:
            self.spans.failed(span, error, last.kind if last else "")

    def _past(
        self, prompts: Sequence[Prompt], call: Call, began: int, ended: int, attempts: int
    ) -> AbstractContextManager[Span]:
        provider, model = names.provider_and_model(self.name)
        address, port = names.address_and_port(self.server)
        kind = SpanKind.INTERNAL if provider == names.IN_PROCESS else SpanKind.CLIENT
        asked: dict[str, Value | None] = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: provider,
            names.REQUEST_MODEL: model,
            names.SERVER_ADDRESS: address,
            names.SERVER_PORT: port,
            names.TEMPERATURE: prompts[0].temperature,
            names.MAX_TOKENS: self.max_output_tokens,
            names.CHOICES: len(prompts) if len(prompts) > 1 else None,
            names.ROLE: self.role,
            names.ADDRESS: here(),
            names.ATTEMPTS: attempts,
            names.WAITED: call.waited_seconds(began),
        }
        if self.spans.content:
            asked[names.SYSTEM_INSTRUCTIONS] = instructions(prompts[0].system)
            asked[names.INPUT_MESSAGES] = input_messages(prompts[0].user)
        events = call.events(began, content=self.spans.content)
        return self.spans.past(f"{names.CHAT} {model}", asked, kind, began=began, ended=ended, events=events)

    def _came(self, completions: Sequence[Completion]) -> dict[str, Value | None]:
        return {
            names.RESPONSE_ID: completions[0].response_id or None,
            names.RESPONSE_MODEL: completions[0].model or None,
            names.FINISH_REASONS: [one.finish_reason for one in completions if one.finish_reason] or None,
            names.INPUT_TOKENS: _sum(one.input_tokens for one in completions),
            names.OUTPUT_TOKENS: _sum(one.output_tokens for one in completions),
            names.CACHED_TOKENS: _sum(one.cached_tokens for one in completions),
            names.REASONING_TOKENS: _sum(one.reasoning_tokens for one in completions),
            names.COST: _sum(one.cost for one in completions),
            names.PRICE_SOURCE: completions[0].price_source or None,
            names.DROPPED: completions[0].dropped or None,
            names.NO_PROGRAM: [one.no_program for one in completions if one.no_program] or None,
            names.OUTPUT_MESSAGES: output_messages(completions) if self.spans.content else None,
        }


@dataclass(frozen=True)
class TracedUtility(UtilityWrapper):
    """Implements `Utility`: a span for each evaluation, with the conventions' event of its result."""

    spans: Spans

    def __call__(self, program: Program) -> Score:
        asked: dict[str, Value | None] = {
            names.SPAN_KIND: names.EVALUATOR,
            names.EVALUATION: self.name,
            names.PROGRAM: program.id,
            names.ADDRESS: here(),
            **self.spans.program(names.INPUT, names.INPUT_TYPE, program),
        }
        with self.spans.span(f"evaluate {self.name}", asked) as span:
            score = self.utility(program)
            result = known(self._result(score))
            span.add_event(names.EVALUATION_RESULT, {names.EVALUATION: self.name, **result})
            span.set_attributes(result)
            span.set_attributes(known(said(names.OUTPUT, names.OUTPUT_TYPE, _shown(score))))
            self.spans.ended(span, score.verdict, score.note)
        return score

    def _result(self, score: Score) -> dict[str, Value | None]:
        return {
            names.SCORE: score.value,
            names.SCORE_LABEL: score.verdict.value,
            names.EXPLANATION: score.note if self.spans.content and score.note else None,
            names.ERROR_TYPE: None if score.verdict is Verdict.OK else score.verdict.value,
        }


@dataclass(frozen=True)
class TracedApply:
    """Implements `Apply`: a span for each application of an improver, which is the conventions' agent."""

    apply: Apply
    spans: Spans

    def __call__(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        asked: dict[str, Value | None] = {
            names.OPERATION: names.INVOKE_AGENT,
            names.AGENT_NAME: _IMPROVER,
            names.AGENT_ID: improver.id,
            names.UTILITY: utility.name,
            names.SOLUTION: solution.id,
            names.ADDRESS: here(),
            **self.spans.program(names.INPUT, names.INPUT_TYPE, solution),
        }
        with self.spans.span(f"{names.INVOKE_AGENT} {_IMPROVER}", asked) as span:
            made = self.apply(improver, utility, solution, model)
            span.set_attributes(known({
                names.VERDICT: made.verdict.value,
                names.PROGRAM: made.program.id if made.program else None,
                names.SALVAGED: made.salvaged or None,
                names.MODEL_CALLS: made.model_calls,
                names.RESPONSES: made.responses,
                names.UTILITY_CALLS: made.utility_calls,
                **self.spans.program(names.OUTPUT, names.OUTPUT_TYPE, made.program),
            }))  # fmt: skip
            self.spans.ended(span, made.verdict, made.note)
        return made


def _shown(score: Score) -> str:
    """A score in a line, for a platform's table."""
    return f"{score.value:.4f}" if score.verdict is Verdict.OK else f"{score.value:.4f} {score.verdict.value}"


def _sum(counts: Iterable[float | None]) -> float | None:
    """Of the responses of one call, among which its tokens and cost are shared out; None where one is not known."""
    told = list(counts)
    return None if None in told else sum(count or 0 for count in told)
