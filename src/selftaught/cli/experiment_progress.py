"""The progress of an experiment on stderr: all its runs together."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, replace
from typing import Any

from selftaught.cli.progress import NO_CAPS, Progress
from selftaught.core.money import Caps
from selftaught.models.waiting import Waiting
from selftaught.report.view import Fold, Spent
from selftaught.runs.records import Record, Tried


class ExperimentProgress(Progress):
    """Implements `Audience`. A context manager, as `Progress` is.

    `expected`: about how many responses all its runs will take, those of earlier starts included. `times`: as there.
    """

    def __init__(
        self, name: str, *, waiting: Waiting, caps: Caps = NO_CAPS, expected: int | None = None, **times: Any
    ) -> None:
        super().__init__(depth=None, waiting=waiting, caps=caps, expected=expected, **times)
        self._name, self._done, self._every = name, 0, 0
        self._folds: dict[str, Fold] = {}

    def __enter__(self) -> "ExperimentProgress":
        super().__enter__()
        return self

    def going_on(self, done: int, every: int) -> None:
        """So many of its runs are finished."""
        with self._lock:
            self._done, self._every = done, every
            self.say(f"{self._name}: {done} of {every} runs finished")

    def finished(self, run: str) -> None:
        """One more."""
        with self._lock:
            self._done += 1
            self.say(f"  finished {run} ({self._done} of {self._every})")

    def watching(self, run: str, on_record: Iterable[Record]) -> Callable[[Record], None]:
        """The watcher of the records of a run, which has these records already."""
        fold = Fold()
        for record in on_record:
            fold.add(record)
        with self._lock:
            self._folds[run] = fold
            self._had += fold.total.responses

        def watch(record: Record) -> None:
            with self._lock:
                new = fold.add(record)
                self._note(self._said(record) if new and isinstance(record, Tried) else "")

        return watch

    def _found(self) -> Iterator[str]:
        yield f"{self._name}: {f'{self._done} of {self._every} runs' if self._every else 'being prepared'}"

    def _totals(self) -> tuple[Spent, float, Counter[str]]:
        """Without seconds: parallel runs share some."""
        folds = list(self._folds.values())
        sums = [sum(column) for column in zip(*(astuple(fold.total) for fold in folds), strict=True)]
        return (
            replace(Spent(*sums), seconds=0.0),
            sum(fold.dollars for fold in folds),
            sum((fold.no_program for fold in folds), Counter[str]()),
        )
