"""How far arms have come when they have spent as much: in responses, in tokens and in dollars.

An improver that asks often for little and one that asks once for much cannot have equal budgets in all three at once.
So the record is read as it went: what an application would have handed over at each moment, the best program that it
had scored on val by then, against what had been bought for it. No run is made for this, and no budget is preferred.
An improver that knew it would be cut off might have gone another way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import PRICE, Arm, Pair, paired_rows
from selftaught.experiments.design import Bought, Outcome, Table
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Answered, Applied, Sampled, Scored, split_of

SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Of the most that any arm spent on one application, on the average."""


@dataclass
class Course:
    """One application: what stood when how much was bought, in the order of the record, and what it handed over."""

    begun: float
    handed_over: float
    answers: list[Answered] = field(default_factory=list)
    stood: list[tuple[int, float]] = field(default_factory=list)
    """(responses until then, the best score on val so far)"""

    def at(self, currency: str, budget: float) -> float | None:
        """The score on val of what it would have handed over for so much; None where its price is not known."""
        total = getattr(Bought.by(self.answers), currency)
        if total is None:
            return None
        if total <= budget:
            return self.handed_over
        best = self.begun
        for count, value in self.stood:
            if getattr(Bought.by(self.answers[:count]), currency) <= budget:
                best = max(best, value)
        return best

    def spent(self, currency: str) -> float | None:
        """In all."""
        total: float | None = getattr(Bought.by(self.answers), currency)
        return total


def courses(outcome: Outcome) -> list[Course]:
    """Of a chain of one application for each task."""
    places = [record.at for record in outcome.under("/") if isinstance(record, Applied)]
    samples = {_place(n): pair for n, pair in enumerate(zip(outcome.chain(0), outcome.chain(1), strict=True))}
    found = {at: Course(*_ends(*samples[at.partition("/apply:")[0]])) for at in places}
    for record in outcome.records:
        if not isinstance(record, (Answered, Scored)):
            continue
        course = next((course for at, course in found.items() if record.at.startswith(f"{at}/")), None)
        if course is None:
            continue
        if isinstance(record, Answered):
            course.answers.append(record)
        elif split_of(record.utility) == "val" and not record.guessed:
            course.stood.append((len(course.answers), record.value))
    return list(found.values())


def _place(number: int) -> str:
    return f"/{number}"


def _ends(before: Sampled, after: Sampled) -> tuple[float, float]:
    return before.val, after.val if after.verdict == "ok" else 0.0


def by_budget(
    given: Parameters, arms: Mapping[tuple[str, str], Sequence[tuple[int, Outcome]]], against: str
) -> tuple[list[Table], list[Figure]]:
    """For each currency that is known of some arm: scores by budget, and their paired differences from `against`.

    `arms`: by (improver, model), the trials with their numbers.
    """
    ways = {name: {number: courses(outcome) for number, outcome in trials} for name, trials in arms.items() if trials}
    tables: list[Table] = []
    figures: list[Figure] = []
    rows: list[tuple[object, ...]] = []
    for currency in PRICE:
        most = max((_spent(trials, currency) or 0.0 for trials in ways.values()), default=0.0)
        if not most:
            continue
        budgets = [_rounded(most * share, currency) for share in SHARES]
        budgets = list(dict.fromkeys(budget for budget in budgets if budget))
        standing = {budget: _standing(ways, currency, budget) for budget in budgets}
        named = [name for name in ways if any(standing[budget][name].scores for budget in budgets)]
        means = [(*name, *(_mean(standing[budget][name]) for budget in budgets)) for name in named]
        title = f"Score on val against spending: what each would have handed over for so many {currency}"
        tables.append(
            Table(f"by-{currency}", title, ("improver", "model", *(_shown(one, currency) for one in budgets)), means)
        )
        for budget in budgets:
            rows += [(currency, budget, *row) for row in paired_rows(given, _pairs(standing[budget], named, against))]
        figures.append(_figure(currency, budgets, named, standing))
    headers = ("currency", "budget", "compared", "model", "difference", "low", "high", "n", "p", "p (Holm)")
    if rows:
        told = "Paired differences on val at equal spending; p after Holm for each budget"
        tables.append(Table("equal-spending", told, headers, rows, on_screen=False))
    return tables, figures


def _spent(trials: Mapping[int, Sequence[Course]], currency: str) -> float | None:
    each = [course.spent(currency) for ways in trials.values() for course in ways]
    known = [one for one in each if one is not None]
    return fmean(known) if known and len(known) == len(each) else None


def _standing(
    ways: Mapping[tuple[str, str], Mapping[int, Sequence[Course]]], currency: str, budget: float
) -> dict[tuple[str, str], Arm]:
    """Each arm where every application has spent so much, or ended before."""
    found = {}
    for name, trials in ways.items():
        scores = {}
        for number, each in trials.items():
            values = [course.at(currency, budget) for course in each]
            known = [value for value in values if value is not None]
            if known and len(known) == len(values):
                scores[number] = fmean(known)
        found[name] = Arm(scores)
    return found


def _pairs(standing: Mapping[tuple[str, str], Arm], named: Sequence[tuple[str, str]], against: str) -> list[Pair]:
    return [
        Pair(f"{against} → {improver}", model, standing[against, model], standing[improver, model])
        for improver, model in named
        if improver != against and (against, model) in standing
    ]


def _figure(
    currency: str,
    budgets: Sequence[float],
    named: Sequence[tuple[str, str]],
    standing: Mapping[float, Mapping[tuple[str, str], Arm]],
) -> Figure:
    several = len({model for _, model in named}) > 1
    lines = {
        f"{improver}, {model}" if several else improver: [
            Point(budget, mean) for budget in budgets if (mean := _mean(standing[budget][improver, model])) is not None
        ]
        for improver, model in named
    }
    title = f"Score against spending, for each application, in {currency}"
    return Figure(f"by-{currency}", title, currency, "score on val", lines)


def _mean(arm: Arm) -> float | None:
    return fmean(arm.scores.values()) if arm.scores else None


def _rounded(budget: float, currency: str) -> float:
    """To a number that can be read: whole responses and tokens, three digits of dollars."""
    return float(f"{budget:.3g}") if currency == "dollars" else float(round(budget))


def _shown(budget: float, currency: str) -> str:
    return f"${budget:g}" if currency == "dollars" else f"{budget:,.0f}"


NOTE = (
    "Against spending: the best on val that had been scored by then, and at the end what was handed over; on val, "
    "since test is read for what was handed over alone. An arm that ended earlier stays where it was."
)
