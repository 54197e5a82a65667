"""Rehearsals in an experiment's folder: to repeat its tables from, and to look at.

Below `rehearsals/`, for each improver by its id: one JSON file that is read again, and one text for people.
"""

import os
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import msgspec

from selftaught.core.errors import RecordError
from selftaught.experiments.traces import Asked, Scored, Trace, as_text
from selftaught.runs.folder import MOST_FILE_BYTES, RunFolder
from selftaught.runs.records import whole_characters
from selftaught.wiring.version import code

FOLDER = "rehearsals"
_DECIDING = ("rehearsal.py", "older_interface.py", "wording.py")


class _Asked(msgspec.Struct, tag="asked", array_like=True):
    """Texts are places in `_Kept.texts`, here and below."""

    call: int
    system: int
    message: int
    temperature: float
    response: int
    luck: float | None


class _Scored(msgspec.Struct, tag="scored", array_like=True):
    program: int
    value: float
    beside: int
    feedback: int


class _Trace(msgspec.Struct):
    world: str
    told: tuple[int, int, int] | None
    initial: int
    description: int
    returned: int | None
    events: list[_Asked | _Scored]


class _Kept(msgspec.Struct):
    """`edition`: of the code that rehearsed."""

    edition: str
    texts: list[str]
    traces: list[_Trace]


def keep(folder: Path, improver: str, traces: list[Trace]) -> None:
    """Write the rehearsals of an improver, by its id. Raises RecordError if they cannot be written."""
    places: dict[str, int] = {}

    def place(text: str) -> int:
        return places.setdefault(whole_characters(text), len(places))

    def event(of: Asked | Scored) -> _Asked | _Scored:
        if isinstance(of, Scored):
            return _Scored(place(of.program), of.value, of.beside, place(of.feedback))
        return _Asked(of.call, place(of.system), place(of.message), of.temperature, place(of.response), of.luck)

    kept = [
        _Trace(
            trace.world, trace.told, place(trace.initial), place(trace.description),
            None if trace.returned is None else place(trace.returned), [event(of) for of in trace.events],
        )
        for trace in traces
    ]  # fmt: skip
    written = RunFolder(folder)
    written.write(f"{FOLDER}/{improver}.json", msgspec.json.encode(_Kept(_edition(), list(places), kept)))
    worlds = [f"# rehearsal {number}, {trace.world}\n\n{as_text(trace)}\n" for number, trace in enumerate(traces, 1)]
    written.write(f"{FOLDER}/{improver}.txt", whole_characters("\n".join(worlds)))


def kept(folder: Path, improver: str) -> list[Trace] | None:
    """The rehearsals of an improver in the folder; None if there are none by this code.

    Raises RecordError for a file that cannot be read: it may be a stranger's.
    """
    file = folder / FOLDER / f"{improver}.json"
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            body = opened.read(MOST_FILE_BYTES + 1)
        if len(body) > MOST_FILE_BYTES:
            raise ValueError(f"more than {MOST_FILE_BYTES >> 20} MiB")
        found = msgspec.json.decode(body, type=_Kept)
        return _traces(found) if found.edition == _edition() else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, IndexError) as error:
        raise RecordError(f"{file} cannot be read: {error}; delete it to rehearse the improver anew") from error


def _traces(found: _Kept) -> list[Trace]:
    texts = found.texts

    def event(of: _Asked | _Scored) -> Asked | Scored:
        if isinstance(of, _Scored):
            return Scored(texts[of.program], of.value, of.beside, texts[of.feedback])
        return Asked(of.call, texts[of.system], texts[of.message], of.temperature, texts[of.response], of.luck)

    return [
        Trace(
            texts[one.initial], tuple(event(of) for of in one.events),
            None if one.returned is None else texts[one.returned], one.world, one.told, texts[one.description],
        )
        for one in found.traces
    ]  # fmt: skip


def _edition() -> str:
    """Of what decides what a rehearsal shows."""
    here = files("selftaught.experiments")
    sources = b"\0".join((here / name).read_bytes() for name in _DECIDING)
    return sha256(code().encode() + sources).hexdigest()[:16]
