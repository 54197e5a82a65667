"""What an improver holds: `utility` and `language_model`, exactly the paper's; beside them `batch` and `feedback`.

Counters here are for the improver to read. Those that bind are kept outside, where nothing it does can reach.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Asking = Callable[..., Any]


TOO_MANY_PROCESSES = "too many processes: a program is one process"


class BudgetExceeded(Exception):
    """More was asked for than the budget allows; nothing was done, and nothing more was spent."""


class BadRequest(ValueError):
    """The request has the wrong type or range; nothing was done."""


ERRORS: dict[str, type[Exception]] = {"BudgetExceeded": BudgetExceeded, "BadRequest": BadRequest}


class Utility:
    """Scores a program's text: `utility(program) -> float`. Over the budget it answers 0.0.

    `use_sandbox` is in the paper's study of sandboxes (§6.2). Here it is a request only: whatever it says, the program
    runs in the sandbox; that it was asked to leave it is counted outside.
    """

    def __init__(self, ask: Asking, facts: dict[str, Any]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self.str: str = facts["utility_str"]
        self.budget: int = facts["utility_budget"]
        self._tells: bool = facts.get("feedback", True)
        self.uses = 0

    def __call__(self, program: str, use_sandbox: bool = True) -> float:
        with _counted(self, "uses", 1):
            return float(self._ask("utility", program, *([] if use_sandbox else [False])))

    def batch(self, programs: Sequence[str]) -> list[float]:
        """Score several programs at the same time, in order; each costs one call."""
        programs = list(programs)
        with _counted(self, "uses", len(programs)):
            return [float(score) for score in self._ask("utility_batch", programs)]

    def feedback(self, program: str) -> str:
        """Why a program that was scored has its score, in words; free. Empty in a run without feedback."""
        return str(self._ask("utility_feedback", program)) if self._tells else ""


class LanguageModel:
    """Answers prompts. Over the budget it raises BudgetExceeded."""

    def __init__(self, ask: Asking, facts: dict[str, Any]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self.budget: int = facts["model_budget"]
        self.max_responses_per_call: int = facts["max_responses_per_call"]
        self.times_used = 0

    def prompt(
        self, expertise: str, message: str, n_responses: int = 1, temperature: float | Sequence[float] = 0.7
    ) -> list[str]:
        """`n_responses` independent responses to one message; one call of the budget."""
        return self._sample(1, "prompt", expertise, message, n_responses, temperature)

    def batch_prompt(
        self, expertise: str, message_batch: Sequence[str], temperature: float | Sequence[float] = 0.7
    ) -> list[str]:
        """One response to each message, in order, all asked at once; one call of the budget, none for no message.

        `temperature`: one for all of them, or a list with one for each.
        """
        messages = list(message_batch)
        return self._sample(min(1, len(messages)), "batch_prompt", expertise, messages, temperature)

    def _sample(self, calls: int, service: str, *arguments: Any) -> list[str]:
        with _counted(self, "times_used", calls):
            return list(self._ask(service, *arguments))


@contextmanager
def _counted(service: Utility | LanguageModel, counter: str, calls: int) -> Iterator[None]:
    """Calls under way count; those that were refused do not."""
    with service._lock:
        vars(service)[counter] += calls
    try:
        yield
    except (BudgetExceeded, BadRequest):
        with service._lock:
            vars(service)[counter] -= calls
        raise
