"""How many calls go out at once, and how many a minute."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from selftaught.core.ahead import Guess, InVain, guess_here, guessing
from selftaught.core.errors import RunStopped
from selftaught.core.work import IMPROVER, SOLUTION, working_on
from selftaught.models.served.traffic import Traffic


def go(traffic: Traffic, *, busy: bool = False, tokens: int = 0, counted: int | None = None) -> None:
    with traffic.place(tokens) as place:
        place.busy, place.answered, place.tokens = busy, not busy, counted


def test_each_refusal_halves_and_each_round_of_answers_adds_one() -> None:
    traffic = Traffic(16)
    with ThreadPoolExecutor(16) as threads:
        together = threading.Barrier(16)

        def refused() -> None:
            with traffic.place(0) as place:
                together.wait(10)
                place.busy = True

        for call in [threads.submit(refused) for _ in range(16)]:
            call.result()
    assert traffic.allowed == 8  # one wave is one cut, however many it refused
    for _ in range(9):
        go(traffic)
    assert traffic.allowed == 9
    for _ in range(200):
        go(traffic)
    assert traffic.allowed == 16
    for _ in range(10):
        go(traffic, busy=True)
    assert traffic.allowed == 1


def test_no_more_requests_in_any_minute_than_allowed() -> None:
    traffic = Traffic(100, requests_per_minute=5, minute_seconds=0.3)
    times: list[float] = []

    def call() -> None:
        with traffic.place(0):
            times.append(time.monotonic())

    with ThreadPoolExecutor(20) as threads:
        for done in [threads.submit(call) for _ in range(20)]:
            done.result()
    times.sort()
    assert all(later - earlier >= 0.29 for earlier, later in zip(times, times[5:], strict=False))
    assert times[-1] - times[0] < 30


def test_tokens_are_counted_as_the_server_counts_them() -> None:
    traffic = Traffic(1, tokens_per_minute=100, minute_seconds=3.0)
    began = time.monotonic()
    for _ in range(4):
        go(traffic, tokens=60, counted=10)  # by the estimate alone the second would wait
    go(traffic, tokens=60, counted=90)
    assert time.monotonic() - began < 2.9
    go(traffic, tokens=60)
    assert time.monotonic() - began >= 2.99


def test_what_is_more_than_a_minutes_tokens_goes_alone() -> None:
    traffic = Traffic(1, tokens_per_minute=10, minute_seconds=0.1)
    began = time.monotonic()
    go(traffic, tokens=1000)
    go(traffic, tokens=1000)
    assert 0.09 <= time.monotonic() - began < 5


def test_while_the_server_asks_to_be_left_alone_nobody_calls_it() -> None:
    traffic = Traffic(8)
    with traffic.place(0) as place:
        place.busy, place.pause_seconds = True, 0.3
    began = time.monotonic()
    go(traffic)
    assert time.monotonic() - began >= 0.29


def test_a_stop_ends_the_wait_for_a_place() -> None:
    def stop() -> None:
        if time.monotonic() > deadline:
            raise RunStopped("enough")

    deadline = time.monotonic() + 0.1
    traffic = Traffic(1, requests_per_minute=1, stop=stop)
    go(traffic)
    with pytest.raises(RunStopped):
        go(traffic)


def asks(
    traffic: Traffic, role: str = SOLUTION, guess: Guess | None = None
) -> tuple[threading.Event, Callable[[], None]]:
    """Asks in a thread of its own: an event for the place that it got, and what gives that back."""
    given, over = threading.Event(), threading.Event()

    def call() -> None:
        with working_on(role=role), guessing(guess), traffic.place(0):
            given.set()
            over.wait(20)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        thread.join(20)

    return given, end


def waits(traffic: Traffic, number: int) -> None:
    """Until so many wait."""
    for _ in range(2000):
        with traffic._lock:
            if len(traffic._called) == number:
                return
        threading.Event().wait(0.005)
    raise AssertionError("they do not wait")


def test_improvers_ask_first_then_who_is_waited_for_and_guesses_last() -> None:
    traffic = Traffic(1)
    with traffic.place(0):
        guess, end_guess = asks(traffic, guess=Guess())
        waits(traffic, 1)
        score, end_score = asks(traffic)
        waits(traffic, 2)
        improver, end_improver = asks(traffic, IMPROVER)
        waits(traffic, 3)
    assert improver.wait(20) and not score.is_set()
    end_improver()
    assert score.wait(20) and not guess.is_set()
    end_score()
    assert guess.wait(20)
    end_guess()


def test_a_guess_that_becomes_wanted_goes_before_the_other_guesses() -> None:
    traffic, wanted = Traffic(1), Guess()
    with traffic.place(0):
        other, end_other = asks(traffic, guess=Guess())
        waits(traffic, 1)
        guess, end_guess = asks(traffic, guess=wanted)
        waits(traffic, 2)
        wanted.want()
    assert guess.wait(20) and not other.is_set()
    end_guess()
    assert other.wait(20)
    end_other()


def test_guesses_leave_a_place_free() -> None:
    traffic = Traffic(2)
    first, end_first = asks(traffic, guess=Guess())
    assert first.wait(20)
    second, end_second = asks(traffic, guess=Guess())
    waits(traffic, 1)
    with traffic.place(0):  # at once
        assert not second.is_set()
    end_first()
    assert second.wait(20)
    end_second()


def test_a_guess_that_is_dropped_asks_no_more() -> None:
    traffic, guess = Traffic(1), Guess()

    def call() -> None:
        with guessing(guess):
            go(traffic)

    with ThreadPoolExecutor(1) as thread, traffic.place(0):
        asked = thread.submit(call)
        waits(traffic, 1)
        guess.drop()
        with pytest.raises(InVain):
            asked.result(20)
    go(traffic)


def test_a_call_that_is_made_again_keeps_its_place() -> None:
    traffic = Traffic(1)
    number = traffic.number()
    first: list[str] = []
    with traffic.place(0):
        later, end_later = asks(traffic)
        waits(traffic, 1)

        def call() -> None:
            with traffic.place(0, number):
                first.append("later" if later.is_set() else "again")

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        waits(traffic, 2)
    thread.join(20)
    assert first == ["again"] and later.wait(20)
    end_later()


def test_a_guess_that_waits_looks_less_often_and_ends_when_it_is_dropped() -> None:
    looks: dict[bool, int] = {True: 0, False: 0}

    def stop() -> None:
        looks[guess_here() is not None] += 1

    traffic, guess = Traffic(1, stop=stop), Guess()

    def wait() -> None:
        with guessing(guess), pytest.raises(InVain), traffic.place(1):
            pass

    with traffic.place(1):
        _, end_requested = asks(traffic)
        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        waits(traffic, 2)
        before = dict(looks)
        while looks[False] - before[False] < 10:
            time.sleep(0.01)
        assert looks[True] - before[True] < 5
        guess.drop()
        waiting.join(20)
        assert not waiting.is_alive()
    end_requested()
