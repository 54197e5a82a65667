"""A store that an older selftaught wrote is read; one of a newer is refused in one line."""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from cli.support import in_process
from selftaught.core.contracts import Verdict
from selftaught.core.errors import RecordError
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.recording import pack, read_recording
from selftaught.runs.records import Answered, Ended, Scored, Tried
from selftaught.runs.store import SCHEMA_VERSION, Store

OLD = Path(__file__).parents[1] / "data" / "run-of-0.1.0.tar.gz"
"""A real run of 0.1.0, stopped by its cap (made by make_old_run.py beside it)."""

BEFORE_CALLS = OLD.with_name("run-of-20261129.tar.gz")
"""One of the present version of the record, of before calls were numbered: `make_old_run.py f820f94~1` made it."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(OLD) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "run"


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "run.sqlite")) as store:
        found: int = store.execute("PRAGMA user_version").fetchone()[0]
    return found


def test_what_an_older_version_recorded_is_read_and_left_as_it_is(old: Path) -> None:
    assert version(old) == 1
    store = Store.open(old / "run.sqlite", writable=False)
    kinds = [type(record) for record in store]
    assert [kinds.count(kind) for kind in (Answered, Tried, Ended)] == [5, 1, 1]
    told = view(store)
    assert (told.status, told.total.responses, told.best) == ("stopped", 5, 0)
    assert all(score.feedback == "" and score.raw is None for score in store if isinstance(score, Scored))
    assert version(old) == 1


def test_an_older_store_that_is_written_to_becomes_one_of_this_version(old: Path) -> None:
    before = list(Store.open(old / "run.sqlite", writable=False))
    store = Store.open(old / "run.sqlite")
    store.append(Ended(at="/ended#1", how="stopped", note=""))
    store.close()
    assert version(old) == SCHEMA_VERSION
    assert list(Store.open(old / "run.sqlite", writable=False))[:-1] == before


def test_an_older_run_is_shown_and_exported(old: Path) -> None:
    for command in (["show"], ["export"], ["report"], ["export", "--what", "recording", "--out", "r"]):
        done = in_process(command[0], "run", *command[1:], cwd=old.parent)
        assert done.returncode == 0, done.stderr
    store = Store.open(old / "run.sqlite", writable=False)
    assert read_recording(old.parent / "r").records == list(store)
    assert len(pack(RunFolder(old), store, "0")) > 1000


def test_a_run_without_the_newest_fields_is_shown_reported_and_gone_on_with_only_if_one_says_so(tmp_path: Path) -> None:
    with tarfile.open(BEFORE_CALLS) as packed:
        packed.extractall(tmp_path, filter="data")
    assert version(tmp_path / "run") == SCHEMA_VERSION
    store = Store.open(tmp_path / "run" / "run.sqlite", writable=False)
    assert [record.call for record in store if isinstance(record, Answered)] == [0] * 5
    told = in_process("show", "run", "--json", cwd=tmp_path)
    assert told.returncode == 0 and sum(one["responses"] for one in json.loads(told.stdout)["ledger"]) == 5
    assert in_process("show", "run", "--candidates", cwd=tmp_path).returncode == 0
    assert in_process("report", "run", cwd=tmp_path).returncode == 0
    refused = in_process("resume", "run", cwd=tmp_path)
    assert refused.returncode == 1 and "with other code" in refused.stderr and "--other-version" in refused.stderr
    assert [type(record) for record in Store.open(tmp_path / "run" / "run.sqlite", writable=False)].count(Answered) == 5


def test_a_record_with_a_field_that_is_not_known_is_said_to_be_of_another_version(old: Path) -> None:
    with closing(sqlite3.connect(old / "run.sqlite")) as store, store:
        (body,) = store.execute("SELECT body FROM records ORDER BY seq DESC LIMIT 1").fetchone()
        told = json.dumps({**json.loads(body), "invented": 1})
        store.execute("UPDATE records SET body = ? WHERE seq = (SELECT max(seq) FROM records)", [told])
    with pytest.raises(
        RecordError, match="holds what this selftaught does not know.*`invented`.*the one that wrote it"
    ):
        list(Store.open(old / "run.sqlite", writable=False, checked=False))


@pytest.mark.parametrize("writable", [True, False])
def test_a_store_of_a_newer_version_is_refused_in_one_line(old: Path, writable: bool) -> None:
    with closing(sqlite3.connect(old / "run.sqlite")) as store:
        store.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(RecordError, match="written by a newer selftaught.*install a newer") as refused:
        Store.open(old / "run.sqlite", writable=writable)
    assert "\n" not in str(refused.value)
    done = in_process("show", "run", cwd=old.parent)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "newer selftaught" in done.stderr


def test_a_verdict_of_an_older_record_is_read_by_its_name_of_today() -> None:
    assert Verdict("gibberish") is Verdict.PROTOCOL_ERROR
    with pytest.raises(ValueError, match="no verdict"):
        Verdict("no verdict")
