"""When I_t replaces I_{t-1}: a named policy, because Algorithm 1 has none and a user may want one.

`paper`        I_t is the program that I_{t-1} returned, if it returned one (Algorithm 1).
`released`     the same, but a measured meta-utility of exactly 0 is refused (the released run_improver.py).
`better`       I_t replaces its parent only if its meta-utility, measured on the same tasks and repeats, is higher.
`significant`  and only if a paired test shows it, over the repeats and over the instances.

The last two deviate from the paper: docs/deviations.md. With each policy a person can be asked for approval too.
"""

from collections.abc import Callable

from selftaught.core.contracts import Program

Accept = Callable[[Program, Program], bool]
"""(proposed, parent) -> whether the proposed improver replaces its parent."""


def paper(proposed: Program, parent: Program) -> bool:
    """Accept every program that was returned."""
    return True


def released(measure: Callable[[Program], float]) -> Accept:
    """Take what measures anything but 0."""

    def accept(proposed: Program, parent: Program) -> bool:
        return measure(proposed) != 0.0

    return accept


def significant(p_value: Callable[[Program, Program], float], level: float) -> Accept:
    """Accept a proposal that a one-sided test shows to be better: `p_value` (proposed, parent) is at most `level`."""

    def accept(proposed: Program, parent: Program) -> bool:
        return proposed != parent and p_value(proposed, parent) <= level

    return accept


def approved(accept: Accept, ask: Accept) -> Accept:
    """Take what `accept` takes, if a person agrees. The unchanged parent is nobody's question."""

    def asked(proposed: Program, parent: Program) -> bool:
        return accept(proposed, parent) and (proposed == parent or ask(proposed, parent))

    return asked


def better(measure: Callable[[Program], float]) -> Accept:
    """Accept a proposal that measures higher than its parent. The owner calls `measure` once per distinct program."""

    def accept(proposed: Program, parent: Program) -> bool:
        return proposed != parent and measure(proposed) > measure(parent)

    return accept
