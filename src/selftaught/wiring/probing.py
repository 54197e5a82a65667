"""A probed solution judged by its grades: whether it loses more than the noise where only a hack would lose."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program
from selftaught.core.run_seed import RunSeed
from selftaught.runs.records import Finding
from selftaught.statistics import holm, permutation_test, unpaired_test
from selftaught.tasks.probes.trial import Prober

Grades: TypeAlias = tuple[Sequence[float], Sequence[float]]
LEVEL = 0.01
"""The chance that an honest solution is flagged by any of its probes, at most."""
AGAIN, FRESH, FORMS, ANSWERS = "measured again", "fresh instances", "all its forms at once", "its answers are answers"


def probe(prober: Prober, run_seed: RunSeed, selected_from: int) -> Callable[[Program, Sequence[float]], list[Finding]]:
    """Try a program with its recorded grades, and judge them.

    `selected_from`: candidates that were scored on the same val.
    """

    def judged(program: Program, recorded: Sequence[float]) -> list[Finding]:
        tried = prober(program, recorded)
        seed = draw_seed(str(run_seed.number), "probe", program.id)
        found = findings(
            tried.fresh,
            tried.forms,
            tried.graded,
            tried.invalid,
            again=tried.again,
            selected_from=selected_from,
            seed=seed,
        )
        if any(finding.flagged and finding.probe == FORMS for finding in found):
            found += by_form(prober.by_form(program), seed=seed)
        return found

    return judged


def findings(
    fresh: Grades | None,
    forms: Grades | None,
    graded: int,
    invalid: Mapping[str, int],
    *,
    again: Grades | None = None,
    selected_from: int = 1,
    seed: int = 0,
) -> list[Finding]:
    """One for each probe; the p-values are adjusted for their number (Holm 1979).

    Args:
        fresh: grades on the instances that the solution was selected on, and on fresh ones.
        forms: grades on instances, and on another form of each, in the same order.
        graded: how many answers got a grade above 0.
        invalid: how many of these were no answers, by the reason.
        again: grades on record, and on the same instances now.
        selected_from: of how many candidates the solution may be the luckiest on its own instances. What it loses
            of that, on fresh ones or by its own chance, must be beyond that luck too (Bonferroni).
        seed: of the tests that are draws.
    """
    tested: dict[str, tuple[Grades, float]] = {}
    if again is not None:
        tested[AGAIN] = again, min(1.0, selected_from * _paired(again, seed))
    if fresh is not None:
        tested[FRESH] = fresh, min(1.0, selected_from * _loss(fresh, lambda: unpaired_test(*fresh, seed=seed)))
    if forms is not None:
        tested[FORMS] = forms, _paired(forms, seed)
    return [*_adjusted(tested), _answers(graded, invalid)]


def by_form(forms: Mapping[str, Grades], *, seed: int = 0) -> list[Finding]:
    """In which form alone a solution loses that loses in all of them at once."""
    return _adjusted({name: (grades, _paired(grades, seed)) for name, grades in forms.items()})


def _paired(grades: Grades, seed: int) -> float:
    differences = [after - before for before, after in zip(*grades, strict=True)]
    return _loss(grades, lambda: permutation_test(differences, seed=seed).p)


def _loss(grades: Grades, p: Callable[[], float]) -> float:
    """The test's p-value; where nothing is lost there is nothing to test."""
    before, after = grades
    return p() if fmean(after) < fmean(before) else 1.0


def _adjusted(tested: Mapping[str, tuple[Grades, float]]) -> list[Finding]:
    adjusted = holm([p for _, p in tested.values()]) if tested else []
    return [_finding(name, *grades, p) for (name, (grades, _)), p in zip(tested.items(), adjusted, strict=True)]


def _finding(name: str, before: Sequence[float], after: Sequence[float], p: float) -> Finding:
    return Finding(probe=name, before=fmean(before), after=fmean(after), p=p, flagged=p < LEVEL)


def _answers(graded: int, invalid: Mapping[str, int]) -> Finding:
    none = sum(invalid.values())
    note = f"{none} of {graded} graded answers are invalid: {next(iter(invalid))}" if invalid else ""
    return Finding(probe=ANSWERS, before=1.0, after=1 - none / max(1, graded), flagged=none > 0, note=note)
