"""What one application of an improver may spend, and the gates that hold it to that.

The counters here bind. What a guest holds is a copy to read.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from selftaught.core.contracts import Completion, LanguageModel, Program, Prompt, Score
from selftaught.core.errors import BudgetExceeded


@dataclass(frozen=True, slots=True)
class Allowance:
    """Limits for ONE application of an improver. Defaults: the released code's config.py (n = 6, m = 4)."""

    model_calls: int = 4
    responses_per_call: int = 6
    utility_calls: int = 25


@dataclass
class Meter:
    """Counts one application's spending. `lock` makes it safe for the concurrent requests of one guest."""

    allowance: Allowance
    lock: AbstractContextManager[object]
    model_calls: int = field(default=0, init=False)
    responses: int = field(default=0, init=False)
    utility_calls: int = field(default=0, init=False)
    unsandboxed: int = field(default=0, init=False)

    def charge_model(self, responses: int) -> None:
        """Count one call of `responses` responses. Raises BudgetExceeded, and counts nothing, if it is too much."""
        most = self.allowance.responses_per_call
        if responses > most:
            raise BudgetExceeded(f"{responses} responses asked for in one call; the most is {most}")
        with self.lock:
            if self.model_calls >= self.allowance.model_calls:
                raise BudgetExceeded(f"all {self.allowance.model_calls} language model calls are spent")
            self.model_calls += 1
            self.responses += responses

    def count_unsandboxed(self) -> None:
        """Count a request to score a program outside of the sandbox, which is scored inside (paper §6.2)."""
        with self.lock:
            self.unsandboxed += 1

    def charge_utility(self, calls: int) -> int:
        """Count up to `calls` calls; the number that was still allowed."""
        with self.lock:
            allowed = min(calls, self.allowance.utility_calls - self.utility_calls)
            self.utility_calls += allowed
            return allowed


def ask(model: LanguageModel, meter: Meter, prompts: Sequence[Prompt]) -> list[Completion]:
    """One metered call. No prompts cost nothing. Raises BudgetExceeded."""
    if not prompts:
        return []
    meter.charge_model(len(prompts))
    return model(prompts)


def score(utility: Callable[[Program], Score], meter: Meter, program: Program) -> Score:
    """One metered call; over the budget 0.0, as in the paper (Fig. A.20)."""
    return utility(program) if meter.charge_utility(1) else Score(0.0, note="over the utility budget")
