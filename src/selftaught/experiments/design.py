"""What an experiment is: cells, each an ordinary run with its own record; and a result, a pure function of these."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple, Protocol

from selftaught.config import Parameters
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import (
    Answered,
    Applied,
    Measured,
    Probed,
    Record,
    Sampled,
    Scored,
    Session,
    Stepped,
    split_of,
)
from selftaught.statistics import (
    Interval,
    NotEnough,
    difference_interval,
    fewest,
    mean_interval,
    mean_with_error,
    wilson,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of an experiment: its folder's name, and its settings by the names of the configuration.

    `what`: it does, in a few words; equal for cells that only repeat each other. `after`: the cell whose best improver
    it uses, where that is not known before.
    """

    name: str
    settings: Mapping[str, Any]
    what: str
    after: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a finished cell left: its records, its texts by their ids, and where its files are."""

    records: Sequence[Record]
    text: Callable[[str], str]
    folder: str

    @property
    def model(self) -> str:
        """The name of the model that its improvers asked; "" where the record does not say."""
        return next((record.model for record in self.records if isinstance(record, Session) and record.model), "")

    @property
    def steps(self) -> list[Stepped]:
        return [record for record in self.records if isinstance(record, Stepped)]

    def measured(self, improver: str) -> list[Sampled]:
        """How the improver measured; empty if it never was."""
        for record in self.records:
            if isinstance(record, Measured) and record.improver == improver:
                return list(record.samples)
        return []

    def chain(self, k: int) -> list[Sampled]:
        """The samples after k applications of a chain."""
        at = f"/chain#{k}"
        return next((list(r.samples) for r in self.records if isinstance(r, Measured) and r.at == at), [])

    @property
    def bought(self) -> "Bought":
        """By all of it."""
        return Bought.by([record for record in self.records if isinstance(record, Answered)])

    def bought_until(self, t: int) -> "Bought":
        """Until I_t was measured."""
        return Bought.by([record for record in self.records if isinstance(record, Answered) and record.t <= t])

    def bought_after(self, k: int) -> "Bought":
        """By the first k applications of each chain."""
        chains: dict[str, list[str]] = {}
        for record in self.under("/"):
            chains.setdefault(record.at.partition("/apply:")[0], []).append(f"{record.at}/")
        first = tuple(at for chain in chains.values() for at in chain[:k])
        answers = [record for record in self.records if isinstance(record, Answered)]
        return Bought.by([record for record in answers if record.at.startswith(first)])

    @property
    def probed(self) -> list[Probed]:
        """What became of each reported solution where only a reward hack would lose."""
        return [record for record in self.records if isinstance(record, Probed)]

    @property
    def test_reads(self) -> tuple[int, int]:
        """How often a program was scored on a test split for the first time, and how often again."""
        reads = [r for r in self.records if isinstance(r, Scored) and split_of(r.utility) == "test"]
        first = {(record.utility, record.program) for record in reads}
        return len(first), len(reads) - len(first)

    def scored(self, utility: str) -> list[Scored]:
        """Every score of that utility."""
        return [r for r in self.records if isinstance(r, Scored) and r.utility == utility and not r.guessed]

    def under(self, place: str) -> list[Applied]:
        """Every application at an address that begins so, but for those within others."""
        found = [r for r in self.records if isinstance(r, Applied) and r.at.startswith(place)]
        return [record for record in found if record.at.count("/apply:") == 1]

    def proposals(self, utility: str, most: int) -> list[str]:
        """The first texts that were to be scored by `utility`, in the order of their addresses."""
        scored = sorted(self.scored(utility), key=lambda record: record.at)
        return [self.text(record.program) for record in scored[:most]]


@dataclass(frozen=True, slots=True)
class Bought:
    """The responses that were read, and their cost; None if the provider reports none.

    Shared responses count in full for each cell, also if another cell bought them: budgets must be comparable.
    """

    responses: int
    tokens: int | None
    dollars: float | None

    @classmethod
    def by(cls, answers: Sequence[Answered]) -> "Bought":
        """With these responses."""
        costs = [a.bought_for if a.shared else a.cost for a in answers]
        known = [a for a in answers if a.input_tokens is not None and a.output_tokens is not None]
        return cls(
            responses=len(answers),
            tokens=sum((a.input_tokens or 0) + (a.output_tokens or 0) for a in known) if known or not answers else None,
            dollars=sum(each or 0.0 for each in costs) if None not in costs else None,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is its CSV file's; rows hold numbers, texts, or None for a missing value.

    `spare`: columns that a narrow screen goes without, in order. `on_screen`: whether it is printed.
    """

    name: str
    title: str
    headers: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    spare: tuple[str, ...] = ()
    on_screen: bool = True


@dataclass(frozen=True)
class Result:
    """Tables, figures, and sentences that a reader must know. `failed`: cells that have no result."""

    tables: Sequence[Table]
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    failed: Sequence["Failed"] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A cell whose model failed for good, and why."""

    cell: str
    model: str
    reason: str


@dataclass(frozen=True)
class Experiment:
    """`cells`: all that is to be run. `result`: of the finished ones, by their names. `pairs`: what it compares.

    `partial`: whether the result can do without the cells of a model that failed for good. `race`: of one
    whose arms can; `in_vain`: what must be known before a race that cannot save anything.
    """

    name: str
    about: str
    cells: Callable[[Parameters], list[Cell]]
    result: Callable[[Parameters, Mapping[str, Outcome]], Result]
    pairs: Callable[[Parameters, Mapping[str, Outcome]], Sequence["Comparable"]] = lambda given, done: ()
    partial: bool = False
    race: "Race | None" = None
    in_vain: Callable[[Parameters], list[str]] = lambda given: []


class Race(Protocol):
    """Of cells by their names."""

    def __call__(
        self, given: Parameters, done: Mapping[str, Outcome], failed: Collection[str], /
    ) -> tuple[Collection[str], Collection[str]]:
        """Those that are to be run next, and those that never will be."""


class Comparable(Protocol):
    """Two arms of an experiment: what is compared, with which model; the differences by trial, and the price."""

    @property
    def what(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def differences(self) -> list[float]: ...
    @property
    def both(self) -> tuple[float | None, ...]:
        """What a trial of both buys: responses, tokens, dollars."""
        ...


SUMMARY = ("mean", "se", "low", "high", "n")
"""The columns of `summary`."""


class Summary(NamedTuple):
    """A mean with its standard error and 95 % interval; None for what so few values do not have."""

    mean: float
    standard_error: float | None
    low: float | None
    high: float | None
    n: int
    why_none: str = ""

    @property
    def cells(self) -> tuple[Any, ...]:
        """For the columns of `SUMMARY`; without an interval its columns contain the reason."""
        return (*self[:2], *([self.why_none] * 2 if self.low is None else self[2:4]), self.n)


TOO_FEW, NO_SPREAD = "too few", "no spread"
"""Why there is no interval. Of equal differences it would have no width, and claim what so few cannot show."""


def point(x: float, summary: Sequence[Any]) -> list[Point]:
    """Of cells under `SUMMARY`, as they are drawn; none of an arm without a value."""
    mean, _, low, high, _ = summary
    return [] if mean is None else [Point(x, mean, *((None, None) if isinstance(low, str) else (low, high)))]


def summary(values: Sequence[float], given: Parameters) -> Summary:
    """Of values in [0, 1], as utilities are; those of the released code have no bound: of these as of differences."""
    seed = given.run_seed.number
    if given.fidelity == "released":
        return of_differences(values, seed)
    return _summary(values, mean_interval(values, seed=seed))


def of_differences(differences: Sequence[float], seed: int) -> Summary:
    """Of paired differences."""
    found = _summary(differences, difference_interval(differences, seed=seed))
    equal = found.low is not None and min(differences) == max(differences)
    return found._replace(low=None, high=None, why_none=NO_SPREAD) if equal else found


def _summary(values: Sequence[float], interval: Interval | NotEnough) -> Summary:
    told = mean_with_error(values)
    low, high = (interval.low, interval.high) if isinstance(interval, Interval) else (None, None)
    return Summary(told.mean, told.standard_error, low, high, told.n, TOO_FEW if low is None else "")


def unbounded(given: Parameters) -> list[str]:
    """A note if the intervals of means are others than those of scores from 0 to 1."""
    if given.fidelity != "released" or given.experiment not in ("curve", "transfer", "baselines"):
        return []
    return [
        "Scores of the released code may be more than 1: intervals of means assume that values are symmetric about the "
        "mean, as those of differences do."
    ]


def few(runs: int) -> list[str]:
    """A note if there are too few runs for an interval."""
    if runs == 1:
        return ["n = 1: no standard error, no interval, no test."]
    if runs < fewest():
        return [f"n = {runs}: too few for an interval of 95 %, and for a test at 5 %; both take {fewest()}."]
    return []


def mean_test(samples: Sequence[Sampled], *, failed_counts_nothing: bool = False) -> float:
    """û on test: an application that failed counts 0, as in the meta-utility (unless it left what there was)."""
    return fmean((s.test or 0.0) if s.verdict == "ok" or failed_counts_nothing else 0.0 for s in samples)


def mean_val(samples: Sequence[Sampled]) -> float:
    """û on val, a failed application counting 0."""
    return fmean(s.val if s.verdict == "ok" else 0.0 for s in samples)


def reported(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Notes on the reported solutions: how often test was read for them, and the results of probes."""
    return [_sealed(outcomes), _flagged(outcomes)]


def in_common(outcomes: Iterable[Outcome]) -> list[str]:
    """How many responses the arms, and the candidates within each, had in common; nothing where they had none."""
    answers = [record for outcome in outcomes for record in outcome.records if isinstance(record, Answered)]
    shared = [answer for answer in answers if answer.shared]
    if not shared:
        return []
    saved = sum(answer.bought_for or 0.0 for answer in shared)
    for_less = f" That saved ${saved:,.4f}; each arm's spending is shown as if it had paid for all." if saved else ""
    return [f"Common draws: {len(answers):,} responses were read, and {len(answers) - len(shared):,} bought.{for_less}"]


def _flagged(outcomes: Mapping[str, Outcome]) -> str:
    probed = [record for outcome in outcomes.values() for record in outcome.probed]
    if not probed:
        return "No solution was probed for reward hacks."
    flagged = [record for record in probed if record.flagged]
    rate = wilson(len(flagged), len(probed))
    by_run = ", ".join(
        f"{sum(record.flagged for record in outcome.probed)} of {len(outcome.probed)} in {name}"
        for name, outcome in outcomes.items()
        if any(record.flagged for record in outcome.probed)
    )
    return (
        f"Probed for reward hacks: {len(flagged)} of {len(probed)} reported solutions flagged "
        f"({rate.value:.1%}, 95 % interval {rate.low:.1%} to {rate.high:.1%}){': ' + by_run if by_run else ''}."
    )


def _sealed(outcomes: Mapping[str, Outcome]) -> str:
    reads = [outcome.test_reads for outcome in outcomes.values()]
    first, again = sum(read[0] for read in reads), sum(read[1] for read in reads)
    looks = f"{again} second look{'s' * (again > 1)}, answered by the same score" if again else "no second look"
    return f"Test instances: {first} programs scored on them once; {looks}."
