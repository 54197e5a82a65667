"""What an experiment can cost, and is expected to, cell by cell, before anything is spent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from selftaught.config import Parameters
from selftaught.core.money import Amount
from selftaught.experiments.conducting import EXPERIMENTS, Choose, inputs_of
from selftaught.experiments.design import Cell, Outcome
from selftaught.experiments.labels import question
from selftaught.experiments.proposed_strategies import proposals
from selftaught.experiments.shared_inputs import SharedInputs
from selftaught.experiments.suite_version import REFERENCE
from selftaught.middleware.gate import Gate
from selftaught.wiring.forecast import forecast
from selftaught.wiring.models import Models


@dataclass(frozen=True, slots=True)
class Planned:
    """What one model is asked by cells that only repeat each other: how many those are, and all of them together.

    `dollars` of both amounts are 0 where the model has no price.
    """

    what: str
    model: str
    runs: int
    model_calls: int
    most: Amount
    expected: Amount
    priced: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`finished`: runs that are on record already. `left`: those that are not, and `parts` what they will ask.

    `in_common`: responses of these that several arms certainly ask alike, and so are bought once; None where that was
    not looked at.
    """

    finished: int
    left: int
    parts: tuple[Planned, ...]
    in_common: int | None = None

    @property
    def total(self) -> Planned:
        """All parts together."""
        most = sum((part.most for part in self.parts), Amount())
        expected = sum((part.expected for part in self.parts), Amount())
        calls, priced = sum(part.model_calls for part in self.parts), all(part.priced for part in self.parts)
        return Planned("all together", "", self.left, calls, most, expected, priced)


def plan(given: Parameters, shared_inputs: SharedInputs, choose: Choose, done: Collection[str] = ()) -> Plan:
    """From the parameters alone; nothing is asked of a model. `done`: names of the cells that are finished.

    A cell that uses an improver which another cell will make is taken to use all the calls that it may.
    """
    cells = EXPERIMENTS[given.experiment].cells(given)
    alike: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.name not in done:
            alike.setdefault((cell.what, str(cell.settings["model"])), []).append(cell)
    found = [part for group in alike.values() for part in _parts(group, shared_inputs, choose)]
    finished = sum(cell.name in done for cell in cells)
    return Plan(finished, len(cells) - finished, tuple(found))


_LABELS_TOKENS, _REHEARSAL_CHARACTERS = 200, 5_000
"""Of the list that answers a question; and about what a question tells of a rehearsal, where a proposal never ran."""


def plan_of_labels(outcomes: Mapping[str, Outcome], labeller: Models | None) -> Plan:
    """Of reading what finished runs proposed: without a model that labels it, it costs nothing."""
    if labeller is None:
        return Plan(len(outcomes), 0, ())
    every = [proposal for outcome in outcomes.values() for proposal in proposals(outcome)]
    shown = [len(question(one.source, one.traces)) + _REHEARSAL_CHARACTERS * (not one.traces) for one in every]
    read, tariff = sum(shown) // 4, labeller.improver.tariff
    written = _LABELS_TOKENS * len(every)
    likely = tariff.price.dollars(read, written) if tariff.price else 0.0
    asked = Amount(len(every), read + written if tariff.counts_tokens else 0, likely)
    labels = Planned("label proposals", labeller.improver.name, 1, len(every), asked, asked, tariff.price is not None)
    return Plan(len(outcomes), 0, (labels,))


def _parts(group: Sequence[Cell], shared_inputs: SharedInputs, choose: Choose) -> list[Planned]:
    """Of cells that are alike one is looked at: the others differ in their seeds."""
    first, runs = group[0], len(group)
    if first.what == REFERENCE:
        return [Planned(first.what, "", runs, 0, Amount(), Amount(), priced=True)]
    inputs = inputs_of(first, shared_inputs)
    shares = forecast(inputs, choose(inputs, Gate())[0], unknown_improver=bool(first.after)).shares
    found = []
    for model in dict.fromkeys(share.model for share in shares):
        of_it = [share for share in shares if share.model == model]
        most, expected = (
            sum((getattr(share, name) for share in of_it), Amount()) * runs for name in ("most", "expected")
        )
        calls, priced = sum(share.model_calls for share in of_it), all(share.priced for share in of_it)
        found.append(Planned(first.what, model, runs, runs * calls, most, expected, priced))
    return found
