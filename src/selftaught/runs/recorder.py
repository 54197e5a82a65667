"""Wrappers of the three seams: each piece of work is on disk before its answer is handed on (law 4).

Started again, a run asks the same questions at the same addresses and gets the recorded answers. Order of wrappers
(law 5): guest → meter → recorder → the real thing; so a replayed answer is charged, and nothing is asked twice.
"""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from statistics import fmean
from typing import TypeVar

from selftaught.core.address import Addresses, here, working_at
from selftaught.core.contracts import (
    Application,
    Apply,
    Completion,
    LanguageModel,
    Map,
    Program,
    Prompt,
    Score,
    Utility,
    UtilityWrapper,
    Verdict,
)
from selftaught.core.measurement import Sample
from selftaught.core.money import Amount
from selftaught.core.origin import origin
from selftaught.core.suspicion import suspicious_text, suspicious_verdict
from selftaught.runs.records import (
    Answered,
    Applied,
    Measured,
    Noticed,
    Probed,
    Record,
    Sampled,
    Scored,
    Stepped,
    Tried,
    prompt_text,
)
from selftaught.runs.store import Store, text_id

Kind = TypeVar("Kind", Answered, Scored, Applied, Measured, Probed)


_asking: ContextVar["tuple[Recorder, str] | None"] = ContextVar("selftaught_asking", default=None)
"""The recorder and the role for which a model is being asked in this context."""


def note_failed_attempt(error: str, seconds: float, cost: Amount) -> None:
    """Put on record that an attempt to get the response that is being asked for failed, and what it may have cost."""
    asking = _asking.get()
    if asking is not None:
        recorder, role = asking
        recorder.tried(role, error, seconds, cost)


class Recorder:
    """Hands out addresses, and what an earlier start of this run left under them. From any thread.

    `watch` is shown every record as it is written or, on resume, found: for a progress display.
    """

    def __init__(self, store: Store, watch: Callable[[Record], None] = lambda record: None) -> None:
        self.store = store
        self._watch = watch
        self._lock = threading.Lock()
        self._addresses = Addresses(self._lock)
        self._known: dict[str, Record] = {}
        self._scores: dict[tuple[str, str], Future[Score]] = {}
        self._steps = 0
        for record in store:
            self._known[record.at] = record
            self._steps += isinstance(record, Stepped)
            if isinstance(record, Scored) and not record.fault:  # else scored again: the task may have been corrected
                key = record.utility, record.program
                if key not in self._scores:
                    self._scores[key] = _done(_score_of(record, store))

    def address(self, kind: str, *content: str) -> str:
        """Where this piece of work stands on record, asked for once more."""
        return self._addresses.next(kind, *content)

    def found(self, at: str, kind: type[Kind]) -> Kind | None:
        """The record at this address, if the work was finished by an earlier start."""
        record = self._known.get(at)
        if not isinstance(record, kind):
            return None
        self._watch(record)
        return record

    @property
    def t(self) -> int:
        """Towards which I_t work is done: the first that is not known yet."""
        return self._steps

    def write(self, record: Record, *texts: str) -> None:
        """On disk when this returns; a record that is there already is left as it is."""
        with self._lock:
            known = self._known.setdefault(record.at, record) is not record
            self._steps += isinstance(record, Stepped) and not known
        if not known:
            self.store.append(record, texts)
        self._watch(record)

    def notice(self, at: str, program: Program, verdict: Verdict, note: str) -> None:
        """Put on record what is suspicious about a program or its end; before the work's own record, or not at all."""
        for what, line in suspicious_text(program):
            place = f"/noticed:{program.id[:16]}/{what.replace(' ', '-')}"  # once for each program
            self.write(Noticed(at=place, time=time.time(), program=program.id, what=what, note=line), program.source)
        if suspicious_verdict(verdict):
            hit = Noticed(at=f"{at}/noticed", time=time.time(), program=program.id, what=verdict, note=note)
            self.write(hit, program.source)

    def requested(self, at: str, improver: Program, times: int) -> None:
        """Put on record that an improver asked, at run time, to have programs scored outside of the sandbox."""
        what = "requests no sandbox"
        note = f"{times} times, in vain"
        self.write(Noticed(at=f"{at}/requested", time=time.time(), program=improver.id, what=what, note=note))

    def tried(self, role: str, error: str, seconds: float, cost: Amount) -> None:
        """Put on record that an attempt to get the response at `here()` failed, and what it may have cost."""
        at = here()
        with self._lock:
            number = next(n for n in itertools.count() if f"{at}/tried#{n}" not in self._known)
        self.write(
            Tried(
                at=f"{at}/tried#{number}",
                time=time.time(),
                ask=at,
                role=role,
                t=self.t,
                error=error,
                seconds=seconds,
                calls=cost.calls,
                tokens=cost.tokens,
                cost=cost.dollars,
            )
        )

    def score_once(self, utility: Utility, program: Program) -> tuple[Score, bool]:
        """A deterministic utility's score, run once for equal programs; and whether an earlier run answered.

        Those that ask while it runs wait for it.
        """
        key = utility.name, program.id
        with self._lock:
            known = self._scores.get(key)
            if known is None:
                self._scores[key] = ours = Future[Score]()
        if known is not None:
            return known.result(), True
        try:
            ours.set_result(utility(program))
        except BaseException as error:
            with self._lock:
                del self._scores[key]  # our failure, not the program's score
            ours.set_exception(error)
            raise
        return ours.result(), False


@dataclass(frozen=True)
class RecordedModel:
    """Implements `LanguageModel`. Each response is a record of its own, written the moment it comes.

    `role`: what it is asked for, improver or solution. `together`: as many equal prompts are one call of the model.
    """

    model: LanguageModel
    recorder: Recorder
    map: Map
    role: str = ""
    together: int = 1

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        # Addresses are taken here, in order, before anything runs at once: a resume finds each draw in its place.
        places = [(self.recorder.address("ask", p.system, p.user, repr(p.temperature)), p) for p in prompts]
        answers = {at: self._replayed(found) for at, _ in places if (found := self.recorder.found(at, Answered))}
        missing = [(at, prompt) for at, prompt in places if at not in answers]
        for asked in self.map(self._ask, self._calls(missing)):
            answers |= asked
        return [answers[at] for at, _ in places]

    def _calls(self, missing: Sequence[tuple[str, Prompt]]) -> list[list[tuple[str, Prompt]]]:
        equal: dict[Prompt, list[tuple[str, Prompt]]] = {}
        for at, prompt in missing:
            equal.setdefault(prompt, []).append((at, prompt))
        return [
            group[start : start + self.together]
            for group in equal.values()
            for start in range(0, len(group), self.together)
        ]

    def _ask(self, call: list[tuple[str, Prompt]]) -> dict[str, Completion]:
        at, prompt = call[0]
        started = time.monotonic()
        asking = _asking.set((self.recorder, self.role))
        try:
            with working_at(at):
                completions = self.model([prompt for _, prompt in call])
        finally:
            _asking.reset(asking)
        seconds = time.monotonic() - started
        for number, ((place, _), completion) in enumerate(zip(call, completions, strict=True)):
            self._write(place, prompt, completion, 0.0 if number else seconds, follows=number > 0)
        return {place: completion for (place, _), completion in zip(call, completions, strict=True)}

    def _write(self, at: str, prompt: Prompt, completion: Completion, seconds: float, *, follows: bool) -> None:
        text = prompt_text(prompt.system, prompt.user)
        record = Answered(
            at=at,
            time=time.time(),
            prompt=text_id(text),
            temperature=prompt.temperature,
            response=text_id(completion.text),
            model=completion.model,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            finish_reason=completion.finish_reason,
            seconds=seconds if completion.seconds is None else completion.seconds,
            follows=follows,
            role=self.role,
            t=self.recorder.t,
            cached_tokens=completion.cached_tokens,
            reasoning_tokens=completion.reasoning_tokens,
            cost=completion.cost,
            price_source=completion.price_source,
            dropped=completion.dropped,
        )
        self.recorder.write(record, text, completion.text)

    def _replayed(self, found: Answered) -> Completion:
        return completion_of(found, self.recorder.store)


@dataclass(frozen=True)
class RecordedUtility(UtilityWrapper):
    """Implements `Utility`."""

    recorder: Recorder

    def __call__(self, program: Program) -> Score:
        at = self.recorder.address("score", self.name, program.id)
        found = self.recorder.found(at, Scored)
        if found is not None:
            return _score_of(found, self.recorder.store)
        started = time.monotonic()
        with working_at(at):
            if self.deterministic:
                score, reused = self.recorder.score_once(self.utility, program)
            else:
                score, reused = self.utility(program), False
        self.recorder.notice(at, program, score.verdict, score.note)
        whence = origin()
        record = Scored(
            at=at,
            time=time.time(),
            utility=self.name,
            program=program.id,
            value=score.value,
            verdict=score.verdict,
            note=score.note,
            reused=reused,
            error=score.error,
            fault=score.fault,
            seconds=time.monotonic() - started,
            grades=list(score.grades),
            feedback=text_id(score.feedback) if score.feedback else "",
            round=whence.round,
            parent=whence.parent,
            response=whence.response,
        )
        self.recorder.write(record, program.source, *([score.feedback] if score.feedback else []))
        return score


@dataclass(frozen=True)
class RecordedApply:
    """Implements `Apply`."""

    apply: Apply
    recorder: Recorder

    def __call__(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        at = self.recorder.address("apply", improver.id, utility.name, solution.id)
        found = self.recorder.found(at, Applied)
        if found is not None:
            return self._replayed(found)
        started = time.monotonic()
        with working_at(at):
            made = self.apply(improver, utility, solution, model)
        self.recorder.notice(at, improver, made.verdict, made.note)
        if made.unsandboxed:
            self.recorder.requested(at, improver, made.unsandboxed)
        record = Applied(
            at=at,
            time=time.time(),
            improver=improver.id,
            utility=utility.name,
            solution=solution.id,
            program=made.program.id if made.program else None,
            verdict=made.verdict,
            note=made.note,
            model_calls=made.model_calls,
            responses=made.responses,
            utility_calls=made.utility_calls,
            unsandboxed=made.unsandboxed,
            seconds=time.monotonic() - started,
            salvaged=made.salvaged,
            best=made.best,
        )
        texts = [improver.source, solution.source, *([made.program.source] if made.program else [])]
        self.recorder.write(record, *texts)
        return made

    def _replayed(self, found: Applied) -> Application:
        program = Program(self.recorder.store.text(found.program)) if found.program else None
        spent = (found.model_calls, found.responses, found.utility_calls)
        return Application(
            program, Verdict(found.verdict), found.note, *spent, found.unsandboxed, found.salvaged, found.best
        )


@dataclass(frozen=True)
class RecordedMeasure:
    """Measures an improver once, whoever asks (core/measurement.py). Not for several threads at once."""

    measure: Callable[[Program], list[Sample]]
    task_names: Sequence[str]
    recorder: Recorder

    def __call__(self, improver: Program) -> Measured:
        at = f"/measure:{improver.id[:16]}"  # no count: equal text is the equal improver, and is measured once
        found = self.recorder.found(at, Measured)
        if found is not None:
            return found
        started = time.monotonic()
        with working_at(at):
            samples = self.measure(improver)
        record = measured_record(at, improver, self.task_names, samples, time.monotonic() - started)
        self.recorder.write(record, improver.source)
        return record


def measured_record(
    at: str, improver: Program, tasks: Sequence[str], samples: Sequence[Sample], seconds: float
) -> Measured:
    """The samples of an improver, one for each of the tasks' names."""
    told = [_sampled(*pair) for pair in zip(tasks, samples, strict=True)]
    return Measured(at=at, time=time.time(), improver=improver.id, samples=told, seconds=seconds)


def val_mean(measured: Measured) -> float:
    """û on val, as measured."""
    return fmean(sample.val for sample in measured.samples)


def completion_of(answered: Answered, store: Store) -> Completion:
    """The response as it came."""
    return Completion(
        store.text(answered.response),
        answered.input_tokens,
        answered.output_tokens,
        answered.finish_reason,
        answered.model,
        answered.cached_tokens,
        answered.reasoning_tokens,
        answered.cost,
        answered.dropped,
        answered.price_source,
    )


def _sampled(task: str, sample: Sample) -> Sampled:
    made, test = sample.application, sample.test
    return Sampled(
        task=task,
        program=made.program.id if made.program else None,
        verdict=made.verdict,
        note=made.note,
        val=sample.val.value,
        val_verdict=sample.val.verdict,
        test=test.value if test else None,
        test_verdict=test.verdict if test else None,
        val_error=sample.val.error,
        test_error=test.error if test else None,
        val_grades=list(sample.val.grades),
        test_grades=list(test.grades) if test else [],
        salvaged=made.salvaged,
    )


def _score_of(record: Scored, store: Store) -> Score:
    feedback = store.text(record.feedback) if record.feedback else ""
    return Score(
        record.value,
        Verdict(record.verdict),
        record.note,
        record.error,
        tuple(record.grades),
        feedback,
        record.fault,
    )


def _done(score: Score) -> Future[Score]:
    future = Future[Score]()
    future.set_result(score)
    return future
