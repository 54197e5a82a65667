"""The progress of a run on stderr: a live line on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from rich.live import Live
from rich.text import Text

from selftaught.cli.options import in_flags
from selftaught.cli.terminal import cleaned, console
from selftaught.core.address import times_before
from selftaught.core.money import Caps
from selftaught.middleware.recorded import val_mean
from selftaught.models.waiting import Wait, Waiting
from selftaught.report.tables import duration
from selftaught.report.untrusted import one_line
from selftaught.report.view import Fold, Spent
from selftaught.runs.records import Measured, Record, Session, Stepped, Tried

_PLAIN_EVERY_SECONDS, _LEAST_OFTEN_SECONDS = 10.0, 30.0
_REFRESH_PER_SECOND = 4
_TICK_SECONDS = 0.5
_LEAST_WAIT_SECONDS = 2.0
_FAILED_EVERY_SECONDS = 5.0
_LEAST_RATED_SECONDS = 10.0
_MOST_DOUBLED = 2
_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 12
NO_CAPS = Caps()


class Progress:
    """A context manager whose `watch` gets every record. Called from many threads.

    `known`: the record of earlier starts; it counts, and prints nothing.
    `waiting`: what the calls of its models wait for; it is shown if there is nothing else to show.
    `depth`: the number of steps; None for `improve`, which has no steps. `caps`: what may be spent. `more`: another
    line for a record. `expected`: the expected number of responses; `seconds`: the time limit. The remaining time is
    estimated from these two.
    """

    def __init__(
        self,
        *,
        depth: int | None,
        quiet: bool = False,
        known: Fold | None = None,
        waiting: Waiting | None = None,
        caps: Caps = NO_CAPS,
        more: Callable[[Record], str] = lambda record: "",
        expected: int | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._expected, self._seconds = expected, seconds
        self._depth, self._quiet, self._caps, self._more = depth, quiet, caps, more
        self._lock = threading.Lock()
        self._console = console(stderr=True)
        self._live: Live | None = None
        self._began = self._shown = self._clock()
        self._waiting = waiting or Waiting()
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)
        self._failed_said_at, self._failed_unsaid = float("-inf"), 0
        self._waits_said = 0
        self._fold = known or Fold()
        self._had = self._fold.total.responses

    def __enter__(self) -> "Progress":
        if not self._quiet and self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(
                get_renderable=self._line, console=self._console, refresh_per_second=_REFRESH_PER_SECOND, transient=True
            )
            self._live.start()
        if not self._quiet:
            self._ticking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._live is not None:
            self._live.stop()

    def _tick(self) -> None:
        """Shows what the run waits for: a person's reply at once; otherwise, now and then, the progress."""
        said: dict[str, int] = {}
        while not self._over.wait(_TICK_SECONDS):
            waits = {wait.what: wait for wait in self._waiting.all()}
            people = {what: wait.count for what, wait in waits.items() if wait.person}
            with self._lock:
                for what, count in people.items():
                    if count > said.get(what, 0):
                        self.say(_waiting_for(waits[what]))
                often = min(_PLAIN_EVERY_SECONDS * 2**self._waits_said, _LEAST_OFTEN_SECONDS)
                if self._live is None and self._clock() - self._shown >= often:
                    self._waits_said = min(self._waits_said + 1, _MOST_DOUBLED)
                    self.say(self._waits() or str(self._line()))
            said = people

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
            self._note((self._said(record) or self._more(record)) if self._fold.add(record) else "")

    def _note(self, said: str) -> None:
        """Something was recorded: print its line, or now and then the progress."""
        self._waits_said = 0
        if said:
            self.say(said)
        elif self._live is None and self._clock() - self._shown >= _PLAIN_EVERY_SECONDS:
            self.say(str(self._line()))

    def say(self, text: str) -> None:
        """One line, above the live one if there is one."""
        self._shown = self._clock()
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
            case Tried(at=at, error=error, wait_seconds=seconds):
                return self._failed(error, seconds, times_before(at) + 1)  # its number among the call's
            case Stepped(t=0):
                return "t = 0: the seed improver"
            case Stepped(t=t, verdict=verdict, note=note) if verdict != "ok":
                return f"t = {t} of {self._depth}: {verdict}: {one_line(note)}"
            case Stepped(t=t, accepted=accepted, proposed=proposed, improver=improver):
                what = "accepted" if accepted else "unchanged" if proposed == improver else "kept the parent"
                return f"t = {t} of {self._depth}: {what}"
            case _:
                return ""

    def _failed(self, error: str, wait_seconds: float, time_of_call: int) -> str:
        """If many calls fail at once, print one of them, with the number of others.

        `time_of_call`: 3 for the third failure of the same call.
        """
        self._failed_unsaid += 1
        now = self._clock()
        if not wait_seconds or now - self._failed_said_at < _FAILED_EVERY_SECONDS:
            return ""  # the last attempt ends the run, which prints this itself
        others, self._failed_unsaid, self._failed_said_at = self._failed_unsaid - 1, 0, now
        more = f" ({others} more failed attempts since the last line)" if others else ""
        again = f" ({_ordinal(time_of_call)} time)" if time_of_call > 1 else ""
        return f"  {in_flags(one_line(error, 200))}; again in {duration(wait_seconds)}{again}{more}"

    def _line(self) -> Text:
        elapsed = time.strftime("%H:%M:%S", time.gmtime(self._clock() - self._began))
        told = [*self._found(), *self._spent(), elapsed, self._left(), self._waits()]
        return Text(" · ".join(filter(None, told)))

    def _left(self) -> str:
        """From the rate of this start. Nothing where too little is known, or it takes longer than expected."""
        elapsed = self._clock() - self._began
        done = self._totals()[0].responses
        bounds = [] if self._seconds is None else [self._seconds - elapsed]
        wanted = min((most for most in (self._expected, self._caps.calls) if most is not None), default=0)
        if elapsed >= _LEAST_RATED_SECONDS and wanted > done > self._had:
            bounds.append(elapsed * (wanted - done) / (done - self._had))
        if not bounds or min(bounds) <= 0:
            return ""
        left = min(bounds)
        return f"about {f'{left:.0f} s' if left < 60 else duration(left)} left"

    def _found(self) -> Iterator[str]:
        """The progress, and the best result so far."""
        fold = self._fold
        t = (fold.t or 0) + 1
        if self._depth is not None:
            yield f"t = {min(t, self._depth)} of {self._depth}"
        if fold.best_candidate is None or (self._depth is not None and t > self._depth):
            return
        error = "" if fold.best_error is None else f" ± {fold.best_error:.3f}"
        curve = f" {_curve(fold.bests)}" if self._live is not None and len(fold.bests) > 1 else ""
        failed = f" ({fold.failed_candidates} failed)" if fold.failed_candidates else ""
        yield f"best of {_counted(fold.candidates, 'candidates')}{failed} {fold.best_candidate:.3f}{error}{curve}"

    def _totals(self) -> tuple[Spent, float, Counter[str]]:
        """The spending, in dollars if they are known; responses without a program, by the reason."""
        return self._fold.total, self._fold.dollars, self._fold.no_program

    def _spent(self) -> Iterator[str]:
        caps = self._caps
        spent, dollars, reasons = self._totals()
        tokens = spent.input_tokens + spent.output_tokens
        cap = "" if caps.calls is None else f" of {caps.calls} calls"
        yield f"{_counted(spent.bought, 'responses')}{cap}{_unusable(reasons)}"
        if tokens or caps.tokens is not None:
            yield f"{tokens:,}{'' if caps.tokens is None else f' of {caps.tokens:,}'} tokens"
        if dollars or caps.dollars is not None:
            yield f"${dollars:.2f}{'' if caps.dollars is None else f' of ${caps.dollars:.2f}'}"
        yield f"{_counted(spent.scores_run, 'programs')} scored"
        if spent.bought and spent.seconds >= _LEAST_RATED_SECONDS:
            yield f"{60 * spent.bought / spent.seconds:.0f} responses/min"

    def _waits(self) -> str:
        wait = self._waiting.longest()
        return "" if wait is None or wait.seconds < _LEAST_WAIT_SECONDS else _waiting_for(wait)


def _unusable(reasons: Counter[str]) -> str:
    count = sum(reasons.values())
    return f" ({count} without a program: {reasons.most_common(1)[0][0]})" if count else ""


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def _waiting_for(wait: Wait) -> str:
    return f"{wait.doing} {_counted(wait.count, one_line(wait.what))}, for {duration(wait.seconds)}"


def _counted(count: int, what: str) -> str:
    """As in "1 reply in box" of "replies in box"."""
    first, space, rest = what.partition(" ")
    if count == 1:
        first = f"{first.removesuffix('ies')}y" if first.endswith("ies") else first.removesuffix("s")
    return f"{count} {first}{space}{rest}"


def _curve(values: Sequence[float]) -> str:
    """The last of them as a small curve."""
    last = values[-_MOST_BARS:]
    low, high = min(last), max(last)
    return "".join(_BARS[round((value - low) / ((high - low) or 1) * (len(_BARS) - 1))] for value in last)
