"""Whether a run goes on with the code that it was worked on with: its version, and a hash (tasks/version.py)."""

from collections.abc import Iterable

from selftaught.core.errors import RecordError
from selftaught.core.version import VERSION
from selftaught.runs.records import Record, Session
from selftaught.tasks.version import code


def other_versions(records: Iterable[Record]) -> list[str]:
    """The versions of this package that worked on the run with code that is not this one's."""
    sessions = [record for record in records if isinstance(record, Session)]
    return list(dict.fromkeys(session.version for session in sessions if session.code != code()))


def check_version(records: Iterable[Record]) -> None:
    """Raises RecordError if the run was worked on last with code that may compute something else."""
    sessions = [record for record in records if isinstance(record, Session)]
    if not sessions or sessions[-1].code == code():
        return
    begun = sessions[-1]
    same = " with other code" if begun.version == VERSION else ""
    raise RecordError(
        f"the run was worked on with selftaught {begun.version}, and this is selftaught {VERSION}{same}: what it "
        "computes may differ from what is on record, and responses may be bought twice. Go on with that version "
        f"(pip install selftaught=={begun.version}), or all the same with this one: `other_version`"
    )
