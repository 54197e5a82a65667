"""Racing of arms: trials go to the arms that can still be the best; a pure function of the trials that are finished."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from statistics import fmean

from selftaught.core.racing import evidence_worse


@dataclass(frozen=True)
class Standing:
    """Of a race: the arms that are still in, the trial that they run next, and after how many trials each other left.

    `next_trial` is the number of all trials if there is nothing more to run.
    """

    still_in: tuple[int, ...]
    next_trial: int
    left: Mapping[int, int]


def standing(scores: Mapping[int, Mapping[int, float]], trials: int, level: float, keep: Sequence[int]) -> Standing:
    """Of arms by their numbers, each with its score by trial. Arms in `keep` never leave.

    After each trial that all who are in have finished, an arm leaves that is shown to be worse than the best so far: of
    K arms at level / (K - 1), so that the truly best one is lost with a probability of at most `level`.
    """
    still_in, left = list(scores), dict[int, int]()
    threshold = _threshold(len(scores), level)
    for number in range(trials if scores else 0):
        if any(number not in scores[arm] for arm in still_in):
            return Standing(tuple(still_in), number, left)
        done = {arm: [scores[arm][trial] for trial in range(number + 1)] for arm in still_in}
        best = max(still_in, key=lambda arm: fmean(done[arm]))
        shown = {arm for arm in still_in if evidence_worse(_less(done[arm], done[best])) >= threshold}
        worse = [arm for arm in still_in if arm in shown and arm not in keep]
        left |= dict.fromkeys(worse, number + 1)
        still_in = [arm for arm in still_in if arm not in worse]
    return Standing(tuple(still_in), trials, left)


def earliest(arms: int, level: float) -> int:
    """The earliest trial after which an arm can stop: if all differences are the same."""
    return next(n for n in count(1) if evidence_worse([-_SAME] * n) >= _threshold(arms, level))


_SAME = 1 / 64
"""A power of two, as the bets are: other differences show a little less."""


def _threshold(arms: int, level: float) -> float:
    return max(1, arms - 1) / level


def _less(arm: Sequence[float], best: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(arm, best, strict=True)]
