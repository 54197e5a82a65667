"""The lock alone: needs nothing installed and no privilege."""

import os

from selftaught.sandbox.interpreter import command, readable_paths
from selftaught.sandbox.tiers.tier import LOCK, NOBODY, Tier


def landlock_tier() -> Tier:
    """The lock alone. Needs nothing installed and no privilege: works inside most containers."""
    return Tier(
        "landlock",
        True,
        LOCK,
        command,
        _lesser_user(),
    )


def _lesser_user() -> int | None:
    """Root becomes nobody where nobody can still read the interpreter's files, else stays, without capabilities."""
    if os.geteuid() != 0:
        return None
    parents = {parent for path in readable_paths() for parent in _with_parents(path)}
    return NOBODY if all(os.stat(parent).st_mode & 0o001 for parent in parents if os.path.isdir(parent)) else None


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) or "/" for end in range(len(parts))]
