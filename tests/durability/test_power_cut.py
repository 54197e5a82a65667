"""The power goes: of the log, any part behind the last barrier may be missing. The run goes on rightly all the same."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from durability import world
from durability.test_kill_after_every_record import answered, asked, history, in_a_child
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import RecordError
from selftaught.middleware.recorded import RecordedModel
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Noticed, Record, Scored
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run


class CutStore(Store):
    """Writes down how long the log is at each barrier; and dies when enough is written behind the last."""

    def _sync(self, log, jobs):  # type: ignore[no-untyped-def]
        length = os.stat(self.path.with_name("run.sqlite-wal")).st_size
        super()._sync(log, jobs)
        (self.path.parent / "barrier.txt").write_text(f"{length} {self._durable}")

    def put(self, record: Record, texts: Sequence[str] = (), *, soon: bool = False) -> None:
        super().put(record, texts)
        if isinstance(record, Scored) and record.value > 0 and not record.reused:
            self._catch_up()
            if self._queued > 60 and self._written > self._durable:
                os.kill(os.getpid(), signal.SIGKILL)


def cut_in_the_middle(folder: Path) -> None:
    with open_sandbox("auto", 2) as sandbox:
        models = Models.only(world.Witness(folder / "asked.txt"), "witness")
        with Run.resume(RunFolder(folder), lambda inputs, gate: models, sandbox) as run:
            run.store.__class__ = CutStore
            run.work()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`whole`, a run that nobody disturbed; and `cut`, the same, killed behind a barrier, with its log as it was."""
    folder = tmp_path_factory.mktemp("cut")
    world.prepare(folder / "whole", "twice", depth=2)
    shutil.copytree(folder / "whole", folder / "cut")
    assert in_a_child(folder / "whole", None) == 0
    child = os.fork()
    if child == 0:
        try:
            cut_in_the_middle(folder / "cut")
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    return folder


def cut_at(runs: Path, length: int, where: Path) -> Path:
    """The run as it is found when the power is back: its log ends after so many bytes."""
    shutil.copytree(runs / "cut", where)
    (where / "run.sqlite-shm").unlink()  # what was in memory
    os.truncate(where / "run.sqlite-wal", length)
    return where


def barrier(runs: Path) -> int:
    return int((runs / "cut" / "barrier.txt").read_text().split()[0])


def test_cut_at_any_byte_behind_the_last_barrier_a_store_is_a_prefix_and_has_all_before_it(
    runs: Path, tmp_path: Path
) -> None:
    length = (runs / "cut" / "run.sqlite-wal").stat().st_size
    assert barrier(runs) < length
    whole = ats(cut_at(runs, length, tmp_path / "all"))
    least = ats(cut_at(runs, barrier(runs), tmp_path / "least"))
    assert len(least) < len(whole)
    for number, end in enumerate([*range(barrier(runs), length, 509), length - 1]):
        found = ats(cut_at(runs, end, tmp_path / str(number)))
        assert len(least) <= len(found) and found == whole[: len(found)]


def ats(folder: Path) -> list[str]:
    with Store.open(folder / "run.sqlite") as store:
        return [record.at for record in store]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_run_goes_on_from_a_cut_as_if_nothing_had_been(runs: Path, tmp_path: Path, share: float) -> None:
    length = (runs / "cut" / "run.sqlite-wal").stat().st_size
    folder = cut_at(runs, barrier(runs) + int(share * (length - barrier(runs))), tmp_path / "run")
    recorded, before = answered(folder), asked(folder)
    assert in_a_child(folder, None) == 0
    again = asked(folder) - before
    assert not recorded & set(again), "a recorded response was asked for again"
    assert history(folder) == history(runs / "whole")


def test_a_model_is_asked_when_all_that_came_before_is_on_the_platter(tmp_path: Path) -> None:
    with Store.create(tmp_path / "run.sqlite") as store:
        seen: list[tuple[int, int]] = []

        def model(prompts: Sequence[Prompt]) -> list[Completion]:
            seen.append((store._durable, store._queued))
            return [Completion("x") for _ in prompts]

        recorder = Recorder(store)
        asking = RecordedModel(model, recorder, thread_map)
        for number in range(3):
            recorder.write(Noticed(at=f"/n#{number}", program="p", what="w", note="n"))
            asking([Prompt("s", f"u{number}", 0.5)])
        assert [durable == queued for durable, queued in seen] == [True, True, True]
        assert seen[-1][1] > 3


def test_what_nobody_waits_for_is_on_the_platter_in_a_moment(tmp_path: Path) -> None:
    with Store.create(tmp_path / "run.sqlite") as store:
        store.put(Noticed(at="/n", program="p", what="w", note="n"))
        assert eventually(lambda: store._durable == store._queued == 1)


def test_a_deleted_folder_is_an_error_at_the_next_barrier(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    store = Store.create(tmp_path / "run" / "run.sqlite")
    store.append(Noticed(at="/n#0", program="p", what="w", note="n"))
    shutil.rmtree(tmp_path / "run")
    store.put(Noticed(at="/n#1", program="p", what="w", note="n"))
    with pytest.raises(RecordError, match="deleted"):
        store.barrier()
    with pytest.raises(RecordError, match="deleted"):
        store.put(Noticed(at="/n#2", program="p", what="w", note="n"))


def eventually(holds: Callable[[], bool]) -> bool:
    """Polled, for as long as the test may last."""
    while not holds():
        time.sleep(0.01)
    return True
