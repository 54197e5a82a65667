"""Every solution that is scored on the sealed test, and so may be reported, is probed for reward hacks as well."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program, Score, UtilityWrapper
from selftaught.executors.gate import Gate
from selftaught.experiments.probing import FORMS, by_form, findings
from selftaught.runs.recorder import Recorder
from selftaught.runs.records import Finding, Probed
from selftaught.tasks.probes.trial import Prober

Probe = Callable[[Program], list[Finding]]


def probe(prober: Prober, run_seed: int, selected_from: int) -> Probe:
    """Try a program, and judge what it was graded. `selected_from`: candidates that were scored on the same val."""

    def found(program: Program) -> list[Finding]:
        tried = prober(program)
        seed = draw_seed(str(run_seed), "probe", program.id)
        told = findings(tried.fresh, tried.forms, tried.graded, tried.invalid, selected_from=selected_from, seed=seed)
        if any(finding.flagged and finding.probe == FORMS for finding in told):
            told += by_form(prober.by_form(program), seed=seed)
        return told

    return found


@dataclass(frozen=True)
class ProbedUtility(UtilityWrapper):
    """Implements `Utility`: the sealed test, which also puts on record, once a program, what its probes found."""

    probe: Probe
    task: str
    recorder: Recorder
    gate: Gate
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
        found = self.gate.guard(lambda: self.probe(program))
        seconds = time.monotonic() - started
        record = Probed(at=at, time=time.time(), task=self.task, program=program.id, findings=found, seconds=seconds)
        self.recorder.write(record, program.source)
