"""Which strategies the improvers that finished runs proposed use, and what became of them (paper §6.1, App. B)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Any

from selftaught.config import Parameters
from selftaught.experiments.design import Cell, Experiment, Outcome, Result, Table, mean_val
from selftaught.experiments.strategies import CIRCUMVENTIONS, RULES, circumventions, strategies
from selftaught.experiments.traces import Trace, traces_on_record
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import META_UTILITY, Applied
from selftaught.statistics import RESAMPLES, fisher_exact, holm, unpaired_test, wilson

Describe = Callable[["Proposal"], frozenset[str] | None]
"""The labels of a proposal; None where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An improver that a run scored. `ran`: it made a program for some task, good or bad.

    `run`: the folder of that run; `model`: proposed it, "" where the record does not say.
    `gain`: its meta-utility less what the seed improver measured on val, where that is on record. `traces`: of its
    first applications on record.
    """

    id: str
    source: str
    ran: bool
    selected: bool
    gain: float | None
    traces: tuple[Trace, ...] = ()
    run: str = ""
    model: str = ""


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
            outcome.folder,
            outcome.model,
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


def _counted(proposed: int, different: int, unknown: int, runs: int) -> str:
    where = f"in {runs} run{'s' * (runs != 1)}"
    if not proposed:
        return f"No improver was proposed {where}."
    told = f"{different} distinct improver{'s' * (different != 1)} proposed {where}"
    if different < proposed:
        told += f", {proposed} in all: one counts once in every run that proposed it"
    if not unknown:
        return f"{told}."
    return (
        f"{told}; of {unknown} nothing is known, since they never came to ask or score anything, or their labels "
        "cannot be read: they are in no share."
    )


def result(given: Parameters, done: Mapping[str, Outcome], describe: Describe = from_record) -> Result:
    """For each strategy, by the model that proposed: how often it was proposed, ran, was selected, and what it gained.

    Then what differs between the models, and each proposal.
    """
    labelled = [(proposal, describe(proposal)) for outcome in done.values() for proposal in proposals(outcome)]
    read = [(proposal, found) for proposal, found in labelled if found is not None]
    models = list(dict.fromkeys(proposal.model for proposal, _ in labelled)) or [""]
    of_model = {model: [pair for pair in read if pair[0].model == model] for model in models}
    headers = ("strategy", "kind", "model", "proposed", "ran", "selected", "mean gain", "share", "low", "high")
    rows = [_row(name, model, of_model[model]) for name in NAMES for model in models]
    notes = [
        _counted(len(labelled), len({one.id for one, _ in labelled}), len(labelled) - len(read), len(done)),
        "Ran: made a program of some task. Gain: the meta-utility that it was selected by, less what the seed improver "
        "measured on val; no fresh draw.",
    ]
    points = {
        model if len(models) > 1 else "": [
            Point(NAMES.index(name), share, low, high)
            for name, _, of, *_, share, low, high in rows
            if of == model and share is not None
        ]
        for model in models
    }
    figure = Figure("strategies", "Strategies of proposed improvers, with Wilson intervals", "strategy",
                    "share of proposals", points, NAMES)  # fmt: skip
    each = [
        (
            p.id[:12],
            p.model,
            p.ran,
            p.selected,
            p.gain,
            len(p.traces),
            None if found is None else ", ".join(sorted(found)),
        )
        for p, found in labelled
    ]
    by_whom = () if len(models) > 1 else ("model",)
    columns = ("improver", "model", "ran", "selected", "gain", "on record", "what it does")
    tables = [
        Table("strategies", "What proposed improvers do", headers, rows, ("kind", *by_whom)),
        Table("proposals", "Each of them", columns, each, ("on record", *by_whom)),
    ]
    if compared := _between(of_model, given.run_seed.number):
        title = (
            "Between models: shares of proposals; p is of Fisher's exact test, p (runs) of a permutation of the runs"
        )
        tables.insert(1, Table("between", title, _BETWEEN, compared))
        notes.append(
            "Proposals of one run are made of one another, and Fisher's test takes them to be independent: where p "
            "(runs), which compares the shares in whole runs, is far above p, or is not there, take more runs."
        )
    return Result(tables, [figure], notes)


NAMES = (*RULES, *CIRCUMVENTIONS)
_BETWEEN = ("strategy", "models", "first", "second", "difference", "p", "p (Holm)", "p (runs)")
Labelled = tuple[Proposal, frozenset[str]]


def _row(name: str, model: str, of_model: Sequence[Labelled]) -> tuple[Any, ...]:
    using = [proposal for proposal, found in of_model if name in found]
    gains = [proposal.gain for proposal in using if proposal.gain is not None]
    share = wilson(len(using), len(of_model)) if of_model else None
    kind = "circumvention" if name in CIRCUMVENTIONS else "strategy"
    return (
        name, kind, model, len(using), sum(p.ran for p in using), sum(p.selected for p in using),
        fmean(gains) if gains else None, share and share.value, share and share.low, share and share.high,
    )  # fmt: skip


def _between(of_model: Mapping[str, Sequence[Labelled]], seed: int) -> list[tuple[Any, ...]]:
    """A row for every strategy that some of two models' proposals follow and some do not, adjusted for all rows."""
    rows: list[tuple[Any, ...]] = []
    for (one, first), (other, second) in combinations(of_model.items(), 2):
        for name in NAMES:
            follow = [sum(name in found for _, found in labelled) for labelled in (first, second)]
            if not (first and second) or sum(follow) in (0, len(first) + len(second)):
                continue
            p = fisher_exact((follow[0], len(first)), (follow[1], len(second)))
            shares = follow[0] / len(first), follow[1] / len(second)
            by_run = [_shares_of_runs(name, labelled) for labelled in (first, second)]
            runs = unpaired_test(*by_run, seed=seed, resamples=RESAMPLES) if min(map(len, by_run)) > 1 else None
            rows.append((name, f"{one} → {other}", *shares, shares[1] - shares[0], p, runs))
    adjusted = holm([row[5] for row in rows]) if rows else []
    return [(*row[:6], p, row[6]) for row, p in zip(rows, adjusted, strict=True)]


def _shares_of_runs(name: str, labelled: Sequence[Labelled]) -> list[float]:
    by_run: dict[str, list[bool]] = defaultdict(list)
    for proposal, found in labelled:
        by_run[proposal.run].append(name in found)
    return [fmean(follow) for follow in by_run.values()]


def cells(given: Parameters) -> list[Cell]:
    """None: it reads runs that are there."""
    return []


STRATEGIES = Experiment("strategies", "§6: which strategies proposed improvers use", cells, result)
