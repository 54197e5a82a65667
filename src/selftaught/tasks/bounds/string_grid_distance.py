"""Dynamic programming over places, last letters and distances reached: all distances that there are.

Exact: at most 2 * 91 states for each of 30 letters.
"""

from collections.abc import Iterator

KIND = "exact"


def answer(t: str, distance: int) -> str:
    """A string at the distance from `t` or, where there is none, at the one nearest to it."""
    own = sum(a != b for a, b in zip(t, t[1:], strict=False))
    reached = {("", 0): ""}  # last letter, distance so far without t's own → a string
    for letter in t:
        reached = dict(_longer(reached, letter))
    return reached[min(reached, key=lambda state: abs(state[1] + own - distance))]


def _longer(reached: dict[tuple[str, int], str], letter: str) -> Iterator[tuple[tuple[str, int], str]]:
    for (last, cost), text in reached.items():
        for new in "AB":
            yield (new, cost + (new != letter) + (last not in ("", new))), text + new
