"""Round numbers for an axis."""

from math import ceil, floor, log10


def round_numbers(low: float, high: float, about: int = 5) -> list[float]:
    """From at most `low` to at least `high`, with at most `about` steps between the two. Wants low < high."""
    power = 10.0 ** floor(log10((high - low) / about))
    step = next(times * power for times in (1, 2, 5, 10) if times * power * about >= high - low)
    return [round(number * step, 10) for number in range(floor(low / step), ceil(high / step) + 1)]
