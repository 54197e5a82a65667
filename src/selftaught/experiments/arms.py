"""What is compared, pair by pair: scores in the same trials, on the same instances, and what each cost.

A trial has one seed for all models and improvers that are compared in it: so instances are the same, and
differences are taken within trials. Of a model that failed for good there are fewer trials, or none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil, log2
from statistics import fmean
from typing import Any

from selftaught.config import Parameters
from selftaught.experiments.design import SUMMARY, Bought, Comparable, Outcome, Table, of_differences, summary
from selftaught.runs.records import Sampled
from selftaught.statistics import CONFIDENCE, fewest, holm, permutation_test, repeats_needed, smallest_paired_p

PRICE = ("responses", "tokens", "dollars")
"""The columns of `Arm.price`: of one trial."""
NO_SUMMARY = (None,) * (len(SUMMARY) - 1) + (0,)


@dataclass(frozen=True)
class Arm:
    """Its score in each trial that has one, what each of these bought, and how many applications failed in all."""

    scores: Mapping[int, float] = field(default_factory=dict)
    bought: Mapping[int, Bought] = field(default_factory=dict)
    failed: int = 0

    @property
    def price(self) -> tuple[float | None, ...]:
        """Of one trial, on the average: responses, tokens, dollars; None where one of them is not known."""
        return tuple(_mean([getattr(one, name) for one in self.bought.values()]) for name in PRICE)

    def summary(self, given: Parameters) -> tuple[Any, ...]:
        """Under the columns of `SUMMARY`; of an arm without a trial, nothing."""
        return summary(list(self.scores.values()), given).cells if self.scores else NO_SUMMARY


def arm(
    given: Parameters,
    done: Mapping[str, Outcome],
    name: Callable[[int], str],
    score: Callable[[Outcome], float],
    *,
    bought: Callable[[Outcome], Bought] = lambda outcome: outcome.bought,
    samples: Callable[[Outcome], Sequence[Sampled]] = lambda outcome: (),
) -> Arm:
    """Of the cells called `name(number)`, as far as they are finished. `samples`: those whose failures are counted."""
    found = {number: done[name(number)] for number in range(given.trials) if name(number) in done}
    failed = sum(sample.verdict != "ok" for outcome in found.values() for sample in samples(outcome))
    return Arm(
        {number: score(outcome) for number, outcome in found.items()},
        {number: bought(outcome) for number, outcome in found.items()},
        failed,
    )


@dataclass(frozen=True)
class Pair:
    """Two arms. `what`: is compared, as in "seed → greedy"; `model`: with which model, or from which to which."""

    what: str
    model: str
    first: Arm
    second: Arm

    @property
    def trials(self) -> list[int]:
        """Those that both have."""
        return sorted(self.first.scores.keys() & self.second.scores.keys())

    @property
    def differences(self) -> list[float]:
        """Within each trial: the second less the first."""
        return [self.second.scores[number] - self.first.scores[number] for number in self.trials]

    @property
    def dearer(self) -> tuple[float | None, ...]:
        """What the second spends more than the first, in one trial on the average."""
        found = []
        for name in PRICE:
            pairs = [(getattr(self.first.bought[n], name), getattr(self.second.bought[n], name)) for n in self.trials]
            found.append(_mean([None if None in pair else pair[1] - pair[0] for pair in pairs]))
        return tuple(found)

    @property
    def both(self) -> tuple[float | None, ...]:
        """What a trial of both buys, on the average."""
        return tuple(
            None if one is None or other is None else one + other
            for one, other in zip(self.first.price, self.second.price, strict=True)
        )


def between_models(what: str, arms: Mapping[str, Arm]) -> list[Pair]:
    """Every two of the models, in the order of the arms."""
    return [Pair(what, f"{a} → {b}", arms[a], arms[b]) for a, b in combinations(arms, 2)]


DIFFERENCES = (
    "compared", "model", "difference", "low", "high", "n", "p", "p (Holm)", "least p",
    *(f"+{name}" for name in PRICE), "trials needed",
)  # fmt: skip


def differences(given: Parameters, pairs: Sequence[Pair]) -> list[Table]:
    """A table, where there is anything to compare. p is of a permutation test, and after Holm for all of the table."""
    if not pairs or given.trials < 2:
        return []
    rows = []
    for pair, row in zip(pairs, paired_rows(given, pairs), strict=True):
        tested = len(pair.trials) > 1
        least = permutation_test(pair.differences, seed=given.run_seed.number).smallest_p if tested else None
        needed = repeats_needed(given.effect, pair.differences) if tested else None
        rows.append((*row, least, *pair.dearer, needed))
    title = (
        f"Paired differences, on the same instances; + what the second spends more, by trial; trials needed to see "
        f"{given.effect:g} (power 80 %)"
    )
    return [Table("differences", title, DIFFERENCES, rows)]


def paired_rows(given: Parameters, pairs: Sequence[Pair]) -> list[tuple[object, ...]]:
    """What is compared, its model, mean difference, interval, n, p, and p after Holm for all of these rows."""
    seed = given.run_seed.number
    tests = {n: permutation_test(pair.differences, seed=seed).p for n, pair in enumerate(pairs) if pair.trials}
    corrected = dict(zip(tests, holm(list(tests.values())), strict=True)) if tests else {}
    rows: list[tuple[object, ...]] = []
    for n, pair in enumerate(pairs):
        if n not in tests:
            rows.append((pair.what, pair.model, None, None, None, 0, None, None))
            continue
        mean, _, low, high, count = of_differences(pair.differences, seed).cells
        rows.append((pair.what, pair.model, mean, low, high, count, tests[n], corrected[n]))
    return rows


def out_of_reach(pairs: Sequence[Comparable]) -> list[str]:
    """A note if no p could be below 5 % beside so many others, whatever had come out."""
    compared = [len(pair.differences) for pair in pairs if pair.differences]
    most = max(compared, default=0)
    if most < fewest() or len(compared) * smallest_paired_p(most) <= 1 - CONFIDENCE:
        return []
    trials = ceil(1 + log2(len(compared) / (1 - CONFIDENCE)))
    return [
        f"With {most} trials no p is below {smallest_paired_p(most):.3f}, so none of {len(compared)} comparisons can "
        f"be below 5 % after Holm: that takes {trials} trials."
    ]


def scale_told(samples: Sequence[Sampled], tasks: Sequence[str] = ()) -> list[str]:
    """A note on the scale of scores, if it is not the tasks' own, or if those of several `tasks` are in one mean."""
    own = list(dict.fromkeys(sample.task for sample in samples if sample.val_raw is not None))
    if len(tasks) < 2:
        return [
            f"Scores are what improvers see, from 0 to 1: of {', '.join(own)} the task's own number is mapped to that, "
            "with its seed at 0.5."
        ] if own else []  # fmt: skip
    told = f"The mean is over {len(tasks)} tasks, each counted alike, of what improvers see, from 0 to 1"
    if not own:
        return [f"{told}: their grades."]
    return [f"{told}: tasks with a number of their own ({', '.join(own)}) are mapped to that, with their seed at 0.5."]


BY_TASK = ("task", "mean", "se", "low", "high", "n", "own number")


def by_task(given: Parameters, label: tuple[str, ...], trials: Sequence[Sequence[Sampled]]) -> list[tuple[object, ...]]:
    """A row for each task: the trials' means on test, and the mean of its own number where it has another."""
    rows = []
    for task in dict.fromkeys(sample.task for samples in trials for sample in samples):
        each = [[sample for sample in samples if sample.task == task] for samples in trials]
        means = [fmean((s.test or 0.0) if s.verdict == "ok" else 0.0 for s in samples) for samples in each if samples]
        own = [s.test_raw for samples in each for s in samples if s.test_raw is not None]
        rows.append((*label, task, *summary(means, given).cells, fmean(own) if own else None))
    return rows


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
