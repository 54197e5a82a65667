"""The candidates of a long run: added one record at a time, and no more of them kept than are shown."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.support import in_process
from report.a_run import Pen
from selftaught.cli.live.watched import Watched
from selftaught.report.candidates import Candidates, Course, candidates
from selftaught.report.plots import best_so_far
from selftaught.runs import store as stores
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Record, decode
from selftaught.runs.store import Store


def some(pen: Pen, count: int, seed: int = 1) -> None:
    """Candidates of several applications with equal scores and equal programs among them, and of the run itself."""
    rng = random.Random(seed)
    for number in range(count):
        place = f"/apply:aa#{number % 3}"
        pen.answered(at=f"{place}/ask:b#{seed}.{number}", response=f"r{seed}.{number}", prompt=f"p{number}")
        for time in range(rng.randint(0, 2)):
            at = f"{place}/score:{number}#{seed}.{time}"
            value = rng.choice([0.1, 0.5, rng.random()])
            told: dict[str, Any] = {
                "program": f"{number % (count // 2)}",
                "value": value,
                "response": f"r{seed}.{number}",
            }
            pen.scored(at=at, guessed=rng.random() < 0.2, **told)
        if number % 10 == 0:
            pen.scored(at=f"/score:{seed}#{number}", program=f"root {number}", response=f"r{seed}.{number}")
    pen.applied(at=f"/apply:aa#{seed}", program="4", salvaged=True)


def test_of_many_the_best_are_kept_with_all_that_is_told_of_them(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    some(pen, 120)
    some(pen, 120, seed=2)
    every = candidates(pen.store)
    assert len(every) > 60 and any(one.times > 1 for one in every) and any(one.salvaged for one in every)
    ranked = sorted(every, key=lambda one: -one.value)
    assert Candidates.of(pen.store).best() == ranked
    few = Candidates.of(pen.store, 20)
    assert few.best() == ranked[:20]
    assert few.all() == [one for one in every if one in ranked[:20]]
    assert (few.course.count, few.course.high) == (len(every), ranked[0].value)


def test_who_bought_a_response_that_is_scored_in_the_end_is_known_without_a_search(tmp_path: Path) -> None:
    """Each such score looks up one key, however many responses there are."""
    pen = Pen(tmp_path)
    some(pen, 60)
    found = Candidates.of(pen.store)
    asked: list[bytes] = []

    class Counting(dict[bytes, str]):
        def __iter__(self) -> object:  # type: ignore[override]
            raise AssertionError("searched")

        def get(self, key: bytes, default: str = "") -> str:  # type: ignore[override]
            asked.append(key)
            return super().get(key, default)

    found._buyers = Counting(found._buyers)
    pen.scored(at="/score:end#0", program="new", response="r1.7")
    found.add(list(pen.store)[-1])
    assert (found.all()[-1].application, len(asked)) == ("/apply:aa#1", 1)


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 2000, 2001, 9000])
def test_a_drawing_of_all_has_few_dots_and_every_rise(count: int) -> None:
    course, rng = Course(), random.Random(count)
    scores = [rng.random() for _ in range(count)]
    for score in scores:
        course.add(score)
    rises = [n for n, score in enumerate(scores) if score > max(scores[:n], default=-1.0)]
    assert [number for number, _ in course.best] == rises
    assert course.dots == [(n, score) for n, score in enumerate(scores) if n % course.each == 0]
    assert len(course.dots) <= 2000 and (course.each == 1 or len(course.dots) >= 1000)
    drawn = best_so_far(course)
    assert (f"{count} candidates, the best {max(scores):.4g}" in drawn) if count > 1 else drawn == ""


def test_a_live_page_reads_what_is_new_and_shows_what_the_report_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = in_process("improve", "string-grid-distance", "--model", "mutate", "--out", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder, read = RunFolder(tmp_path / "r"), 0

    def counted(body: bytes) -> Record:
        nonlocal read
        read += 1
        return decode(body)

    monkeypatch.setattr(stores, "decode", counted)
    watched = Watched(folder)

    def look() -> int:
        nonlocal read
        with watched.opened() as store:
            read = 0
            _, run = watched.so_far(store)
            with watched.candidates(store) as found:
                told = found.best(), read
            every = list(store)
            assert told[0] == Candidates.of(every).best()
            assert run.total.responses == sum(type(record).__name__ == "Answered" for record in every)
            return told[1]

    assert look() > 20
    assert look() == 0
    with Store.open(folder.store) as store:
        last = list(store)[-1]
        store.append(msgspec.structs.replace(last, at="/more#0"))
    assert look() == 2  # by the fold, and by the candidates
