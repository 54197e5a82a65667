"""Programs that may get another score each time: they watch a clock, or draw chance that nobody seeds.

A rule on text, as those of `suspicion`: nothing hostile is parsed here. It may be wrong in both directions. A program
that is taken for one without being one is scored once more than it need be, and no more.
"""

import re

from selftaught.core.contracts import Program

_CLOCKS = "time|timeit|datetime|signal|resource"
_VARIES = re.compile(
    rf"\b(?:import|from)\b[^\n]{{0,300}}?\b(?:{_CLOCKS})\b|\btimes\(\)"
    r"|\b__import__\(.?(?:time|signal)\b|\bdefault_rng\(\s*\)|\burandom\b|\bSystemRandom\b|\bsecrets\b"
)


_WORDS = ("time", "signal", "resource", "default_rng", "urandom", "SystemRandom", "secrets")
"""Each text that meets the rule contains one of them: they are searched first, which is quicker."""


def may_vary(program: Program) -> bool:
    """Whether its text lets equal programs come to unequal scores."""
    return any(word in program.source for word in _WORDS) and _VARIES.search(program.source) is not None
