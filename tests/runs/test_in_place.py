"""A run whose folder goes away is told so; and whether somebody works on it is what its lock says."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from selftaught.core.errors import RecordError
from selftaught.report.view import view
from selftaught.runs import store as stores
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Ended, Session
from selftaught.runs.store import Store


def session(number: int) -> Session:
    return Session(at=f"/session#{number}", version="1", tier="landlock")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


def deleted(path: Path) -> None:
    shutil.rmtree(path)


def moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def replaced(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copytree(path, copy)
    shutil.rmtree(path)
    copy.rename(path)


@pytest.mark.parametrize("harm", [deleted, moved, replaced])
def test_what_cannot_be_found_again_is_not_called_written(folder: RunFolder, harm: object) -> None:
    with closing(Store.create(folder.store)) as store:
        store.append(session(0))
        assert callable(harm)
        harm(folder.path)
        with pytest.raises(RecordError, match="deleted, moved or replaced"):
            store.append(session(1))


AT_ANY_MOMENT: dict[str, Callable[[RunFolder], object]] = {
    "its settings are written": lambda run: run.write("config.toml", ""),
    "its inputs are compared": lambda run: run.frozen(),
    "its record is made": lambda run: Store.create(run.store),
    "its record is locked": lambda run: stores._locked(run.store),
    "its record is opened": lambda run: stores._connect_to_write(run.store),
}


@pytest.mark.parametrize("moment", AT_ANY_MOMENT)
@pytest.mark.parametrize("harm", [deleted, moved])
def test_a_folder_that_goes_away_while_its_run_begins_is_said_to_be_gone(
    folder: RunFolder, harm: object, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.path / "inputs").mkdir()
    monkeypatch.setattr(Path, "mkdir", lambda *given, **more: None)  # it goes between the making and the writing
    assert callable(harm)
    harm(folder.path)
    with pytest.raises(RecordError, match="deleted, moved or replaced"):
        AT_ANY_MOMENT[moment](folder)


@pytest.mark.parametrize("read", [Store.ids, list, lambda store: store.text("0"), Store.texts])
def test_a_record_that_cannot_be_read_since_it_is_gone_is_not_called_damaged(
    folder: RunFolder, read: Callable[[Store], object]
) -> None:
    with closing(Store.create(folder.store)) as store:
        store.append(session(0))
        store._reader.close()  # so that whatever is read fails, as it may while the folder is deleted
        deleted(folder.path)
        with pytest.raises(RecordError, match="deleted, moved or replaced"):
            read(store)


def test_of_a_folder_that_is_being_deleted_no_new_record_is_made(folder: RunFolder) -> None:
    with pytest.raises(RecordError, match="unable to open"):
        stores._connect_to_write(folder.store)
    assert not folder.store.exists()


def test_a_run_is_in_work_as_long_as_its_lock_is_held(folder: RunFolder) -> None:
    store = Store.create(folder.store)
    store.append(session(0))
    assert (folder.in_work(), view(store, in_work=folder.in_work()).status) == (True, "running")
    store.close()
    with closing(Store.open(folder.store, writable=False)) as seen:
        assert (folder.in_work(), view(seen, in_work=folder.in_work()).status) == (False, "killed")


def test_of_a_run_at_rest_a_reader_leaves_no_file_and_what_is_only_in_the_log_is_read_too(
    folder: RunFolder, tmp_path: Path
) -> None:
    store = Store.create(folder.store)
    store.append(session(0))
    shutil.copytree(folder.path, tmp_path / "killed")  # as a kill leaves it: with a log
    with folder.at_rest() as rests:
        assert rests is False
    store.close()
    for run in (folder, RunFolder(tmp_path / "killed")):
        before = sorted(os.listdir(run.path))
        with run.at_rest() as rests, Store.open(run.store, writable=False, checked=False, rests=rests is True) as seen:
            assert (rests, len(list(seen))) == (True, 1)
            assert run is not folder or sorted(os.listdir(run.path)) == before
            with pytest.raises(RecordError, match="is being worked on"):  # nobody begins to write meanwhile
                Store.open(run.store)


def test_a_run_that_said_how_it_ended_is_not_running(folder: RunFolder) -> None:
    with closing(Store.create(folder.store)) as store:
        store.append(session(0))
        store.append(Ended(at="/ended#0", how="finished", note=""))
        assert view(store, in_work=folder.in_work()).status == "finished"


def test_a_lock_that_is_no_file_of_ours_says_nothing(folder: RunFolder) -> None:
    os.symlink("/etc/passwd", folder.path / ".run.sqlite.lock")
    assert not folder.in_work()
