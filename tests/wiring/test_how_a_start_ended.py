"""A start that is stopped while something under way does not end is on record as stopped, not as killed."""

from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from selftaught.core.errors import RecordError, RunStopped, SelfTaughtError
from selftaught.middleware.gate import Gate
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Session
from selftaught.runs.store import Store
from selftaught.wiring.run import Run


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (RunStopped("interrupted", interrupted=True), "interrupted"),
        (RunStopped("the time limit is reached"), "stopped"),
        (RecordError("the disk is full"), "failed"),
    ],
)
def test_what_a_stopped_start_did_not_say_is_said_when_it_is_closed(
    tmp_path: Path, reason: SelfTaughtError, status: str
) -> None:
    store, gate, nothing = Store.create(tmp_path / "run.sqlite"), Gate(), cast(Any, None)
    store.append(Session(at="/session#0", version="1", tier="landlock"))
    gate.stop(reason)
    run = Run(RunFolder(tmp_path), nothing, store, nothing, nothing, gate)
    run.opened.enter_context(closing(store))
    run.close()
    seen = view(Store.open(tmp_path / "run.sqlite", writable=False))
    assert (seen.status, seen.note) == (status, str(reason))
