"""The clock of the machine is set forward and back by hours while a run works: nothing is decided by it."""

import itertools
import shutil
import time
from pathlib import Path

import pytest

from durability import world
from durability.test_kill_after_every_record import asked, history
from selftaught.middleware.gate import Gate
from selftaught.models.served.failures import retry_after
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run

HOUR = 3600.0


def test_a_run_under_a_clock_that_jumps_has_the_record_of_one_whose_clock_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady, jumping = tmp_path / "steady", tmp_path / "jumping"
    world.prepare(steady, "threads")
    shutil.copytree(steady, jumping)
    world.go(steady)
    real, jumps = time.time, itertools.cycle([0.0, 5 * HOUR, -30 * HOUR, 2000 * HOUR])
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    models = Models.only(world.Witness(jumping / "asked.txt"), "witness")
    with open_sandbox("auto", 1) as sandbox:
        an_hour = Gate(HOUR)  # of work: it is not over
        with Run.resume(RunFolder(jumping), lambda inputs, gate: models, sandbox, an_hour) as run:
            run.work()
    assert history(jumping) == history(steady)
    assert asked(jumping) == asked(steady)
    with Store.open(jumping / "run.sqlite", writable=False) as store:
        assert view(store).status == "finished"


def test_a_date_to_wait_for_is_counted_from_the_servers_own_clock() -> None:
    headers = {"retry-after": "Sat, 01 Jan 2000 00:00:05 GMT", "date": "Sat, 01 Jan 2000 00:00:02 GMT"}
    assert retry_after(headers) == 3.0
    assert retry_after({**headers, "date": "tomorrow"}) == 0.0
