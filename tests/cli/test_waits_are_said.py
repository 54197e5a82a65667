"""What a run waits for is said: at once where a person answers, and why an attempt is made again."""

import queue
from typing import Any

import msgspec
import pytest

from selftaught.cli.experiment_progress import ExperimentProgress
from selftaught.cli.progress import Progress
from selftaught.models.waiting import Waiting
from selftaught.report.view import Fold
from selftaught.runs.records import Answered, Tried


class Heard(Progress):
    """Puts what it says into a queue."""

    def __init__(self, waiting: Waiting, **more: Any) -> None:
        super().__init__(depth=1, waiting=waiting, **more)
        self.lines: queue.Queue[str] = queue.Queue()

    def say(self, text: str) -> None:
        self.lines.put(text)


def tried(number: int, wait_seconds: float) -> Tried:
    return Tried(at=f"/a/tried#{number}", ask="/a", role="", t=0, error="503", seconds=0.1, wait_seconds=wait_seconds)


def test_replies_of_people_are_asked_for_at_once() -> None:
    waiting = Waiting()
    progress = Heard(waiting)
    with progress, waiting.of("replies in box", person=True):
        assert progress.lines.get(timeout=60).startswith("waiting for 1 reply in box")
        with waiting.of("replies in box", person=True):
            assert progress.lines.get(timeout=60).startswith("waiting for 2 replies in box")


def test_a_failed_attempt_is_said_with_the_wait_for_the_next_and_many_at_once_are_one_line() -> None:
    progress = Heard(Waiting())
    with progress:
        for number in range(5):
            progress.watch(tried(number, 8.0))
        assert progress.lines.get(timeout=60) == "  503; again in 8.0 s"
        assert progress.lines.empty()


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "  503; again in 8.0 s"), (2, "  503; again in 8.0 s (3rd time)"), (11, "  503; again in 8.0 s (12th time)")],
)
def test_how_often_the_call_has_failed_is_said(number: int, said: str) -> None:
    progress = Heard(Waiting())
    with progress:
        progress.watch(tried(number, 8.0))
        assert progress.lines.get(timeout=60) == said


def test_an_attempt_after_which_there_is_no_other_is_left_to_the_end() -> None:
    progress = Heard(Waiting())
    with progress:
        progress.watch(tried(0, 0.0))
        assert progress.lines.empty()


class Clock:
    """One that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def answered(number: int) -> Answered:
    return Answered(
        at=f"/apply:1#0/ask:1#{number}", time=1e6, prompt="p" * 64, temperature=0.7, response="r" * 64, model="m",
        input_tokens=None, output_tokens=None, finish_reason="stop", seconds=1.0,
    )  # fmt: skip


def test_without_a_terminal_a_line_comes_whenever_30_seconds_have_passed_whatever_is_waited_for() -> None:
    clock = Clock()
    progress = Heard(Waiting(), clock=clock)
    with progress:
        for now in (11.0, 32.0, 63.0, 94.0, 125.0):
            progress._shown, clock.now = clock.now, now
            assert "t = 1 of 1" in progress.lines.get(timeout=60)


def test_the_time_that_is_left_follows_from_the_rate_and_never_passes_the_limit() -> None:
    clock = Clock()
    slow, short = (Heard(Waiting(), clock=clock, expected=40, seconds=seconds) for seconds in (None, 100.0))
    for progress in (slow, short):
        for number in range(10):
            progress.watch(answered(number))
    clock.now = 60.0
    assert "00:01:00 · about 3:00 left" in str(slow._line())
    assert "about 40 s left" in str(short._line())
    for number in range(10, 40):
        slow.watch(answered(number))
    assert "left" not in str(slow._line())  # it takes longer than was expected


def test_what_an_earlier_start_did_tells_nothing_of_the_rate() -> None:
    clock = Clock()
    known = Fold()
    for number in range(20):
        known.add(answered(number))
    progress = Heard(Waiting(), clock=clock, expected=40, known=known)
    clock.now = 60.0
    assert "left" not in str(progress._line())
    for number in range(20, 30):
        progress.watch(answered(number))
    assert "about 1:00 left" in str(progress._line())


def test_an_experiment_says_how_long_its_runs_will_still_take_together() -> None:
    """20 responses are of an earlier start, 5 of the new ones were bought for another run: 10 came in a minute."""
    clock = Clock()
    progress = ExperimentProgress("suite", waiting=Waiting(), expected=50, clock=clock)
    progress.going_on(1, 3)
    progress.watching("0-0", [answered(number) for number in range(20)])
    watch = [progress.watching(run, []) for run in ("0-1", "0-2")]
    clock.now = 60.0
    assert "left" not in str(progress._line())
    for number in range(10):
        watch[number % 2](msgspec.structs.replace(answered(number), shared=number < 5))
    assert str(progress._line()) == (
        "suite: 1 of 3 runs · 25 responses · 0 programs scored · 00:01:00 · about 2:00 left"
    )
