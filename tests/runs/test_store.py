"""The store: on disk before append returns, append-only, and honest about damage."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from selftaught.core.errors import RecordError
from selftaught.runs.records import Answered, Corrected, Ended, Noticed, Record, Scored
from selftaught.runs.store import SCHEMA_VERSION, Store, text_id


def noticed(number: int) -> Noticed:
    return Noticed(at=f"/n#{number}", program="p", what="w", note="n")


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    records: list[Record] = [
        Scored(
            at="/a", time=1.5, utility="u", program="p", value=0.5, verdict="ok", note="", reused=False, seconds=0.1
        ),
        Ended(at="/b", how="finished", note="ü"),
    ]
    for record in records:
        store.append(record)
    assert list(store) == records
    assert list(store.since(1)) == [(2, records[1])]
    store.close()
    assert list(Store.open(tmp_path / "run.sqlite")) == records


@pytest.mark.parametrize("text", ["", "def f(): pass\n", "ü€\U0001f600", "\ud800 lone", "\x00", "x" * 1_000_000])
def test_a_text_is_kept_by_its_hash(tmp_path: Path, text: str) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    store.append(noticed(0), [text])
    store.append(noticed(1), [text])
    assert store.text(text_id(text)) == text


def test_many_threads_append_at_once(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")

    def append_some(first: int) -> None:
        for number in range(first, first + 50):
            store.append(noticed(number))

    threads = [threading.Thread(target=append_some, args=(100 * k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(store)) == 400


def test_one_address_holds_one_record(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    store.append(noticed(0))
    with pytest.raises(RecordError, match="cannot write"):
        store.append(noticed(0))
    store.append(noticed(1))
    assert len(list(store)) == 2


def test_what_append_returned_for_survives_a_kill(tmp_path: Path) -> None:
    """The child says each number after `append` has returned; it is killed in the middle of a write."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from selftaught.runs.records import Noticed\nfrom selftaught.runs.store import Store\n"
        "store = Store.create(Path(sys.argv[1]))\n"
        "for i in range(10**9):\n"
        "    store.append(Noticed(at=f'/n#{i}', program='p', what='w', note='n'), [str(i) * 50])\n"
        "    print(i, flush=True)\n"
    )
    for attempt in range(5):
        path = tmp_path / f"{attempt}.sqlite"
        child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(40 + 13 * attempt):
            said = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        said = max([said, *(int(line) for line in child.stdout.read().splitlines() if line.strip().isdigit())])
        child.wait()
        store = Store.open(path)
        assert len(list(store)) >= said + 1
        assert store.text(text_id(str(said) * 50)) == str(said) * 50
        store.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"not a database, but long enough to look like one" * 100), "is damaged"),
        (lambda path: path.write_bytes(b""), "is empty: its disk was full"),
        (lambda path: path.unlink(), "is not a run folder: it has no run.sqlite"),
        (lambda path: overwrite_the_middle(path), "damaged"),
        (lambda path: sql(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}"), "written by a newer selftaught"),
        (lambda path: sql(path, "PRAGMA application_id = 7"), "is not the store of a selftaught run"),
    ],
)
def test_a_store_that_cannot_be_trusted_is_refused_in_one_line(tmp_path: Path, damage: object, message: str) -> None:
    path = tmp_path / "run.sqlite"
    store = Store.create(path)
    for number in range(200):
        store.append(noticed(number), [str(number) * 100])
    store.close()
    assert callable(damage)
    damage(path)
    with pytest.raises(RecordError, match=message) as caught:
        list(Store.open(path))
    assert "\n" not in str(caught.value)


def test_an_altered_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    store = Store.create(path)
    store.append(noticed(0))
    store.close()
    sql(path, 'UPDATE records SET body = \'{"kind": "unheard-of"}\'')
    with pytest.raises(RecordError, match="damaged"):
        list(Store.open(path))


def test_a_store_for_reading_only_is_not_written_to(tmp_path: Path) -> None:
    Store.create(tmp_path / "run.sqlite").close()
    with pytest.raises(RecordError, match="reading only"):
        Store.open(tmp_path / "run.sqlite", writable=False).append(noticed(0))


def sql(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def overwrite_the_middle(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[8192 : len(body) - 4096] = b"\xff" * (len(body) - 12288)
    path.write_bytes(bytes(body))


def test_half_characters_in_a_record_are_kept_spelt_out(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    store.append(Noticed(at="/a\ud800", program="p", what="w\udfff", note="ü"))
    assert list(store) == [Noticed(at="/a\\ud800", program="p", what="w\\udfff", note="ü")]


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    with pytest.raises(RecordError, match="nan"):
        store.append(scored(value=math.nan))
    with pytest.raises(RecordError, match="cannot write"):
        store.append(scored(value=cast(float, 10**400)))
    store.append(scored(value=0.5))
    assert list(store) == [scored(value=0.5)]


def scored(value: float) -> Scored:
    return Scored(at="/s", utility="u", program="p", value=value, verdict="ok", note="", reused=False, seconds=0.1)


def test_a_store_that_breaks_under_a_run_is_an_error_for_everybody_who_waits(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    store.append(noticed(0))
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as another:
        another.execute("DROP TABLE records")
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(store.append, noticed(number)) for number in range(1, 9)]
    assert all(isinstance(one.exception(), RecordError) for one in waiting)
    store.close()


def test_an_append_after_the_end_is_an_error(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "run.sqlite")
    store.close()
    with pytest.raises(RecordError, match="it was closed"):
        store.append(noticed(0))


def test_some_kinds_are_left_out_and_counted_without_being_read(tmp_path: Path) -> None:
    with Store.create(tmp_path / "run.sqlite") as store:
        store.append(Ended(at="a", how="stopped", note=""))
        for number in range(3):
            store.append(Corrected(at=f"b{number}", task="t", before="b", after="c"))
        assert [record.at for record in store.without(Corrected)] == ["a"]
        assert [store.count(kind) for kind in (Ended, Corrected, Answered)] == [1, 3, 0]
