"""The fold that is kept beside a long record: the next look reads only what is new, and sees exactly the same."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from report.a_run import CHILD, SEED, Pen
from selftaught.core.errors import RecordError
from selftaught.report import snapshot
from selftaught.report.as_json import as_json
from selftaught.report.snapshot import FILE, LEAST_NEW, fold_of, kept_fold
from selftaught.report.view import RunView, view
from selftaught.runs import store as stores
from selftaught.runs.records import Record, decode
from selftaught.runs.store import Store


class Reading:
    """Counts the records that are read, whoever does it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counted(body: bytes) -> Record:
            self.count += 1
            return decode(body)

        monkeypatch.setattr(stores, "decode", counted)

    def of(self, folder: Path, *, keep: bool = True) -> tuple[RunView, int]:
        """What is seen in a look at the run, and how many records were read for it."""
        before = self.count
        with Store.open(folder / "run.sqlite", writable=False, checked=False) as store:
            seen = fold_of(store, keep=keep).view()
        return seen, self.count - before


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


class Long(Pen):
    """A record of every kind, long enough to be kept."""

    def write(self, record: Record, *texts: str) -> None:
        self.store.put(record, texts)

    def goes_on(self, times: int) -> None:
        for number in range(times):
            place = self._number
            self.tried(f"/apply:aa#0/ask:cc#{place}")
            self.answered(cost=0.25, price_source="a", at=f"/apply:aa#0/ask:cc#{place}", guessed=number % 7 == 0)
            self.answered(None, no_program="cut: at 100 tokens", t=number % 3)
            self.scored(value=number / times, at=f"/apply:aa#0/score:bb#{place}", ahead=number % 2 == 0)
            self.scored("crashed", f"KeyError: {number % 5}", reused=number % 2 == 0)
            self.scored(guessed=True, program=f"{place}", raw=0.25)
            self.applied("timed out", salvaged=True)
            self.scored(utility="meta-utility", numbers={"applications": 2.0, "of": 4.0})
            self.noticed(f"{number}")


def a_long_run(folder: Path) -> Long:
    pen = Long(folder)
    pen.session()
    pen.goes_on(20)
    pen.measured(SEED, [0.4, 0.6], [0.3, 0.5])
    pen.stepped(0, SEED, None, accepted=True)
    pen.goes_on(50)
    pen.measured(CHILD, [0.8, 1.0], [0.7, 0.9])
    pen.stepped(1, CHILD, CHILD, accepted=True)
    pen.ended("interrupted", "by hand")
    pen.store.barrier()
    return pen


@pytest.fixture
def pen(tmp_path: Path) -> Iterator[Long]:
    made = a_long_run(tmp_path)
    yield made
    made.store.close()


def whole(folder: Path) -> RunView:
    with Store.open(folder / "run.sqlite", writable=False) as store:
        return view(store)


def length(folder: Path) -> int:
    with Store.open(folder / "run.sqlite", writable=False) as store:
        return len(list(store))


def test_a_second_look_reads_nothing_and_a_third_what_is_new(pen: Long, tmp_path: Path, reading: Reading) -> None:
    assert length(tmp_path) > LEAST_NEW
    seen, read = reading.of(tmp_path)
    assert (seen, read) == (whole(tmp_path), length(tmp_path))
    assert reading.of(tmp_path) == (whole(tmp_path), 0)
    pen.session(1)
    pen.goes_on(1)
    pen.store.barrier()
    seen, read = reading.of(tmp_path)
    assert (seen, read) == (whole(tmp_path), 10)
    assert seen.total.responses == 71 * 2 and seen.status == "killed"


def test_it_shows_the_same_at_any_place_where_it_was_kept(
    pen: Long, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "LEAST_NEW", 1)
    records = list(pen.store)
    (tmp_path / "again").mkdir()
    with Store.create(tmp_path / "again" / "run.sqlite") as store:
        for number, record in enumerate(records):
            store.put(record)
            if number % 37 == 0 or number == len(records) - 1:
                seen = fold_of(store, keep=True).view()
                assert seen == view(islice(records, number + 1))
                assert as_json(seen, {}, "run") == as_json(view(islice(records, number + 1)), {}, "run")


def test_of_a_short_run_nothing_is_kept(tmp_path: Path, reading: Reading) -> None:
    pen = Long(tmp_path)
    pen.session()
    pen.store.close()
    assert reading.of(tmp_path)[1] == 1
    assert not (tmp_path / FILE).exists()


def test_who_only_looks_writes_nothing(pen: Long, tmp_path: Path, reading: Reading) -> None:
    assert reading.of(tmp_path, keep=False)[1] == length(tmp_path)
    assert not (tmp_path / FILE).exists()


def cut(kept: Path) -> None:
    os.truncate(kept, kept.stat().st_size // 2)


def empty(kept: Path) -> None:
    os.truncate(kept, 0)


def altered(kept: Path) -> None:
    body = bytearray(kept.read_bytes())
    body[len(body) // 2] ^= 1
    kept.write_bytes(body)


def rewritten(kept: Path, **changed: Any) -> None:
    """By somebody who knows how: with a hash that fits."""
    told = json.loads(kept.read_bytes()[32:])
    body = json.dumps({**told, **changed}).encode()
    kept.write_bytes(sha256(body).digest() + body)


def of_other_code(kept: Path) -> None:
    rewritten(kept, code="0" * 64)


def of_another_record(kept: Path) -> None:
    rewritten(kept, mark="0" * 64)


def of_no_record(kept: Path) -> None:
    fold = json.loads(kept.read_bytes()[32:])["fold"]
    rewritten(kept, mark="", fold={**fold, "last": 10**9})


def with_an_unknown_field(kept: Path) -> None:
    rewritten(kept, more=1)


def with_a_number_beyond_all_bounds(kept: Path) -> None:
    fold = json.loads(kept.read_bytes()[32:])["fold"]
    rewritten(kept, fold={**fold, "dollars": float("inf")})


def of_another_shape(kept: Path) -> None:
    rewritten(kept, fold=[1, 2])


def nested(kept: Path) -> None:
    body = b"[" * 100_000
    kept.write_bytes(sha256(body).digest() + body)


def too_large(kept: Path) -> None:
    os.truncate(kept, 1 << 30)


def a_folder(kept: Path) -> None:
    kept.unlink()
    kept.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [cut, empty, altered, of_other_code, of_another_record, of_no_record, with_an_unknown_field,
     with_a_number_beyond_all_bounds, of_another_shape, nested, too_large, a_folder],
)  # fmt: skip
def test_what_does_not_fit_is_ignored_and_made_anew(pen: Long, tmp_path: Path, reading: Reading, spoil: Any) -> None:
    reading.of(tmp_path)
    assert reading.of(tmp_path)[1] == 0
    spoil(tmp_path / FILE)
    assert reading.of(tmp_path) == (whole(tmp_path), length(tmp_path))
    if spoil is not a_folder:
        assert reading.of(tmp_path) == (whole(tmp_path), 0)


@pytest.mark.parametrize("goes_on", [0, 1, 60])
def test_a_record_that_was_rolled_back_is_read_anew(tmp_path: Path, reading: Reading, goes_on: int) -> None:
    """Restored from a copy, say, below what was kept; and worked on, to less or more than it had."""
    pen = a_long_run(tmp_path)
    pen.store.close()
    copy = (tmp_path / "run.sqlite").read_bytes()
    with Store.open(tmp_path / "run.sqlite") as pen.store:
        pen.goes_on(60)
    reading.of(tmp_path)
    (tmp_path / "run.sqlite").write_bytes(copy)
    with Store.open(tmp_path / "run.sqlite") as pen.store:
        pen.tick(100)
        pen.goes_on(goes_on)
    assert reading.of(tmp_path) == (whole(tmp_path), length(tmp_path))
    assert reading.of(tmp_path) == (whole(tmp_path), 0)


def test_a_record_that_lost_its_end_is_read_anew(tmp_path: Path, reading: Reading) -> None:
    a_long_run(tmp_path).store.close()
    reading.of(tmp_path)
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as changed, changed:
        changed.execute("DELETE FROM records WHERE seq > 590")
    assert reading.of(tmp_path) == (whole(tmp_path), 590)


def test_a_run_at_work_is_seen_as_far_as_it_has_come(pen: Long, tmp_path: Path, reading: Reading) -> None:
    """Each look reads what was written since the last one that was kept."""
    every = 0
    for _ in range(4):
        pen.goes_on(60)
        pen.store.barrier()
        seen, read = reading.of(tmp_path)
        assert seen == whole(tmp_path)
        every += read
    assert every == length(tmp_path)


def test_two_that_look_at_once_see_the_same_and_leave_what_fits(pen: Long, tmp_path: Path, reading: Reading) -> None:
    look = (
        "import sys\nfrom pathlib import Path\nfrom selftaught.report.snapshot import fold_of\n"
        "from selftaught.runs.store import Store\n"
        "with Store.open(Path(sys.argv[1]) / 'run.sqlite', writable=False) as store:\n"
        "    for _ in range(20):\n        Path(sys.argv[1], '.run.sqlite.fold').unlink(missing_ok=True)\n"
        "        print(fold_of(store, keep=True).view())\n"
    )

    def once(_: int) -> str:
        asked = [sys.executable, "-c", look, str(tmp_path)]
        return subprocess.run(asked, capture_output=True, text=True, timeout=120, check=True).stdout

    with ThreadPoolExecutor(3) as pool:
        told = "".join(pool.map(once, range(3))).splitlines()
    assert len(told) == 60 and set(told) == {str(whole(tmp_path))}
    assert reading.of(tmp_path)[0] == whole(tmp_path)
    assert reading.of(tmp_path) == (whole(tmp_path), 0)
    assert {path.name for path in tmp_path.iterdir()} <= {
        "run.sqlite", "run.sqlite-wal", "run.sqlite-shm", ".run.sqlite.lock", FILE,
    }  # fmt: skip


def test_where_nothing_can_be_written_the_whole_record_is_read(
    pen: Long, tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a read-only folder: root may write there, so the system's refusal is given by hand."""
    opened = os.open

    def refused(path: Any, flags: int, *more: Any) -> int:
        if flags & os.O_RDWR and str(path).endswith(FILE):
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refused)
    for _ in range(2):
        assert reading.of(tmp_path) == (whole(tmp_path), length(tmp_path))
    assert not (tmp_path / FILE).exists()


def test_it_is_not_read_or_written_through_a_link(pen: Long, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("not yours")
    (tmp_path / FILE).symlink_to(mine)
    assert kept_fold(pen.store) is None
    assert fold_of(pen.store, keep=True).view() == view(pen.store)
    assert mine.read_text() == "not yours"


def test_damage_is_found_where_the_whole_record_is_read(tmp_path: Path) -> None:
    """Also where it is in no record, and where the store was opened without a check of its pages."""
    a_long_run(tmp_path).store.close()
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as asked:
        page = asked.execute("SELECT rootpage FROM sqlite_master WHERE name = 'texts'").fetchone()[0]
    body = bytearray((tmp_path / "run.sqlite").read_bytes())
    body[(page - 1) * 4096 : page * 4096] = bytes(4096)
    (tmp_path / "run.sqlite").write_bytes(body)
    with (
        Store.open(tmp_path / "run.sqlite", writable=False, checked=False) as store,
        pytest.raises(RecordError, match="damaged"),
    ):
        fold_of(store)
