"""Which code computes: this package's, told by a hash of what decides what a run computes.

Texts that a run keeps (tasks, their helpers, probes, improvers, what is said of the meta-utility) are not part of it,
nor is what only shows, stores or asks.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from selftaught.tasks.frozen import HOUSE

_DECIDING = ("core", "executors", "guest", "middleware", "sandbox", "tasks", "wiring", "statistics.py")
_OBSERVING = ("middleware/tracing/",)


@cache
def code() -> str:
    """Equal for two installed packages, where they compute the same."""
    found = sha256()
    for name, file in _sources(files("selftaught"), ""):
        if name.startswith(_DECIDING) and not name.startswith(_OBSERVING) and not _kept(name):
            found.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _kept(name: str) -> bool:
    """Whether a run has its own copy of it, or it only measures beside a run."""
    return name.startswith("tasks/") and name.removeprefix("tasks/").removesuffix(".py") not in HOUSE


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, f"{name}/")
        elif name.endswith(".py"):
            yield name, entry
