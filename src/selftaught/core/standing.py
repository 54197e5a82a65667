"""How far a score is on the way from a task's seed to the best that is known.

Scores are in the task's own number; `minimized`: less is better in it.
"""

NEXT_TO = 1e-9


def way_to_best(value: float, seed: float, best: float | None, *, minimized: bool = False) -> float | None:
    """0 at the seed, 1 at the best, and beyond them. None if there is no way between them, or the best is unknown."""
    if best is None or is_solved(seed, best, minimized=minimized):
        return None
    return (value - seed) / (best - seed)


def is_solved(value: float, best: float, *, minimized: bool = False) -> bool:
    """Whether the best is reached, except for rounding."""
    left = value - best if minimized else best - value
    return left < NEXT_TO * max(1.0, abs(best))
