"""Which strategies the improvers that finished runs proposed use, and what became of them (paper §6.1, App. B)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.design import Cell, Experiment, Outcome, Result, Table, mean_val
from selftaught.experiments.strategies import CIRCUMVENTIONS, RULES, circumventions, strategies
from selftaught.experiments.traces import Trace, traces_on_record
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import META_UTILITY, Applied
from selftaught.statistics import wilson

Describe = Callable[["Proposal"], frozenset[str] | None]
"""The labels of a proposal; None where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An improver that a run scored. `ran`: it made a program of some task, whatever that is worth.

    `gain`: its meta-utility less what the seed improver measured on val, where that is on record. `traces`: of its
    first applications on record.
    """

    id: str
    source: str
    ran: bool
    selected: bool
    gain: float | None
    traces: tuple[Trace, ...] = ()


def by_rules(source: str, traces: Sequence[Trace]) -> frozenset[str] | None:
    """The labels by the rules on what it did; None if it never did anything."""
    if not any(trace.events or trace.returned for trace in traces):
        return None
    return frozenset(strategies(traces)) | frozenset(circumventions(source, traces))


def proposals(outcome: Outcome) -> list[Proposal]:
    """Every distinct improver that a run's improvers had scored by the meta-utility."""
    seed = next((step.improver for step in outcome.steps if step.t == 0), "")
    selected = {step.improver for step in outcome.steps if step.t > 0 and step.accepted}
    measured = outcome.measured(seed)
    start = mean_val(measured) if measured else None
    applied = [(record.at, record.program) for record in outcome.records if isinstance(record, Applied)]
    traces = traces_on_record(outcome.records, outcome.text)
    found: dict[str, list[Proposal]] = {}
    for score in outcome.scored(META_UTILITY):
        if score.program == seed:
            continue
        ran = any(program is not None and at.startswith(f"{score.at}/") for at, program in applied)
        gain = score.value - start if start is not None else None
        proposal = Proposal(
            score.program,
            outcome.text(score.program),
            ran,
            score.program in selected,
            gain,
            tuple(traces.get(score.program, ())),
        )
        found.setdefault(score.program, []).append(proposal)
    return [_one(several) for several in found.values()]


def _one(several: Sequence[Proposal]) -> Proposal:
    """Equal programs count once: it ran if it ever did; its gain is the mean over its draws."""
    gains = [proposal.gain for proposal in several if proposal.gain is not None]
    ran = any(proposal.ran for proposal in several)
    return replace(several[0], ran=ran, gain=fmean(gains) if gains else None)


def from_record(proposal: Proposal) -> frozenset[str] | None:
    """The labels by the rules on what is on record alone."""
    return by_rules(proposal.source, proposal.traces)


def result(given: Parameters, done: Mapping[str, Outcome], describe: Describe = from_record) -> Result:
    """For each strategy: how often it was proposed, ran, was selected, and what it gained; then each proposal."""
    every = [proposal for outcome in done.values() for proposal in proposals(outcome)]
    labelled = [(proposal, describe(proposal)) for proposal in every]
    read = [found for _, found in labelled if found is not None]
    names = [*RULES, *CIRCUMVENTIONS]
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
        f"{len(every) - len(read)} nothing is known, since they never came to ask or score anything, or their labels "
        "cannot be read: they are in no share.",
        "Ran: made a program of some task. Gain: the meta-utility that it was selected by, less what the seed improver "
        "measured on val; no fresh draw.",
    ]
    figure = Figure("strategies", "Strategies of proposed improvers, with Wilson intervals", "strategy",
                    "share of proposals", {"": points}, tuple(names))  # fmt: skip
    each = [
        (p.id[:12], p.ran, p.selected, p.gain, len(p.traces), ", ".join(sorted(found)) if found is not None else None)
        for p, found in labelled
    ]
    tables = [
        Table("strategies", "What proposed improvers do", headers, rows),
        Table("proposals", "Each of them", ("improver", "ran", "selected", "gain", "on record", "what it does"), each),
    ]
    return Result(tables, [figure], notes)


def cells(given: Parameters) -> list[Cell]:
    """None: it reads runs that are there."""
    return []


STRATEGIES = Experiment("strategies", "§6: which strategies proposed improvers use", cells, result)
