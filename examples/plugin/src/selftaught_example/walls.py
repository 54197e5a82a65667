"""A sandbox tier, and an executor. They say what isolates; the start-up checks of the house try it all the same."""

from dataclasses import replace

from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.landlock import landlock_tier
from selftaught.sandbox.tiers.tier import Tier


def plain_lock() -> Tier:
    """`--sandbox plain-lock`."""
    return replace(landlock_tier(), name="plain-lock")


def one_worker(sandbox: str) -> Jail:
    """`--executor one-worker`: a sandbox of the tier that was asked for."""
    return open_sandbox(sandbox, 1)
