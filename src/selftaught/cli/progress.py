"""What is shown on stderr while a run goes on: a live line on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.live import Live
from rich.text import Text

from selftaught.cli.terminal import cleaned, console
from selftaught.middleware.recorded import val_mean
from selftaught.report.untrusted import one_line
from selftaught.report.view import Fold
from selftaught.runs.records import Measured, Record, Session, Stepped

_PLAIN_EVERY_SECONDS = 10.0
_REFRESH_PER_SECOND = 4


class Progress:
    """A context manager whose `watch` is shown every record. Called from many threads.

    `on_record`: what earlier starts of the run left; it counts, and nothing is said of it.
    """

    def __init__(self, *, depth: int, quiet: bool = False, on_record: Iterable[Record] = ()) -> None:
        self._depth, self._quiet = depth, quiet
        self._lock = threading.Lock()
        self._console = console(stderr=True)
        self._live: Live | None = None
        self._began = self._shown = time.monotonic()
        self._fold = Fold()
        for record in on_record:
            self._fold.add(record)

    def __enter__(self) -> "Progress":
        if not self._quiet and self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._line, console=self._console, refresh_per_second=_REFRESH_PER_SECOND, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within the block the terminal is somebody else's."""
        if self._live is not None:
            self._live.stop()
        try:
            yield
        finally:
            if self._live is not None:
                self._live.start()

    def watch(self, record: Record) -> None:
        """Count the record; say what a person wants to know of it."""
        with self._lock:
            said = self._said(record) if self._fold.add(record) else ""
            if said:
                self.say(said)
            elif self._live is None and time.monotonic() - self._shown >= _PLAIN_EVERY_SECONDS:
                self.say(str(self._line()))

    def say(self, text: str) -> None:
        """One line, above the live one if there is one."""
        self._shown = time.monotonic()
        if self._quiet:
            return
        if self._live is not None:
            self._console.print(cleaned(text))
        else:
            print(text, file=sys.stderr, flush=True)

    def _said(self, record: Record) -> str:
        match record:
            case Session(tier=tier, model=model):
                return f"sandbox: {tier} · model: {model}"
            case Measured(samples=samples):
                tests = [sample.test for sample in samples if sample.test is not None]
                test = f", test {sum(tests) / len(tests):.3f}" if tests else ""
                return f"  measured an improver: val {val_mean(record):.3f}{test}"
            case Stepped(t=0):
                return "t = 0: the seed improver"
            case Stepped(t=t, verdict=verdict, note=note) if verdict != "ok":
                return f"t = {t} of {self._depth}: {verdict}: {one_line(note)}"
            case Stepped(t=t, accepted=accepted, proposed=proposed, improver=improver):
                what = "accepted" if accepted else "unchanged" if proposed == improver else "kept the parent"
                return f"t = {t} of {self._depth}: {what}"
            case _:
                return ""

    def _line(self) -> Text:
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - self._began))
        spent, t = self._fold.total, (self._fold.t or 0) + 1
        best = self._fold.best_candidate
        candidate = "" if best is None or t > self._depth else f" · best proposal so far {best:.3f}"
        tokens = spent.input_tokens + spent.output_tokens
        return Text(
            f"t = {min(t, self._depth)} of {self._depth}{candidate} · {spent.applications} applications · "
            f"{spent.responses} responses{f' · {tokens} tokens' if tokens else ''} · "
            f"{spent.scores_run} programs scored · {elapsed}"
        )
