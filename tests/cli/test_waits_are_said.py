"""What a run waits for is said: at once where a person answers, and why an attempt is made again."""

import queue

import pytest

from selftaught.cli.progress import Progress
from selftaught.models.waiting import Waiting
from selftaught.runs.records import Tried


class Heard(Progress):
    """Puts what it says into a queue."""

    def __init__(self, waiting: Waiting) -> None:
        super().__init__(depth=1, waiting=waiting)
        self.lines: queue.Queue[str] = queue.Queue()

    def say(self, text: str) -> None:
        self.lines.put(text)


def tried(number: int, wait_seconds: float) -> Tried:
    return Tried(at=f"/a/tried#{number}", ask="/a", role="", t=0, error="503", seconds=0.1, wait_seconds=wait_seconds)


def test_replies_of_people_are_asked_for_at_once() -> None:
    waiting = Waiting()
    progress = Heard(waiting)
    with progress, waiting.of("replies in box", person=True):
        assert progress.lines.get(timeout=60).startswith("waiting for 1 replies in box")
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
