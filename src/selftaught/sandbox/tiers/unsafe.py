"""No isolation: only on request by name."""

from selftaught.sandbox.interpreter import command
from selftaught.sandbox.tiers.tier import Tier


def unsafe_tier() -> Tier:
    """No isolation: a plain process with the limits alone. Only ever by name."""
    return Tier("unsafe", False, ("rlimits",), command, None)
