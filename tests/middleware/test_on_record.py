"""A run goes on without its record in memory: it asks for what it needs, and reads nothing else."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selftaught.core.address import working_at
from selftaught.core.contracts import Application, Completion, LanguageModel, Program, Prompt, Score, Utility, Verdict
from selftaught.middleware.on_record import OnRecord
from selftaught.middleware.recorded import RecordedApply, RecordedModel, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.runs import store as stores
from selftaught.runs.records import Ended, Noticed, Record, Scored, Session, Stepped, decode
from selftaught.runs.store import Store

IMPROVER, SEED = Program("def improve_algorithm(s, u, l): ...\n"), Program("x = 0\n")


@dataclass
class Steady:
    """A utility that counts what it scores."""

    name: str = "task/val"
    description: str = ""
    deterministic: bool = True
    fault: str = ""
    scored: list[Program] = field(default_factory=list)

    def __call__(self, program: Program) -> Score:
        self.scored.append(program)
        return Score(len(program.source) / 1000, feedback=program.source, fault=self.fault)


def echo(prompts: Sequence[Prompt]) -> list[Completion]:
    """A model."""
    return [Completion(f"x = {prompt.user}\n", 7, 5) for prompt in prompts]


def gone(prompts: Sequence[Prompt]) -> list[Completion]:
    """A model that must not be asked."""
    raise AssertionError("asked the model again")


class Work:
    """Applications of an improver, each of which asks for programs and has them scored."""

    def __init__(self, store: Store, model: LanguageModel = echo) -> None:
        self.recorder, self.utility = Recorder(store), Steady()
        self.asking = RecordedModel(model, self.recorder, thread_map)
        self.scoring = RecordedUtility(self.utility, self.recorder)
        self.apply = RecordedApply(self._apply, self.recorder)

    def _apply(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        said = [model([Prompt("", f"{number}", 0.7)])[0].text for number in range(40)]
        best = max(map(Program, said), key=lambda program: self.scoring(program).value)
        return Application(best, Verdict.OK, "", 40, 40, 40)

    def __call__(self, solution: Program) -> Application:
        return self.apply(IMPROVER, self.scoring, solution, self.asking)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "run.sqlite") as made:
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The records that are read, whoever does it."""
    found: list[Record] = []

    def noted(body: bytes) -> Record:
        found.append(decode(body))
        return found[-1]

    monkeypatch.setattr(stores, "decode", noted)
    return found


def test_of_what_ended_only_the_end_is_read(store: Store, read: list[Record]) -> None:
    before = [Work(store)(Program(f"x = {-number}\n")) for number in range(5)]
    assert len(list(store)) == 5 * (2 * 40 + 1)
    read.clear()
    again = Work(store, gone)
    assert [again(Program(f"x = {-number}\n")) for number in range(5)] == before
    assert len(read) == 5


def test_of_what_was_in_the_middle_each_record_is_read_once(store: Store, read: list[Record]) -> None:
    with working_at("/apply:a#0"):
        Work(store)._apply(IMPROVER, Steady(), SEED, Work(store).asking)
        read.clear()
        again = Work(store, gone)
        again._apply(IMPROVER, again.scoring, SEED, again.asking)
    assert len(read) == 2 * 40 == len({record.at for record in read})
    assert again.utility.scored == []


def test_equal_programs_are_scored_once_in_all_starts(store: Store, read: list[Record]) -> None:
    first = Work(store)
    given = first.scoring(SEED)
    again = Work(store)
    read.clear()
    with working_at("/apply:a#0"):
        assert (again.scoring(SEED), again.utility.scored) == (given, [])
    assert len(read) == 1
    assert [record.reused for record in store if isinstance(record, Scored)] == [False, True]


def test_what_is_on_record_is_not_kept_in_memory(store: Store) -> None:
    work = Work(store)
    work(SEED)
    assert (work.recorder._scores, work.recorder._layouts) == ({}, {})
    assert work.scoring(Program("x = 7\n")).feedback == "x = 7\n" and len(work.utility.scored) == 40


def test_a_score_that_the_task_spoiled_is_made_again_by_the_next_start_alone(store: Store) -> None:
    work = Work(store)
    work.utility.fault = "grade raised"
    for _ in range(2):
        work.scoring(SEED)
    assert len(work.utility.scored) == 1
    again = Work(store)
    assert again.recorder.score_on_record("task/val", SEED) is None
    with working_at("/apply:a#0"):
        assert again.scoring(SEED).fault == "" and len(again.utility.scored) == 1


@pytest.mark.parametrize("resumed", [False, True])
def test_who_comes_second_to_an_address_changes_nothing(store: Store, *, resumed: bool) -> None:
    seen: list[Record] = []
    if resumed:
        Recorder(store).write(Session(at="/session#0", version="1", tier="unsafe"))
    recorder = Recorder(store, seen.append)
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait(20)
        recorder.write(Noticed(at="/noticed:a/b", program="p", what="w", note=f"{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    (kept,) = [record for record in store if isinstance(record, Noticed)]
    assert seen == [kept]
    Recorder(store, seen.append).write(Noticed(at="/noticed:a/b", program="p", what="w", note="later"))
    assert [record for record in store if isinstance(record, Noticed)] == [kept] == seen


def test_many_that_ask_for_one_score_at_once_run_it_once(store: Store) -> None:
    """Also those that ask while it is being put on record, and is no longer among those that are being made."""
    work = Work(store)
    programs = [Program(f"x = {number}\n") for number in range(50)]

    def ask(place: int) -> None:
        with working_at(f"/apply:a#{place}"):
            for program in programs:
                work.scoring(program)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert sorted(work.utility.scored, key=programs.index) == programs
    reused = [record.reused for record in store if isinstance(record, Scored)]
    assert (len(reused), reused.count(False)) == (400, 50)


def test_a_run_knows_how_far_it_came(store: Store) -> None:
    records: list[Record] = [
        Session(at="/session#0", version="1", tier="unsafe"),
        Stepped(at="/step#0", t=0, improver="a", proposed=None, accepted=True, verdict="ok", note=""),
        Ended(at="/ended#0", how="killed", note=""),
        Session(at="/session#1", version="2", tier="unsafe"),
    ]
    for record in records:
        store.put(record)
    assert (store.of(Session), store.of(Ended)) == ([records[0], records[3]], [records[2]])
    assert store.of_any(Session, Stepped) == [records[0], records[1], records[3]]
    recorder = Recorder(store)
    assert recorder.t == 1
    recorder.write(Stepped(at="/step#1", t=1, improver="b", proposed="b", accepted=True, verdict="ok", note=""))
    assert (recorder.t, recorder.on_record("/step#1", Stepped)) == (2, store.of(Stepped)[-1])
    assert OnRecord(store).steps == 2
