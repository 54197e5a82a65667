"""What the released tasks share: where instances come from, and failures that spoil a whole score."""

from selftaught.core.contracts import Verdict

FIRST_SEED = {"val": 4321, "test": 5678}
"""The released code draws instance i from a seed of its own, this one plus i, which anybody can read."""

RAISED = tuple(verdict for verdict in Verdict if verdict not in (Verdict.OK, Verdict.TIMED_OUT, Verdict.NO_PROGRAM))
"""How a call ends that made the released code's own call raise, but for lateness."""


def seeds(split: str, count: int) -> range:
    """The seeds of `count` instances of a split."""
    return range(FIRST_SEED[split], FIRST_SEED[split] + count)
