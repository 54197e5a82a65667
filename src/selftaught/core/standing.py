"""How far a score is on the way from a task's seed to the best that is known."""

NEXT_TO = 1e-9


def way_to_best(value: float, seed: float, best: float | None) -> float | None:
    """0 at the seed, 1 at the best, and beyond them. None where there is no way, or no best is known."""
    if best is None or best - seed < NEXT_TO:
        return None
    return (value - seed) / (best - seed)


def is_solved(value: float, best: float) -> bool:
    """Whether nothing is left to win, but for rounding."""
    return value >= best - NEXT_TO
