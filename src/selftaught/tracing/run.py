"""The span of a run, and one for each iteration: both read from what is put on record, as a progress display is."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span

from selftaught.core.contracts import Apply, LanguageModel, Utility
from selftaught.runs.records import Ended, Record, Session, Stepped
from selftaught.tracing import names
from selftaught.tracing.seams import TracedApply, TracedModel, TracedUtility
from selftaught.tracing.spans import Spans


@dataclass(frozen=True)
class Tracing:
    """What wiring puts around the parts of a run that is traced."""

    spans: Spans

    def model(self, model: LanguageModel, name: str, role: str) -> LanguageModel:
        return TracedModel(model, self.spans, name, role)

    def utility(self, utility: Utility) -> Utility:
        return TracedUtility(utility, self.spans)

    def apply(self, apply: Apply) -> Apply:
        return TracedApply(apply, self.spans)

    @contextmanager
    def run(self, name: str, kind: str, *, tasks: Sequence[str], depth: int, on_record: int) -> Iterator["RunSpan"]:
        """The block is one start of a run; every record must be shown to what this yields, in the thread that has it.

        `on_record`: how many steps earlier starts have finished.
        """
        workflow = f"selftaught {kind}"
        attributes = {
            names.OPERATION: names.INVOKE_WORKFLOW,
            names.WORKFLOW: workflow,
            names.RUN: name,
            names.KIND: kind,
            names.TASKS: list(tasks),
        }
        with self.spans.span(f"{names.INVOKE_WORKFLOW} {workflow}", attributes) as span:
            with ExitStack() as iteration:  # the one that goes on when the run breaks off ends with the run's error
                yield RunSpan(self.spans, span, iteration, depth=depth, on_record=on_record)


class RunSpan:
    """Told every record: begins iteration t + 1 when step t is on record, below the run and above what is done then."""

    def __init__(self, spans: Spans, span: Span, iteration: ExitStack, *, depth: int, on_record: int) -> None:
        self._spans, self._span, self._iteration = spans, span, iteration
        self._depth, self._on_record = depth, on_record
        self._current: Span | None = None

    def watch(self, record: Record) -> None:
        """Records of the run itself come from its own thread; those of other threads are let pass."""
        match record:
            case Session(at=at, tier=tier):
                self._span.set_attributes({names.START: int(at.rpartition("#")[2]), names.TIER: tier})
            case Stepped(t=t):
                self._finish(record)
                if t < self._depth:
                    self._begin(t + 1)
            case Ended(how=how):
                self._span.set_attribute(names.OUTCOME, how)
            case _:
                pass

    def _begin(self, t: int) -> None:
        replayed = True if t < self._on_record else None
        self._current = self._iteration.enter_context(
            self._spans.span(f"iteration {t}", {names.ITERATION: t, names.REPLAYED: replayed})
        )

    def _finish(self, step: Stepped) -> None:
        if self._current is not None:
            self._current.set_attributes({
                names.IMPROVER: step.improver,
                names.ACCEPTED: step.accepted,
                names.VERDICT: step.verdict,
            })  # fmt: skip
        self._iteration.close()
        self._current = None
