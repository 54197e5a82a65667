"""Racing: repeats go to what can still win. A test that may be looked at after every repeat, and keeps its level.

Testing by betting: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, Journal of the
Royal Statistical Society B 86:1 (2024). Who bets against a claim that is true makes of 1 more than 1/level with a
probability of at most `level`, at whatever moment one stops (Ville's inequality).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, fsum
from statistics import fmean
from typing import Any

from selftaught.core.contracts import In, Map, Out

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97)
"""Of the largest bet that cannot lose everything: each is laid on its own, and what they make is averaged."""
BETS = tuple(2.0**power for power in range(10))
"""Of differences, for spreads from 1 down to .002."""
_LEAST_ROOM = 1e-6
_MOST_POWER = 700.0


def evidence_below(values: Sequence[float], target: float) -> float:
    """What 1 becomes by bets that the mean, of which `values` in 0 to 1 are draws, is below `target`; never negative.

    The values are draws one after another, each with that mean whatever came before; of what distribution is no matter.
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
    """The same, that paired differences in -1 to 1 have their centre below 0, about which they are symmetric.

    That is what the permutation test of paired differences assumes. The bets are those of a self-normalised sum (de la
    Peña, A general class of exponential inequalities for martingales and ratios, Annals of Probability 27:1, 1999):
    exp(-bet · d - (bet · d)² / 2) is at most 1 in the mean where the centre is 0 or more, whatever the spread.
    """
    total, squares = fsum(differences), fsum(difference * difference for difference in differences)
    return fmean(exp(min(_MOST_POWER, -bet * total - bet * bet * squares / 2)) for bet in BETS)


def cut_short(made: Sequence[object], tasks: Sequence[object]) -> Mapping[str, float]:
    """How much of D was done, where it was not all: for `Score.numbers`."""
    return {} if len(made) == len(tasks) else {"applications": len(made), "of": len(tasks)}


def in_rounds(map: Map, repeats: int, lost: Callable[[Sequence[Sequence[Any]]], bool]) -> Map:
    """A map over D, which has each task `repeats` times, that does one repeat of every task after the other.

    It ends once `lost` says so of the results of the rounds so far; results of what was done come in the order of D.
    """

    def rounds(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
        done: list[list[Out]] = []
        for number in range(repeats):
            done.append(list(map(function, items[number::repeats])))
            if number + 1 < repeats and lost(done):
                break
        return [result for of_task in zip(*done, strict=True) for result in of_task]

    return rounds
