"""Programs that ask a language model themselves: a prompt with what goes around it, a pipeline, an agent.

They get `language_model` after their arguments, as improvers do. Their requests are counted and capped out here, for
each call separately, and pass the recorder and the run's caps like an improver's own requests.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from selftaught.core.budget import Allowance, Meter
from selftaught.core.contracts import LanguageModel, Program
from selftaught.sandbox.contract import Improving, Value
from selftaught.sandbox.history import History
from selftaught.sandbox.machine import model_services

Call = TypeVar("Call")


@dataclass(frozen=True)
class Asks:
    """What a program may ask for in one call: model calls, and responses of each."""

    calls: int
    responses: int

    @property
    def allowance(self) -> Allowance:
        """The same as an improver has it."""
        return Allowance(self.calls, self.responses, 0)


class Questions:
    """Those of one program, from any of its threads. `renew`: the next call begins, with all of its budget."""

    def __init__(self, model: LanguageModel, asks: Asks, program: Program) -> None:
        self._model, self._asks, self._program = model, asks, program
        self.renew()

    def renew(self) -> None:
        """Not while a call is under way."""
        meter = Meter(self._asks.allowance, Lock())
        self._services = model_services(self._model, meter, History(self._program, Lock()))

    def before_each(self, calls: Iterable[Call]) -> Iterator[Call]:
        """The calls, which the sandbox takes one by one, renewed before each."""
        for call in calls:
            self.renew()
            yield call

    def improving(self) -> Improving:
        """The form in which the sandbox gets it."""
        facts = {
            "solution": True, "model_budget": self._asks.calls, "max_responses_per_call": self._asks.responses
        }  # fmt: skip
        return Improving(facts, {"prompt": self._prompt, "batch_prompt": self._batch_prompt})

    def _prompt(self, expertise: Value = None, message: Value = None, n: Value = 1, temperature: Value = 0.7) -> Value:
        return self._services["prompt"](expertise, message, n, temperature)

    def _batch_prompt(self, expertise: Value = None, messages: Value = None, temperature: Value = 0.7) -> Value:
        return self._services["batch_prompt"](expertise, messages, temperature)
