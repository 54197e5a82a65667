"""How many trials an experiment would need to show a difference, and what they would cost, from a pilot of it."""

from collections.abc import Mapping
from statistics import fmean, stdev

from selftaught.config import Parameters
from selftaught.core.errors import UsageError
from selftaught.experiments.arms import PRICE
from selftaught.experiments.design import Comparable, Experiment, Outcome, Result, Table
from selftaught.statistics import repeats_needed

_ALPHA, _POWER = 0.05, 0.8
HEADERS = ("compared", "model", "pilot", "difference", "sd", "trials", "Holm", "as seen", *PRICE)


def power(experiment: Experiment, given: Parameters, done: Mapping[str, Outcome], effect: float) -> Result:
    """For everything that the pilot compares. Raises UsageError where it has no pairs of at least two trials.

    `effect`: the difference that is to be seen.
    """
    pairs = [pair for pair in experiment.pairs(given, done) if len(pair.differences) > 1]
    if not pairs:
        raise UsageError(
            f"this pilot compares nothing in two trials or more (experiment {experiment.name}, trials {given.trials}): "
            "a spread takes two; run it with `trials` of 6 or more"
        )
    rows, others = [_row(pair, effect, len(pairs)) for pair in pairs], len(pairs) - 1
    title = f"Trials needed to see a difference of {effect:g} (power 80 %, level 5 %), and their price"
    notes = [
        *([f"Holm: where it must stand beside {others} other comparison{'s' * (others > 1)}."] if others else []),
        "as seen: trials for the pilot's own difference. The price is of both sides, for the column trials.",
        "The spread is the pilot's: an estimate as rough as the pilot is small. Trials are the unit; more repeats in a "
        "trial, larger splits or common draws lower the spread itself.",
    ]
    if any(_spread(pair) == 0 for pair in pairs):
        notes.append("sd 0: the pilot saw no spread; the number is the smallest that a test needs.")
    return Result([Table("power", title, HEADERS, rows, spare=("tokens", "responses"))], notes=notes)


def _row(pair: Comparable, effect: float, compared: int) -> tuple[object, ...]:
    seen = fmean(pair.differences)
    trials = repeats_needed(effect, pair.differences, power=_POWER, alpha=_ALPHA)
    strictest = repeats_needed(effect, pair.differences, power=_POWER, alpha=_ALPHA / compared)
    as_seen = repeats_needed(seen, pair.differences, power=_POWER, alpha=_ALPHA) if seen else None
    price = [None if each is None else each * trials for each in pair.both]
    return pair.what, pair.model, len(pair.differences), seen, _spread(pair), trials, strictest, as_seen, *price


def _spread(pair: Comparable) -> float:
    return stdev(pair.differences)
