"""Racing under the meta-utility: a candidate that cannot reach what its parent measured is not applied any further."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.core.feedback import Made
from selftaught.core.racing import evidence_below
from selftaught.middleware.recorded import val_mean
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Measured, Stepped


@dataclass(frozen=True)
class Race:
    """`level`: the highest chance of stopping a candidate whose mean is at least its parent's measured mean."""

    level: float
    recorder: Recorder

    def lost(self, rounds: Sequence[Sequence[Made]]) -> bool:
        """Whether the mean over the tasks is shown to be below the parent's; each round is one draw."""
        means = [fmean(score.value for *_, score in made) for made in rounds]
        return evidence_below(means, self.target) >= 1.0 / self.level

    @property
    def target(self) -> float:
        """How the improver that is applied to itself measured on val, on the same tasks and instances."""
        step = self.recorder.on_record(f"/step#{self.recorder.t - 1}", Stepped)
        known = self.recorder.on_record(f"/measure:{step.improver[:16]}", Measured) if step else None
        return val_mean(known) if known else 0.0

    def told(self, made: Sequence[Made], tasks: int) -> str:
        """An additional text for an improver; "" if all was done."""
        if len(made) == tasks:
            return ""
        return f"\nstopped after {len(made)} of {tasks} tasks: it is worse than the {self.target:.4f} of its parent"
