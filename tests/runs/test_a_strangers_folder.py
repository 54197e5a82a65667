"""A folder or a recording from a stranger is data: no link is followed, nothing grows unbounded, all is checked."""

import errno
import gzip
import json
import os
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from selftaught.cli import looking
from selftaught.core.errors import RecordError, SelfTaughtError, UsageError
from selftaught.runs import recording
from selftaught.runs import store as stores
from selftaught.runs.folder import MOST_FILE_BYTES, RunFolder, find_run, list_runs
from selftaught.runs.recording import pack, read_recording, unpack
from selftaught.runs.records import Ended, Noticed
from selftaught.runs.store import Store, text_id
from selftaught.wiring.kept_settings import frozen_config

CONFIG = 'kind = "improve"\ntasks = ["three-sat"]\nmodel = "mutate"\nimprover = "seed"\n'
PROGRAM = "def f(): ...\n"


def a_run(path: Path) -> RunFolder:
    folder = RunFolder(path)
    folder.freeze(CONFIG, {"improver.py": PROGRAM})
    store = Store.create(folder.store)
    store.append(Noticed(at="/n#0", program=text_id(PROGRAM), what="w", note="n"), [PROGRAM])
    store.append(Ended(at="/ended#0", time=1e9, how="finished", note=""))
    store.close()
    return folder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return a_run(tmp_path / "run")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("KEY=not-yours\n")
    return file


# links


@pytest.mark.parametrize(
    "name", ["report.html", "best_improver.py", "inputs/zz.py", "config.toml", "run.sqlite-wal", ".run.sqlite.lock"]
)
def test_a_folder_with_a_link_is_not_opened(run: RunFolder, secret: Path, name: str) -> None:
    (run.path / name).unlink(missing_ok=True)
    (run.path / name).symlink_to(secret)
    with pytest.raises(RecordError, match="is a link"):
        Store.open(run.store)
    with pytest.raises(RecordError, match="is a link"):
        looking.report(str(run.path), run.path.parent, None)
    with pytest.raises(RecordError, match="is a link"):
        looking.export(str(run.path), run.path.parent, None, None)
    assert secret.read_text() == "KEY=not-yours\n"


def test_nothing_is_packed_that_a_link_points_at(run: RunFolder, secret: Path) -> None:
    opened = Store.open(run.store, writable=False)
    (run.path / "inputs" / "zz.py").symlink_to(secret)
    with pytest.raises(RecordError, match="is a link"):
        pack(run, opened, "1")
    opened.close()


def test_nothing_is_written_through_a_link(run: RunFolder, secret: Path) -> None:
    for name in ("report.html", ".report.html.partial"):
        (run.path / name).symlink_to(secret)
    run.write("report.html", "<html>")
    assert secret.read_text() == "KEY=not-yours\n"
    assert not (run.path / "report.html").is_symlink()


@pytest.mark.parametrize("make", [os.mkfifo, Path.touch])
def test_what_is_no_ordinary_file_or_beyond_all_size_is_refused(run: RunFolder, make: Callable[[Path], None]) -> None:
    odd = run.path / "inputs" / "odd"
    make(odd)
    if odd.is_file():
        os.truncate(odd, MOST_FILE_BYTES + 1)
    with pytest.raises(RecordError, match="odd"):
        Store.open(run.store)


# the store


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE records; CREATE VIEW records AS WITH RECURSIVE r(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM r)"
        " SELECT seq, seq AS at, '' AS body FROM r",
        "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON records (body)",
        "DROP TABLE texts; CREATE TABLE texts (id, body)",
    ],
)
def test_a_store_with_another_schema_is_damaged(run: RunFolder, change: str) -> None:
    with closing(sqlite3.connect(run.store)) as changed:
        changed.executescript(change)
    with pytest.raises(RecordError, match="damaged: it has the"):
        Store.open(run.store)


@pytest.mark.parametrize("body", ["'text'", "17", "x'00'", "1.5", "'{}'"])
def test_a_record_of_another_type_is_damage(run: RunFolder, body: str) -> None:
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute(f"UPDATE records SET body = {body}")
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="damaged"):
        list(opened)


@pytest.mark.parametrize("body", ["'text'", "17", "1.5", "x'00'"])
def test_a_text_of_another_type_is_damage(run: RunFolder, body: str) -> None:
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute(f"UPDATE texts SET body = {body}")
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="damaged"):
        opened.text(text_id(PROGRAM))


def test_a_text_that_unpacks_to_more_than_any_is_damage(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_TEXT_BYTES", 1 << 20)
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute("UPDATE texts SET body = ?", [zlib.compress(bytes((1 << 20) + 1))])
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="more than 1 MiB"):
        opened.text(text_id(PROGRAM))


@pytest.mark.parametrize("values", [{"time": 1e300}, {"time": -1.0}])
def test_a_time_that_is_no_date_is_damage(run: RunFolder, values: dict[str, float]) -> None:
    with closing(sqlite3.connect(run.store)) as changed, changed:
        ((body,),) = changed.execute("SELECT body FROM records WHERE seq = 2").fetchall()
        changed.execute("UPDATE records SET body = ? WHERE seq = 2", [json.dumps({**json.loads(body), **values})])
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="damaged"):
        list(opened)


def test_scores_that_cannot_be_added_are_damage(run: RunFolder) -> None:
    sample = {"task": "x", "program": "p", "verdict": "ok", "note": "", "val": 1e308, "val_verdict": "ok"}
    body = {"kind": "measured", "at": "/m", "improver": "i", "seconds": 1.0}
    samples = [{**sample, "test": None, "test_verdict": None}] * 3
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute("UPDATE records SET body = ? WHERE seq = 2", [json.dumps({**body, "samples": samples})])
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="damaged"):
        list(opened)


def test_one_damaged_run_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b", "c", "d"):
        a_run(tmp_path / name)
    (tmp_path / "a" / "best_improver.py").symlink_to("/etc/passwd")
    (tmp_path / "b" / "config.toml").write_text("tasks = 1 = 2")
    (tmp_path / "c" / "run.sqlite").write_bytes(b"")
    looking.list_all(tmp_path, as_json=True)
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    assert {name for name, row in rows.items() if "error" in row} == {"a", "b", "c"}
    assert rows["d"]["status"] == "finished"


def test_runs_that_may_not_be_looked_into_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        a_run(tmp_path / name)
    look = Path.is_file

    def forbidden(path: Path) -> bool:
        if path.parent.name == "a":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(Path, "is_file", forbidden)  # root may look into any
    assert [folder.path.name for folder in list_runs(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["a=" + "[" * 50_000, "a=" + "9" * 5_000, "a=" + "'x'" * 400_000, "a=2000-99-99", "a=\xff"]
)
def test_settings_of_any_kind_are_refused_in_one_line(run: RunFolder, text: str) -> None:
    run.config.write_bytes(text.encode("latin-1"))
    with pytest.raises(SelfTaughtError, match="config.toml"):
        frozen_config(run)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"kind":' * 50_000, "9" * 5_000, '{"at":"\\ud800"}'])
def test_records_of_any_json_are_damage(run: RunFolder, body: str) -> None:
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute("UPDATE records SET body = ?", [body.encode()])
    with closing(Store.open(run.store)) as opened, pytest.raises(RecordError, match="damaged"):
        list(opened)


def test_an_empty_store_is_said_to_be_empty(run: RunFolder) -> None:
    run.store.write_bytes(b"")
    with pytest.raises(RecordError, match="is empty"):
        Store.open(run.store)


def test_a_file_system_without_locks_is_named(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(lock: object, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    with pytest.raises(RecordError, match="has no locks"):
        Store.open(run.store)
    assert not run.in_work()


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_folder_is_no_run(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "odd")
    a_run(tmp_path / "good")
    assert [folder.path.name for folder in list_runs(tmp_path)] == ["good"]
    with pytest.raises(UsageError):
        find_run(str(tmp_path / "odd"), tmp_path)


# recordings


def packed(run: RunFolder, file: Path, **changes: object) -> Path:
    with closing(Store.open(run.store, writable=False)) as opened:
        body = json.loads(gzip.decompress(pack(run, opened, "1")))
    file.write_bytes(gzip.compress(json.dumps({**body, **changes}).encode()))
    return file


def test_a_recording_that_unpacks_to_too_much_is_not_unpacked(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_BYTES", 1 << 20)
    bomb = packed(run, tmp_path / "bomb", x="a" * (2 << 20))
    with pytest.raises(RecordError, match="unpacks to more than 1 MiB"):
        read_recording(bomb)


def test_a_recording_of_10_gigabytes_is_not_read_to_its_end(run: RunFolder, tmp_path: Path) -> None:
    """Sparse, and right in its beginning: `gzip` would look through all of the zeros behind it."""
    long = packed(run, tmp_path / "long")
    with long.open("r+b") as file:
        file.truncate(10 << 30)
    with pytest.raises(RecordError, match="something follows its end"):
        read_recording(long)


def test_a_recording_that_is_nested_deep_is_none(tmp_path: Path) -> None:
    (tmp_path / "deep").write_bytes(gzip.compress(b'{"schema":"selftaught.recording/2","x":' + b"[" * 100_000))
    with pytest.raises(RecordError, match="not a recording"):
        read_recording(tmp_path / "deep")


@pytest.mark.parametrize(
    "name",
    ["inputs/a\0b", "inputs/../x", "../x", "/x", "inputs/", "inputs/..", "inputs/a/b", "x", "inputs/" + "a" * 300],
)
def test_a_recording_with_a_path_in_a_name_is_refused(run: RunFolder, tmp_path: Path, name: str) -> None:
    file = packed(run, tmp_path / "one", files={"config.toml": CONFIG, name: "x"})
    with pytest.raises(RecordError, match="which no run has"):
        unpack(read_recording(file), tmp_path / "new")


def test_a_recording_cut_anywhere_is_damaged(run: RunFolder, tmp_path: Path) -> None:
    whole = packed(run, tmp_path / "one").read_bytes()
    for size in range(0, len(whole), 7):
        (tmp_path / "cut").write_bytes(whole[:size])
        with pytest.raises(SelfTaughtError):
            read_recording(tmp_path / "cut")
