"""The wrappers of the real model, utilities and improvers, and their order: laws 5 and 6 of docs/architecture.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selftaught.core.contracts import Apply, LanguageModel, Program, Utility
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.common_draws import Sharing
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

    A request passes, from the outside in: recorder, with the common draws → gate → tracing → caps → the
    real model. The outermost, the meter, is in `Machine`: a guest is charged for what the record answers,
    or another improver bought, too.
    """

    recorder: Recorder
    gate: Gate
    run_budget: RunBudget
    tracing: "Tracing | None" = None
    sharing: Sharing | None = None
    guesses: Ahead | None = None
    guesses_of_improvers: Ahead | None = None

    def model(self, priced: PricedModel, role: str) -> LanguageModel:
        """For one role: improver or solution."""
        paid: LanguageModel = PaidModel(priced.model, priced.tariff, self.run_budget)
        if self.tracing:
            most = priced.tariff.most_output_tokens
            paid = self.tracing.model(paid, priced.name, role, server=priced.server, max_output_tokens=most)
        gated = GatedModel(paid, self.gate)
        return RecordedModel(gated, self.recorder, thread_map, role, priced.together, self.sharing)

    def utility(self, utility: Utility, *, alike: Callable[[Program, Program], bool] | None = None) -> RecordedUtility:
        """A task's. A utility that asks for work which passes through the stack itself is `meta_utility`.

        `alike`: as in `RecordedUtility`.
        """
        gated = GatedUtility(self._traced(utility), self.gate)
        return RecordedUtility(gated, self.recorder, guesses=self.guesses, guessed=utility, alike=alike)

    def meta_utility(self, utility: Utility) -> Utility:
        """The applications and scores in it are gated each; those that it scores are compared with each other."""
        traced = self._traced(utility)
        return RecordedUtility(traced, self.recorder, compares=True, guesses=self.guesses_of_improvers)

    def apply(self, apply: Apply) -> Apply:
        """The way to apply an improver."""
        return RecordedApply(self.tracing.apply(apply) if self.tracing else apply, self.recorder)

    def _traced(self, utility: Utility) -> Utility:
        return self.tracing.utility(utility) if self.tracing else utility
