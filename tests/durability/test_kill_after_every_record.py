"""SIGKILL after each few records of a run, or every single one: nothing is lost, asked twice, or given back."""

import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from conftest import times
from durability import world
from selftaught.middleware.gate import Gate
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Answered, Applied, Ended, Measured, Probed, Record, Scored, Session, Stepped
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.replay import replay


def in_a_child(folder: Path, kill_after: int | None) -> int:
    """Run `world.go` in a forked child; its exit status, minus the signal if one killed it."""
    child = os.fork()
    if child == 0:
        try:
            world.go(folder, kill_after)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(record: Record) -> tuple[object, ...]:
    """What must be the same in every history of the run: all but clocks, and who was first among equals."""
    match record:
        case Answered(at=at, response=response):
            return at, response
        case Scored(guessed=True):  # how far guesses come is chance
            return ()
        case Scored(at=at, program=program, value=value, verdict=verdict):
            return at, program, value, verdict
        case Applied(at=at, program=made, model_calls=calls, responses=responses, utility_calls=scores):
            return at, made, calls, responses, scores
        case Measured(at=at, improver=improver, samples=samples):
            return at, improver, tuple((s.program, s.val, s.test) for s in samples)
        case Probed(at=at, program=program, findings=findings):
            return at, program, tuple(findings)
        case Stepped(at=at, improver=improver, accepted=accepted):
            return at, improver, accepted
        case _:
            return ()


def history(folder: Path) -> set[tuple[object, ...]]:
    store = Store.open(folder / "run.sqlite", writable=False)
    found = {content(record) for record in store if not isinstance(record, (Session, Ended))}
    store.close()
    return found


def records(folder: Path) -> int:
    store = Store.open(folder / "run.sqlite", writable=False)
    count = len(list(store))
    store.close()
    return count


@pytest.fixture(scope="module", params=sorted(world.IMPROVERS))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp(request.param) / "whole"
    world.prepare(folder, request.param)
    shutil.copytree(folder, folder.parent / "fresh")
    assert in_a_child(folder, None) == 0
    return folder


@pytest.fixture(scope="module")
def killed(whole: Path) -> tuple[Path, int]:
    """The same run, killed again and again, and how often; at full size (CONTRIBUTING.md) after each record."""
    folder = whole.parent / "killed"
    shutil.copytree(whole.parent / "fresh", folder)
    kills = 0
    while not has_ended(folder):
        go_on(folder, after=times(1 + kills % 7, 1))
        kills += 1
        assert kills < 2 * records(whole), "it does not get on"
    return folder, kills


def test_killed_after_every_record_a_run_comes_out_the_same(whole: Path, killed: tuple[Path, int]) -> None:
    folder, kills = killed
    assert kills > times(9, 30)  # what threads finish together is on disk together
    assert in_a_child(folder, None) == 0
    assert history(folder) == history(whole)
    for name in ("best_improver.py", "improvers/I_0.py", "improvers/I_1.py"):
        assert (folder / name).read_text() == (whole / name).read_text()


def go_on(folder: Path, after: int) -> None:
    """For so many more records of the run's work, or to its end; its session's own comes on top."""
    recorded, before = answered(folder), asked(folder)
    assert in_a_child(folder, 1 + after) in ((-signal.SIGKILL,) if after == 1 else (-signal.SIGKILL, 0))
    again = asked(folder) - before
    assert not recorded & set(again), "a recorded response was asked for again"
    assert max(again.values(), default=0) <= 1


def has_ended(folder: Path) -> bool:
    store = Store.open(folder / "run.sqlite", writable=False)
    found = any(isinstance(record, Ended) for record in store)
    store.close()
    return found


def asked(folder: Path) -> Counter[str]:
    log = folder / "asked.txt"
    return Counter(log.read_text().split() if log.exists() else [])


def answered(folder: Path) -> set[str]:
    store = Store.open(folder / "run.sqlite", writable=False)
    found = {record.draw or record.at for record in store if isinstance(record, Answered)}
    store.close()
    return found


def test_what_candidates_have_in_common_was_bought_once_however_often_it_was_killed(
    whole: Path, killed: tuple[Path, int]
) -> None:
    for folder in (whole, killed[0]):
        with Store.open(folder / "run.sqlite", writable=False) as store:
            drawn = [record for record in store if isinstance(record, Answered) and record.draw]
        bought = Counter(record.draw for record in drawn if not record.shared)
        assert set(bought.values()) == {1} and {record.draw for record in drawn} == set(bought)
        assert len(drawn) > len(bought)


@pytest.mark.parametrize("whole", ["twice"], indirect=True)  # threads number their calls as they come
def test_a_replay_with_common_draws_comes_out_as_recorded(whole: Path) -> None:
    with open_sandbox("auto", 1) as sandbox:
        found = replay(RunFolder(whole), sandbox, lambda record: None, Gate())
    assert (found.differences, found.served, found.finished) == ((), found.responses, True)


def test_a_finished_run_asks_nothing_when_it_is_resumed(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(whole, folder)
    asked = (folder / "asked.txt").read_text()
    assert in_a_child(folder, None) == 0
    assert (folder / "asked.txt").read_text() == asked
    assert history(folder) == history(whole)
