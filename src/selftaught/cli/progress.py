"""What is shown on stderr while a run goes on: a live line on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from selftaught.middleware.recorded import val_mean
from selftaught.report.untrusted import one_line
from selftaught.runs.records import Answered, Applied, Measured, Record, Scored, Session, Stepped

_PLAIN_EVERY_SECONDS = 10.0
_REFRESH_PER_SECOND = 4


class Progress:
    """A context manager whose `watch` is shown every record. Called from many threads."""

    def __init__(self, *, depth: int, quiet: bool = False) -> None:
        self._depth, self._quiet = depth, quiet
        self._lock = threading.Lock()
        self._console = Console(stderr=True)
        self._live: Live | None = None
        self._began = self._shown = time.monotonic()
        self._t = self._responses = self._tokens = self._scores = self._applications = 0
        self._best_score: float | None = None
        self._told: set[str] = set()

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

    def watch(self, record: Record) -> None:
        """Count the record; say what a person wants to know of it."""
        with self._lock:
            said = self._note(record)
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
            self._console.print(Text(text))
        else:
            print(text, file=sys.stderr, flush=True)

    def _note(self, record: Record) -> str:
        match record:
            case Session(tier=tier, model=model):
                return f"sandbox: {tier} · model: {model}"
            case Answered(input_tokens=given, output_tokens=made):
                self._responses += 1
                self._tokens += (given or 0) + (made or 0)
            case Scored(reused=reused, value=value, at=at):
                self._scores += not reused
                if at.count("/") == 2 and self._t < self._depth:  # a proposal of the step that goes on
                    self._best_score = value if self._best_score is None else max(value, self._best_score)
            case Applied():
                self._applications += 1
            case Measured(at=at) if at in self._told:
                return ""  # asked for again: its owner measures each improver once
            case Measured(at=at, samples=samples):
                self._told.add(at)
                tests = [sample.test for sample in samples if sample.test is not None]
                test = f", test {sum(tests) / len(tests):.3f}" if tests else ""
                return f"  measured an improver: val {val_mean(record):.3f}{test}"
            case Stepped(t=t, accepted=accepted, proposed=proposed, improver=improver, verdict=verdict, note=note):
                self._t, self._best_score = t, None
                if t == 0:
                    return "t = 0: the seed improver"
                if verdict != "ok":
                    return f"t = {t} of {self._depth}: {verdict}: {one_line(note)}"
                what = "accepted" if accepted else "unchanged" if proposed == improver else "kept the parent"
                return f"t = {t} of {self._depth}: {what}"
            case _:
                pass
        return ""

    def _line(self) -> Text:
        elapsed = time.strftime("%H:%M:%S", time.gmtime(time.monotonic() - self._began))
        best = "" if self._best_score is None else f" · best proposal so far {self._best_score:.3f}"
        tokens = f" · {self._tokens} tokens" if self._tokens else ""
        return Text(
            f"t = {min(self._t + 1, self._depth)} of {self._depth}{best} · {self._applications} applications · "
            f"{self._responses} responses{tokens} · {self._scores} programs scored · {elapsed}"
        )
