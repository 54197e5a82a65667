"""The span of a run, and one for each iteration: both come from the record, like the progress display."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span, Status, StatusCode

from selftaught.core.address import times_before
from selftaught.core.contracts import Apply, LanguageModel, Utility, Verdict
from selftaught.middleware.tracing import attempts, names
from selftaught.middleware.tracing.seams import TracedApply, TracedModel, TracedUtility
from selftaught.middleware.tracing.spans import Spans, Value, conversation, fenced, known, said
from selftaught.runs.records import Ended, Record, Session, Stepped, Tried

_FINISHED = "finished"


@dataclass(frozen=True)
class Description:
    """A line or two of names and numbers; and a program, which is content."""

    summary: str
    program: str | None = None


@dataclass(frozen=True)
class Traced:
    """A run, as its span describes it.

    Attributes:
        id: the same for all its starts, and another run's never.
        on_record: how many steps earlier starts have finished.
        begun: what it works on; `came`: its result, called at the end of the start.
    """

    id: str
    name: str
    kind: str
    tasks: Sequence[str]
    model: str
    depth: int
    on_record: int
    begun: Description
    came: Callable[[], Description]


@dataclass(frozen=True)
class Tracing:
    """What wiring puts around the parts of a run that is traced."""

    spans: Spans

    def model(
        self, model: LanguageModel, name: str, role: str, *, server: str | None, max_output_tokens: int | None
    ) -> LanguageModel:
        return TracedModel(model, self.spans, name, role, server, max_output_tokens)

    def utility(self, utility: Utility) -> Utility:
        return TracedUtility(utility, self.spans)

    def apply(self, apply: Apply) -> Apply:
        return TracedApply(apply, self.spans)

    @contextmanager
    def run(self, run: Traced) -> Iterator["RunSpan"]:
        """The block is one start of a run; each record must be shown to what this yields, in the thread that has it."""
        workflow = f"{run.name} ({run.kind})"  # the name first: platforms cut what is long
        attributes = {
            names.OPERATION: names.INVOKE_WORKFLOW,
            names.WORKFLOW: workflow,
            names.SPAN_KIND: names.CHAIN,
            names.RUN: run.name,
            names.KIND: run.kind,
            names.TASKS: list(run.tasks),
            names.MODEL: run.model,
            **said(names.INPUT, names.INPUT_TYPE, self._shown(run.begun)),
        }
        token = conversation.set(run.id)
        try:
            with self.spans.span(f"{names.INVOKE_WORKFLOW} {workflow}", attributes) as span:
                try:
                    with ExitStack() as iteration:  # the open iteration of a run that breaks off ends with its error
                        yield RunSpan(self.spans, span, iteration, depth=run.depth, on_record=run.on_record)
                finally:
                    span.set_attributes(known(said(names.OUTPUT, names.OUTPUT_TYPE, self._shown(run.came()))))
        finally:
            conversation.reset(token)

    def _shown(self, told: Description) -> str:
        if told.program is None or not self.spans.content:
            return told.summary
        return f"{told.summary}\n\n{fenced(told.program)}"


class RunSpan:
    """Gets every record: starts iteration t + 1 when step t is recorded, below the run and above its own work."""

    def __init__(self, spans: Spans, span: Span, iteration: ExitStack, *, depth: int, on_record: int) -> None:
        self._spans, self._span, self._iteration = spans, span, iteration
        self._depth, self._on_record = depth, on_record
        self._current: Span | None = None

    def watch(self, record: Record) -> None:
        """Records of the run itself come from its own thread; of those of other threads only failed attempts count."""
        match record:
            case Tried():
                attempts.note(record)
            case Session(at=at, tier=tier):
                self._span.set_attributes({names.START: times_before(at), names.TIER: tier})
            case Stepped(t=t):
                self._finish(record)
                if t < self._depth:
                    self._begin(t + 1)
            case Ended(how=how):
                self._span.set_attribute(names.OUTCOME, how)
                if how == _FINISHED:
                    self._span.set_status(Status(StatusCode.OK))
            case _:
                pass

    def _begin(self, t: int) -> None:
        replayed = True if t < self._on_record else None
        attributes: dict[str, Value | None] = {
            names.SPAN_KIND: names.CHAIN,
            names.ITERATION: t,
            names.REPLAYED: replayed,
        }
        self._current = self._iteration.enter_context(self._spans.span(f"iteration {t}", attributes))

    def _finish(self, step: Stepped) -> None:
        if self._current is not None:
            shown = f"{'a new improver' if step.accepted else 'the improver stays'}: {step.improver[:8]}"
            self._current.set_attributes(known({
                names.IMPROVER: step.improver,
                names.ACCEPTED: step.accepted,
                names.VERDICT: step.verdict,
                **said(names.OUTPUT, names.OUTPUT_TYPE, shown),
            }))  # fmt: skip
            self._spans.ended(self._current, Verdict(step.verdict), step.note)
        self._iteration.close()
        self._current = None
