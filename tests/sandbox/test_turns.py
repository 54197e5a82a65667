"""Who computes first: improvers, then what somebody waits for, then guesses; and a guess keeps nobody waiting."""

import threading
from collections.abc import Callable

from selftaught.core.ahead import Guess, guessing
from selftaught.core.line import IMPROVER, SCORE
from selftaught.sandbox.broker import Turns


def in_a_thread(
    turns: Turns, urgency: int = SCORE, guess: Guess | None = None
) -> tuple[threading.Event, Callable[[], None]]:
    """Asks for a turn: an event that tells that it was given, and what gives it back."""
    given, over = threading.Event(), threading.Event()

    def work() -> None:
        turns.take(urgency)
        given.set()
        over.wait(20)
        turns.give()

    def whole() -> None:
        if guess is None:
            work()
        else:
            with guessing(guess):
                work()

    thread = threading.Thread(target=whole, daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        thread.join(20)

    return given, end


def waits(turns: Turns, number: int) -> None:
    """Until so many wait."""
    for _ in range(2000):
        with turns._lock:
            if len(turns._granted) == number:
                return
        threading.Event().wait(0.005)
    raise AssertionError("they do not wait")


def test_an_improver_goes_before_scores_that_came_first() -> None:
    turns = Turns(1)
    turns.take()
    score, end_score = in_a_thread(turns)
    waits(turns, 1)
    improver, end_improver = in_a_thread(turns, IMPROVER)
    waits(turns, 2)
    turns.give()
    assert improver.wait(20) and not score.is_set()
    end_improver()
    assert score.wait(20)
    end_score()


def test_what_somebody_waits_for_does_not_wait_for_a_guess() -> None:
    turns = Turns(1)
    guess, end_guess = in_a_thread(turns, guess=Guess())
    assert guess.wait(20)
    score, end_score = in_a_thread(turns)
    assert score.wait(20)
    another, end_another = in_a_thread(turns)
    waits(turns, 1)
    end_score()
    assert another.wait(20)
    end_another(), end_guess()


def test_a_guess_waits_for_a_core_that_nobody_wants() -> None:
    turns = Turns(1)
    turns.take()
    guess, end_guess = in_a_thread(turns, guess=Guess())
    waits(turns, 1)
    score, end_score = in_a_thread(turns)
    waits(turns, 2)
    turns.give()
    assert score.wait(20) and not guess.is_set()
    end_score()
    assert guess.wait(20)
    end_guess()


def test_a_guess_that_becomes_wanted_is_as_urgent_as_any_other() -> None:
    turns, wanted = Turns(1), Guess()
    turns.take()
    guess, end_guess = in_a_thread(turns, guess=wanted)
    waits(turns, 1)
    other, end_other = in_a_thread(turns, guess=Guess())
    waits(turns, 2)
    wanted.want()
    score, end_score = in_a_thread(turns)
    waits(turns, 3)
    turns.give()
    assert guess.wait(20) and not score.is_set()
    end_guess()
    assert score.wait(20) and not other.is_set()
    end_score(), end_other()


def test_a_guess_that_runs_and_becomes_wanted_holds_its_core() -> None:
    turns, wanted = Turns(1), Guess()
    guess, end_guess = in_a_thread(turns, guess=wanted)
    assert guess.wait(20)
    wanted.want()
    score, end_score = in_a_thread(turns)
    waits(turns, 1)
    assert not score.is_set()
    end_guess()
    assert score.wait(20)
    end_score()
