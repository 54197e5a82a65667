"""When I_t replaces I_{t-1}: a named policy, because Algorithm 1 has none and a user may want one.

`paper`   I_t is whatever I_{t-1} returned, unless it returned no program (Algorithm 1).
`better`  I_t replaces its parent only where its meta-utility, measured on the same tasks and repeats, is higher.
          A deviation from the paper: docs/deviations.md.
"""

from collections.abc import Callable

from selftaught.core.contracts import Program

Accept = Callable[[Program, Program], bool]
"""(proposed, parent) -> whether the proposed improver replaces its parent."""


def paper(proposed: Program, parent: Program) -> bool:
    """Take whatever was returned."""
    return True


def better(measure: Callable[[Program], float]) -> Accept:
    """Take what measures higher than its parent. `measure` is asked once per distinct program by its owner."""

    def accept(proposed: Program, parent: Program) -> bool:
        return proposed != parent and measure(proposed) > measure(parent)

    return accept
