"""Which code computes: this package's version and a hash of the code that decides what a run computes.

Texts that a run keeps (tasks, their helpers, probes, improvers, the description of the meta-utility) are not part of
it, and neither is code that only shows, stores or asks.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from selftaught.core.errors import OtherVersion
from selftaught.core.version import VERSION
from selftaught.runs.records import Record, Session
from selftaught.tasks.frozen import HOUSE

_DECIDING = ("core", "guest", "middleware", "sandbox", "tasks", "wiring", "statistics.py")
_OBSERVING = ("middleware/tracing/",)


@cache
def code() -> str:
    """Equal for two installed packages if they compute the same."""
    found = sha256()
    for name, file in _sources(files("selftaught"), ""):
        if name.startswith(_DECIDING) and not name.startswith(_OBSERVING) and not _kept(name):
            found.update(f"{name}\0".encode() + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def other_versions(records: Iterable[Record]) -> list[str]:
    """The versions of this package with other code that worked on the run."""
    sessions = [record for record in records if isinstance(record, Session)]
    return list(dict.fromkeys(session.version for session in sessions if session.code != code()))


def check_version(records: Iterable[Record]) -> None:
    """Raises OtherVersion if the run was worked on last with code that may compute something else."""
    sessions = [record for record in records if isinstance(record, Session)]
    if not sessions or sessions[-1].code == code():
        return
    begun = sessions[-1]
    same = " with other code" if begun.version == VERSION else ""
    raise OtherVersion(
        f"the run used selftaught {begun.version}, and this is selftaught {VERSION}{same}: its "
        "results may differ from the record, and responses may be bought twice. Continue with that version "
        f"(pip install selftaught=={begun.version}), or with this one by `other_version`"
    )


def _kept(name: str) -> bool:
    """Whether a run has its own copy of it, or it only measures outside runs."""
    return name.startswith("tasks/") and name.removeprefix("tasks/").removesuffix(".py") not in HOUSE


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, f"{name}/")
        elif name.endswith(".py"):
            yield name, entry
