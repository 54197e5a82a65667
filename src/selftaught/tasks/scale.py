"""Scores of any size and direction, and what an improver sees of them: a number from 0 to 1, where higher is better."""

from dataclasses import dataclass

_LEAST = 1e-9
"""No success is seen as 0, which is kept for failure."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Of a task that sets DIRECTION, BASELINE or TARGET.

    Attributes:
        minimize: whether lower scores are better.
        baseline: the score that is seen as 1/2; None: that of the task's seed, on the same instances.
        target: the score that is seen as 1, as is all beyond; None: none is, and better is always seen as better.
    """

    minimize: bool = False
    baseline: float | None = None
    target: float | None = None

    def oriented(self, score: float) -> float:
        """The score with the sign that makes higher better."""
        return -score if self.minimize else score

    def seen(self, score: float, baseline: float) -> float:
        """Rises strictly with the score, up to the target; `baseline` is seen as 1/2."""
        better = self.oriented(score) - self.oriented(baseline)
        if self.target is not None and (way := self.oriented(self.target) - self.oriented(baseline)) > 0:
            # h / (h + gap): the gap to the target is h where the score is the baseline.
            return 1.0 if better >= way else max(_LEAST, way / (way + (way - better)))
        size = abs(baseline) or 1.0
        return max(_LEAST, (1 + better / (size + abs(better))) / 2)

    def slope(self, score: float, baseline: float) -> float:
        """How fast what is seen rises with the oriented score there; for errors."""
        step = 1e-4 * (abs(baseline) or 1.0)
        up, down = (self.seen(score + self.oriented(sign * step), baseline) for sign in (1, -1))
        return (up - down) / (2 * step)
