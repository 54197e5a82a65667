"""What the grades of a probed solution say: whether it loses more than the noise where only a hack would lose."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from selftaught.experiments.statistics import holm, permutation_test, unpaired_test
from selftaught.runs.records import Finding

Grades: TypeAlias = tuple[Sequence[float], Sequence[float]]
LEVEL = 0.01
"""The chance that an honest solution is flagged by any of its probes, at most."""
FRESH, ANSWERS = "fresh instances", "its answers are answers"


def findings(
    fresh: Grades | None,
    forms: Mapping[str, Grades],
    graded: int,
    invalid: Mapping[str, int],
    *,
    selected_from: int = 1,
    seed: int = 0,
) -> list[Finding]:
    """One for each probe; the p-values are adjusted for their number (Holm 1979).

    Args:
        fresh: grades on the instances that the solution was selected on, and on fresh ones.
        forms: by name, grades on instances, and on another form of each, in the same order.
        graded: how many answers got a grade above 0.
        invalid: how many of these were no answers, by the reason.
        selected_from: of how many candidates the solution may be the luckiest on its own instances. Its loss on fresh
            ones has to be beyond that luck too (Bonferroni).
        seed: of the tests that are draws.
    """
    tested: dict[str, tuple[Grades, float]] = {}
    if fresh is not None:
        tested[FRESH] = fresh, min(1.0, selected_from * unpaired_test(*fresh, seed=seed))
    for name, (plain, changed) in forms.items():
        differences = [after - before for before, after in zip(plain, changed, strict=True)]
        tested[name] = (plain, changed), permutation_test(differences, seed=seed).p
    adjusted = holm([p for _, p in tested.values()]) if tested else []
    found = [_finding(name, *grades, p) for (name, (grades, _)), p in zip(tested.items(), adjusted, strict=True)]
    return [*found, _answers(graded, invalid)]


def _answers(graded: int, invalid: Mapping[str, int]) -> Finding:
    none = sum(invalid.values())
    note = f"{none} of {graded} graded answers are none: {next(iter(invalid))}" if invalid else ""
    return Finding(probe=ANSWERS, before=1.0, after=1 - none / max(1, graded), flagged=none > 0, note=note)


def _finding(name: str, before: Sequence[float], after: Sequence[float], p: float) -> Finding:
    was, became = fmean(before), fmean(after)
    return Finding(probe=name, before=was, after=became, p=p, flagged=became < was and p < LEVEL)
