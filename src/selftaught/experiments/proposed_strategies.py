"""Which strategies the improvers that finished runs proposed use, and what became of them (paper §6.1, App. B)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.design import Cell, Experiment, Outcome, Result, Table, mean_val
from selftaught.experiments.strategies import CIRCUMVENTIONS, RULES, strategies
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Applied
from selftaught.statistics import wilson

META = "meta-utility"
Labels = Callable[[str], frozenset[str] | None]
"""The labels of a program's text; None where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An improver that a run scored. `ran`: it made a program of some task, whatever that is worth.

    `gain`: its meta-utility less what the seed improver measured on val, where that is on record.
    """

    source: str
    ran: bool
    selected: bool
    gain: float | None


def by_rules(source: str) -> frozenset[str] | None:
    """The labels by the rules on the syntax tree."""
    found = strategies(source)
    return None if found is None else frozenset(found)


def proposals(outcome: Outcome) -> list[Proposal]:
    """Every distinct improver that a run's improvers had scored by the meta-utility."""
    seed = next((step.improver for step in outcome.steps if step.t == 0), "")
    selected = {step.improver for step in outcome.steps if step.t > 0 and step.accepted}
    measured = outcome.measured(seed)
    start = mean_val(measured) if measured else None
    applied = [(record.at, record.program) for record in outcome.records if isinstance(record, Applied)]
    found: dict[str, list[Proposal]] = {}
    for score in outcome.scored(META):
        if score.program == seed:
            continue
        ran = any(program is not None and at.startswith(f"{score.at}/") for at, program in applied)
        gain = score.value - start if start is not None else None
        proposal = Proposal(outcome.text(score.program), ran, score.program in selected, gain)
        found.setdefault(score.program, []).append(proposal)
    return [_one(several) for several in found.values()]


def _one(several: Sequence[Proposal]) -> Proposal:
    """Equal programs count once: it ran if it ever did; its gain is the mean over its draws."""
    gains = [proposal.gain for proposal in several if proposal.gain is not None]
    ran = any(proposal.ran for proposal in several)
    return Proposal(several[0].source, ran, several[0].selected, fmean(gains) if gains else None)


def result(given: Parameters, done: Mapping[str, Outcome], labels: Labels = by_rules) -> Result:
    """For each strategy: how often it was proposed, ran, was selected, and what it gained."""
    every = [proposal for outcome in done.values() for proposal in proposals(outcome)]
    labelled = [(proposal, labels(proposal.source)) for proposal in every]
    read = [found for _, found in labelled if found is not None]
    names = [*RULES, *sorted({name for _, found in labelled for name in found or ()} - set(RULES))]
    rows: list[tuple[object, ...]] = []
    points: list[Point] = []
    for place, name in enumerate(names):
        using = [proposal for proposal, found in labelled if found and name in found]
        gains = [proposal.gain for proposal in using if proposal.gain is not None]
        share = wilson(len(using), len(read)) if read else None
        kind = "circumvention" if name in CIRCUMVENTIONS else "strategy"
        rows.append((
            name, kind, len(using), sum(p.ran for p in using), sum(p.selected for p in using),
            fmean(gains) if gains else None, share and share.value, share and share.low, share and share.high,
        ))  # fmt: skip
        if share:
            points.append(Point(place, share.value, share.low, share.high))
    headers = ("strategy", "kind", "proposed", "ran", "selected", "mean gain", "share", "low", "high")
    notes = [
        f"{len(every)} distinct improvers proposed in {len(done)} run{'s' * (len(done) != 1)}; of "
        f"{len(every) - len(read)} {'the text does not parse' if labels is by_rules else 'the answer cannot be read'}, "
        "and they are in no share.",
        "Ran: made a program of some task. Gain: the meta-utility that it was selected by, less what the seed improver "
        "measured on val; no fresh draw.",
    ]
    figure = Figure("strategies", "Strategies of proposed improvers, with Wilson intervals", "strategy",
                    "share of proposals", {"": points}, tuple(names))  # fmt: skip
    return Result([Table("strategies", "What proposed improvers do", headers, rows)], [figure], notes)


def cells(given: Parameters) -> list[Cell]:
    """None: it reads runs that are there."""
    return []


STRATEGIES = Experiment("strategies", "§6: which strategies proposed improvers use", cells, result)
