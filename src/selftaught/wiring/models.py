"""The language models of a run: one for each role, their costs, and the recorded spending."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import msgspec

from selftaught.core.contracts import LanguageModel
from selftaught.core.money import NOTHING, Amount, Tariff
from selftaught.core.work import IMPROVER
from selftaught.middleware.recorder import note_failed_attempt
from selftaught.middleware.run_budget import attempt_failed
from selftaught.models.served.retrying import FailedAttempt
from selftaught.models.waiting import Waiting
from selftaught.runs.records import PROGRAM, Answered, Number, Tried
from selftaught.runs.store import Store


def failed_attempt(attempt: FailedAttempt) -> None:
    """How every model reports a failed attempt: it is settled and recorded at the address of the attempt."""

    def note(cost: Amount) -> None:
        note_failed_attempt(attempt.error, attempt.seconds, attempt.wait_seconds, cost, attempt.kind)

    attempt_failed(note, billed=attempt.billed)


@runtime_checkable
class Preparing(Protocol):
    """A model that takes a while before it can be asked: the seconds that the import of an SDK takes."""

    def prepare(self) -> None:
        """Begin with that, and return at once. Raises nothing."""


@dataclass(frozen=True)
class PricedModel:
    """One model as a run uses it. `server`: the URL at which it is served, if it is."""

    model: LanguageModel
    name: str
    tariff: Tariff
    together: int = 1
    server: str | None = None


class _Bought(msgspec.Struct):
    """As much of an `Answered` as tells what it cost."""

    prompt: str
    input_tokens: int | None
    output_tokens: int | None
    role: str = ""
    cost: Number | None = None
    follows: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Models:
    """One for improving improvers, one for improving solutions: often the same.

    `waiting`: what their calls wait for. `program`: for programs that ask a model, if it is another one.
    """

    improver: PricedModel
    solution: PricedModel
    waiting: Waiting = field(default_factory=Waiting, compare=False)
    program: PricedModel | None = None

    @property
    def asked(self) -> PricedModel:
        """The one that programs ask."""
        return self.program or self.solution

    @classmethod
    def only(cls, model: LanguageModel, name: str) -> "Models":
        """One for both, which costs nothing."""
        priced = PricedModel(model, name, Tariff())
        return cls(priced, priced)

    @property
    def name(self) -> str:
        """For people and the record."""
        asked = f", {self.program.name} for programs that ask" if self.program else ""
        if self.improver.name == self.solution.name:
            return self.solution.name + asked
        return f"{self.improver.name} for improvers, {self.solution.name} for solutions{asked}"

    def prepare(self) -> None:
        """Let them get ready while a run begins."""
        both = {id(model): model for model in (self.improver.model, self.solution.model)}  # often the same
        for model in both.values():
            if isinstance(model, Preparing):
                model.prepare()

    def spent(self, store: Store) -> Amount:
        """By all starts so far. A response with unknown tokens counts at its maximum, as it did then."""
        total = NOTHING
        for tried in store.parts(Tried, Tried):
            total += Amount(tried.calls, tried.tokens, tried.cost)
        for bought in store.parts(Answered, _Bought):
            if not bought.shared:
                total += Amount(int(not bought.follows), self._tokens(bought, store), bought.cost or 0.0)
        return total

    def _tokens(self, answered: "_Bought", store: Store) -> int:
        if answered.input_tokens is not None and answered.output_tokens is not None:
            return answered.input_tokens + answered.output_tokens
        tariff = {IMPROVER: self.improver, PROGRAM: self.asked}.get(answered.role, self.solution).tariff
        prompt_bytes = len(store.text(answered.prompt).encode("utf-8", "surrogatepass"))
        return tariff.most(prompt_bytes).tokens if tariff.counts_tokens else 0
