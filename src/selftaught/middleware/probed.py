"""Every solution that is scored on the sealed test, and so may be reported, is probed for reward hacks as well."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from selftaught.core.contracts import Program, Score, UtilityWrapper
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Finding, Probed

Probe = Callable[[Program, Sequence[float]], list[Finding]]
"""What its probes find of a solution, and of its grades on record."""


@dataclass(frozen=True)
class ProbedUtility(UtilityWrapper):
    """Implements `Utility`: the sealed test, which also puts on record, once a program, what its probes found."""

    probe: Probe
    task: str
    recorder: Recorder
    gate: Gate
    going_on: Callable[[], AbstractContextManager[None]] = nullcontext
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _begun: dict[str, threading.Lock] = field(default_factory=dict)

    def __call__(self, program: Program) -> Score:
        score = self.utility(program)
        at = f"/probed:{self.task}/{program.id[:16]}"
        with self._lock:
            alone = self._begun.setdefault(program.id, threading.Lock())
        with alone:  # equal solutions come from several applications at once
            if self.recorder.found(at, Probed) is None:
                self._record(at, program)
        return score

    def _record(self, at: str, program: Program) -> None:
        started = time.monotonic()
        scored = self.recorder.score_on_record(f"{self.task}/val", program)
        with self.going_on():
            found = self.gate.guard(lambda: self.probe(program, scored.grades if scored else ()))
        seconds = time.monotonic() - started
        record = Probed(at=at, time=time.time(), task=self.task, program=program.id, findings=found, seconds=seconds)
        self.recorder.write(record, program.source)
