"""What stands around the real model, utilities and improvers, in one order: laws 5 and 6 of docs/architecture.md."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selftaught.core.contracts import Apply, LanguageModel, Utility
from selftaught.middleware.gate import Gate, GatedModel, GatedUtility
from selftaught.middleware.recorded import RecordedApply, RecordedModel, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.run_budget import PaidModel, RunBudget
from selftaught.middleware.threads import thread_map
from selftaught.wiring.models import PricedModel

if TYPE_CHECKING:  # imported only when a run is to be traced
    from selftaught.middleware.tracing.run import Tracing


@dataclass(frozen=True)
class Stack:
    """The wrappers around the real model, utility and way to apply, in the order of laws 5 and 6.

    What is asked goes, from the outside in: recorder → gate → tracing → caps → the real thing. The meter, which is the
    outermost, stands in `Machine`: a guest is charged for what the record answers, too.
    """

    recorder: Recorder
    gate: Gate
    run_budget: RunBudget
    tracing: "Tracing | None" = None

    def model(self, priced: PricedModel, role: str) -> LanguageModel:
        """For one role: improver or solution."""
        paid: LanguageModel = PaidModel(priced.model, priced.tariff, self.run_budget)
        if self.tracing:
            most = priced.tariff.most_output_tokens
            paid = self.tracing.model(paid, priced.name, role, server=priced.server, max_output_tokens=most)
        return RecordedModel(GatedModel(paid, self.gate), self.recorder, thread_map, role, priced.together)

    def utility(self, utility: Utility) -> RecordedUtility:
        """A task's. A utility that asks for work which passes through the stack itself is `meta_utility`."""
        return RecordedUtility(GatedUtility(self._traced(utility), self.gate), self.recorder)

    def meta_utility(self, utility: Utility) -> Utility:
        """The applications and scores in it are gated each."""
        return RecordedUtility(self._traced(utility), self.recorder)

    def apply(self, apply: Apply) -> Apply:
        """The way to apply an improver."""
        return RecordedApply(self.tracing.apply(apply) if self.tracing else apply, self.recorder)

    def _traced(self, utility: Utility) -> Utility:
        return self.tracing.utility(utility) if self.tracing else utility
