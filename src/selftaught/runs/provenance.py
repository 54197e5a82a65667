"""An improver with its origin, in one file: a comment before its text, which is not part of the program.

    # selftaught.improver/1 {"name": "I_2", "run": "20261128-...", "trained_on": ["three-sat@hard"], ...}

The text below it is loaded as the improver: an exported improver is the same program as in its run.
"""

import msgspec

from selftaught.core.contracts import Program

_MARK = "# selftaught.improver/1 "


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over the tasks it was measured on, and its standard error, if any; `seed`: that of the seed improver."""

    mean: float
    error: float | None = None
    n: int = 1
    seed: float | None = None


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knows of an improver. Untrusted where the file is a stranger's.

    `program`: its id. `t`: of its step. `came_from`: what the run was started from.
    """

    name: str
    program: str
    run: str
    t: int | None
    came_from: str
    trained_on: list[str]
    model: str
    fidelity: str
    version: str
    time: float
    val: Measure | None = None
    test: Measure | None = None


def with_provenance(source: str, told: Provenance) -> str:
    """The file's text."""
    return f"{_MARK}{msgspec.json.encode(told).decode()}\n{source}"


def without_provenance(text: str) -> str:
    """The program in it; the text itself without such a comment."""
    first, _, rest = text.partition("\n")
    return rest if first.startswith(_MARK) else text


def provenance_of(text: str) -> Provenance | None:
    """The origin of the file's program; None if there is none, or it describes another program."""
    first, _, rest = text.partition("\n")
    if not first.startswith(_MARK):
        return None
    try:
        told = msgspec.json.decode(first.removeprefix(_MARK), type=Provenance)
    except msgspec.MsgspecError:
        return None
    return told if told.program == Program(rest).id else None
