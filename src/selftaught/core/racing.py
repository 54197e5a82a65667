"""Racing: repeats go to candidates that can still win. The test keeps its level, evaluated after every repeat.

Testing by betting: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, Journal of the
Royal Statistical Society B 86:1 (2024). Bets against a true claim turn 1 into more than 1/level with a
probability of at most `level`, at any stopping time (Ville's inequality).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, fsum
from statistics import fmean
from typing import Any

from selftaught.core.contracts import In, Map, Out

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97)
"""Shares of the largest bet that cannot lose everything: each is placed separately, and the results are averaged."""
BETS = tuple(2.0**power for power in range(10))
"""Bets on differences, for spreads from 1 down to .002."""
_LEAST_ROOM = 1e-6
_MOST_POWER = 700.0


def evidence_below(values: Sequence[float], target: float) -> float:
    """What 1 becomes by bets that the mean of `values` in 0 to 1 is below `target`; never negative.

    The values are successive draws, each with that mean given the earlier ones; the distribution does not matter.
    """
    room = max(1.0 - target, _LEAST_ROOM)
    total = 0.0
    for share in SHARES:
        wealth = 1.0
        for value in values:
            wealth *= 1.0 + share / room * (target - value)
        total += max(0.0, wealth)
    return total / len(SHARES)


def evidence_worse(differences: Sequence[float]) -> float:
    """The same for paired differences in -1 to 1 that are symmetric about their centre: it is below 0.

    That is what the permutation test of paired differences assumes. The bets are those of a self-normalised sum (de la
    Peña, A general class of exponential inequalities for martingales and ratios, Annals of Probability 27:1, 1999):
    exp(-bet · d - (bet · d)² / 2) is at most 1 in the mean if the centre is 0 or more, for any spread.
    """
    total, squares = fsum(differences), fsum(difference * difference for difference in differences)
    return fmean(exp(min(_MOST_POWER, -bet * total - bet * bet * squares / 2)) for bet in BETS)


def cut_short(made: Sequence[object], tasks: Sequence[object]) -> Mapping[str, float]:
    """The part of D that was done, if not all of it: for `Score.numbers`."""
    return {} if len(made) == len(tasks) else {"applications": len(made), "of": len(tasks)}


def in_rounds(map: Map, repeats: int, lost: Callable[[Sequence[Sequence[Any]]], bool]) -> Map:
    """A map over D, which has each task `repeats` times, that does one repeat of every task after the other.

    It ends when `lost` is true for the results of the rounds so far. Results are in the order of D.
    """

    def rounds(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
        done: list[list[Out]] = []
        for number in range(repeats):
            done.append(list(map(function, items[number::repeats])))
            if number + 1 < repeats and lost(done):
                break
        return [result for of_task in zip(*done, strict=True) for result in of_task]

    return rounds
