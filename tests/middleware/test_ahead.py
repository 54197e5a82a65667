"""What is scored before anybody asks: joined, reused and dropped as if it had not been, or on record as a guess."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selftaught.core.address import working_at
from selftaught.core.ahead import Guess, InVain, guessing
from selftaught.core.contracts import Application, Program, Score
from selftaught.core.errors import SandboxError
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorded import RecordedApply, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Record, Scored
from selftaught.runs.store import Store

ONE, TWO = Program("x = 1\n"), Program("x = 2\n")


@dataclass
class Gated:
    """A utility that scores when it is let."""

    name: str = "task/val"
    description: str = ""
    deterministic: bool = True
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may: threading.Event = field(default_factory=threading.Event)
    scored: list[Program] = field(default_factory=list)
    fails: int = 0

    def __call__(self, program: Program) -> Score:
        self.scored.append(program)
        self.begun.release()
        assert self.may.wait(20)
        if self.fails:
            self.fails -= 1
            raise SandboxError("the sandbox broke")
        return Score(0.5, feedback="half")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "run.sqlite") as made:
        yield made


def recorded(store: Store, utility: Gated) -> tuple[Recorder, RecordedUtility]:
    recorder = Recorder(store)
    return recorder, RecordedUtility(utility, recorder, guesses=Ahead(2), guessed=utility)


def scores(store: Store) -> list[Scored]:
    return [record for record in store if isinstance(record, Scored)]


def told(record: Record) -> tuple[object, ...]:
    assert isinstance(record, Scored)
    return record.at, record.program, record.value, record.reused, record.guessed


def test_who_asks_while_a_guess_runs_has_its_score_as_if_it_were_the_first(store: Store) -> None:
    utility = Gated()
    recorder, ahead = recorded(store, utility)
    with working_at("/apply:a#0"):
        ahead.ahead(lambda: ONE)
        assert utility.begun.acquire(timeout=20)
        utility.may.set()
        assert [ahead(ONE).value, ahead(ONE).value] == [0.5, 0.5]
        recorder.note_guesses("/apply:a#0")
    assert utility.scored == [ONE]
    assert [(record.reused, record.guessed, record.at.count("score:")) for record in scores(store)] == [
        (False, False, 1),
        (True, False, 1),
    ]


def test_what_nobody_asked_for_is_on_record_as_a_guess_at_the_end_of_the_work(store: Store) -> None:
    utility = Gated()
    utility.may.set()
    recorder, ahead = recorded(store, utility)
    with working_at("/apply:a#0"):
        ahead.ahead(lambda: ONE)
        assert utility.begun.acquire(timeout=20)
        while recorder._scores["task/val", ONE.id].score.done() is False:
            threading.Event().wait(0.005)
    assert scores(store) == []
    recorder.note_guesses("/apply:a#0")
    recorder.note_guesses()
    (guess,) = scores(store)
    assert guess.guessed and guess.program == ONE.id and guess.at.startswith("/apply:a#0/guessed:")
    assert store.text(guess.program) == ONE.source and store.text(guess.feedback) == "half"


def test_a_guess_on_record_answers_a_later_start_as_if_it_were_asked_first(store: Store) -> None:
    utility = Gated()
    utility.may.set()
    recorder, ahead = recorded(store, utility)
    ahead.ahead(lambda: ONE)
    assert utility.begun.acquire(timeout=20)
    while not scores(store):
        recorder.note_guesses()
    later = Gated()
    _, again = recorded(store, later)
    assert again(ONE).feedback == "half"
    assert later.scored == []
    assert [(record.reused, record.guessed) for record in scores(store)] == [(False, True), (False, False)]


def test_a_guess_that_fails_is_none(store: Store) -> None:
    utility = Gated(fails=1)
    _, ahead = recorded(store, utility)
    ahead.ahead(lambda: ONE)
    assert utility.begun.acquire(timeout=20)
    utility.may.set()
    assert ahead(ONE).value == 0.5
    assert utility.scored == [ONE, ONE]
    assert [(record.reused, record.guessed) for record in scores(store)] == [(False, False)]


def test_a_utility_that_is_not_deterministic_is_not_guessed(store: Store) -> None:
    utility = Gated(deterministic=False)
    utility.may.set()
    _, ahead = recorded(store, utility)
    read: list[None] = []
    ahead.ahead(lambda: read.append(None))
    assert ahead(TWO).value == 0.5
    assert utility.scored == [TWO] and read == []


def test_addresses_and_records_are_those_of_a_run_without_guesses(store: Store, tmp_path: Path) -> None:
    def asked(recorder: Recorder, utility: RecordedUtility) -> None:
        with working_at("/apply:a#0"):
            for program in (ONE, TWO, ONE):
                utility(program)

    utility = Gated()
    utility.may.set()
    recorder, ahead = recorded(store, utility)
    with working_at("/apply:a#0"):
        ahead.ahead(lambda: TWO)
        assert utility.begun.acquire(timeout=20)
    asked(recorder, ahead)
    (tmp_path / "plain").mkdir()
    with Store.create(tmp_path / "plain" / "run.sqlite") as plain:
        plain_recorder = Recorder(plain)
        asked(plain_recorder, RecordedUtility(utility, plain_recorder))
        assert [told(record) for record in store] == [told(record) for record in plain]


@dataclass
class Drawing(Gated):
    """A utility that draws anew each time, and asks for something at an address of its own."""

    deterministic: bool = False
    recorder: Recorder | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, program: Program) -> Score:
        assert self.recorder is not None
        self.asked.append(self.recorder.address("ask", "something"))
        return super().__call__(program)


def drawing(store: Store, fails: int = 0) -> tuple[Drawing, RecordedUtility]:
    utility = Drawing(recorder=(recorder := Recorder(store)), fails=fails)
    return utility, RecordedUtility(utility, recorder, compares=True, guesses=Ahead(2))


def test_of_a_utility_that_draws_the_first_score_alone_is_guessed(store: Store) -> None:
    utility, ahead = drawing(store)
    utility.may.set()
    with working_at("/apply:a#0"):
        ahead.ahead(lambda: ONE)
        assert utility.begun.acquire(timeout=20)
        assert [ahead(ONE).value, ahead(ONE).value] == [0.5, 0.5]
    assert [record.ahead for record in scores(store)] == [True, False]
    assert utility.asked == [f"{record.at}/{utility.asked[0].rpartition('/')[2]}" for record in scores(store)]


def test_what_a_guess_asked_that_failed_is_asked_at_the_same_address(store: Store) -> None:
    utility, ahead = drawing(store, fails=1)
    utility.may.set()
    with working_at("/apply:a#0"):
        ahead.ahead(lambda: ONE)
        assert utility.begun.acquire(timeout=20)
        while ahead.recorder._scores:
            threading.Event().wait(0.005)
        assert ahead(ONE).value == 0.5
    assert len(utility.asked) == 2 and len(set(utility.asked)) == 1
    assert [record.ahead for record in scores(store)] == [False]


def test_who_waits_for_a_score_that_a_guess_is_making_has_it_made_wanted(store: Store) -> None:
    """A guess of an improver scores a solution: another improver, that somebody waits for, wants the same score."""
    utility = Gated()
    recorder = Recorder(store)
    of_tasks = RecordedUtility(utility, recorder)
    guess, seen = Guess(), threading.Event()

    def within() -> None:
        with guessing(guess):
            of_tasks(ONE)

    thread = threading.Thread(target=within, daemon=True)
    thread.start()
    assert utility.begun.acquire(timeout=20)
    made = recorder._scores["task/val", ONE.id].guess
    assert made is not None and made.outer is guess and not made.wanted
    made.when_wanted(seen.set)
    made.when_wanted(utility.may.set)
    assert of_tasks(ONE).value == 0.5
    thread.join(20)
    assert seen.is_set() and not guess.wanted


def test_what_a_dropped_guess_would_ask_next_is_not_asked() -> None:
    guess = Guess()
    guess.drop()
    with guessing(guess), pytest.raises(InVain):
        Gate().guard(lambda: pytest.fail("it was asked"))
    guess.want()
    with guessing(guess):
        assert Gate().guard(lambda: 1) == 1


def test_the_failure_of_a_guess_stops_nobody(store: Store) -> None:
    gate = Gate()

    def fails() -> None:
        raise SandboxError("the sandbox broke")

    with guessing(Guess()), pytest.raises(SandboxError):
        gate.guard(fails)
    assert gate.reason is None


def test_one_idle_thread_does_not_keep_more_from_starting() -> None:
    ahead, together = Ahead(3), threading.Barrier(4)

    def meet() -> None:
        together.wait(20)

    while not ahead._idle:  # one thread, which is done
        ahead.put(lambda: None)
        threading.Event().wait(0.005)
    for _ in range(3):
        ahead.put(meet)
    meet()


def test_a_part_of_a_guess_is_wanted_as_soon_as_the_whole_is() -> None:
    """Listeners hear one after the other, and the first may write to the disk."""
    guess, heard = Guess(), list[bool]()
    piece = Guess(guess)
    guess.when_wanted(lambda: heard.append(piece.wanted))
    assert not piece.wanted
    guess.want()
    assert heard == [True]


def test_a_guess_keeps_nothing_that_has_heard_or_never_will() -> None:
    for end in (Guess.want, Guess.drop):
        guess = Guess()
        guess.when_wanted(lambda: None)
        end(guess)
        assert guess._listening == []


def test_of_an_application_that_ends_in_a_failure_no_guess_is_kept(store: Store) -> None:
    utility = Gated()
    utility.may.set()
    recorder, ahead = recorded(store, utility)

    def broken(*arguments: object) -> Application:
        ahead.ahead(lambda: ONE)
        assert utility.begun.acquire(timeout=20)
        recorder._scores["task/val", ONE.id].score.result(20)
        raise InVain

    with pytest.raises(InVain):
        RecordedApply(broken, recorder)(TWO, ahead, ONE, lambda prompts: [])
    assert recorder._guessed == []


def test_a_part_of_a_guess_that_ended_in_vain_is_not_on_record_whoever_ends_it(store: Store) -> None:
    part = Gated()
    part.may.set()
    recorder = Recorder(store)

    class Whole(Gated):
        def __call__(self, program: Program) -> Score:
            recorder.score_ahead(part, lambda: TWO)
            raise InVain

    with pytest.raises(InVain):
        recorder.score_ahead(Whole(), lambda: ONE, at=lambda program: "/score:whole#0")
    recorder.end_guesses()
    assert part.scored == [TWO] and scores(store) == []
