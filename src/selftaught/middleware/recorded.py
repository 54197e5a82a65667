"""Wrappers of the seams that write each piece of work on record, and answer from the record on resume.

Order of wrappers (law 5): guest → meter → recorder → the real thing; so a replayed answer is charged, and nothing is
asked twice.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from selftaught.core.address import working_at
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
from selftaught.core.feedback import without_times
from selftaught.core.measurement import Sample
from selftaught.core.origin import call_number, origin
from selftaught.core.varying import may_vary
from selftaught.core.work import working_on
from selftaught.middleware.recorder import Recorder, asking, score_of
from selftaught.middleware.unusable import why_no_program
from selftaught.runs.records import (
    AGAIN,
    PROGRAM,
    Answered,
    Applied,
    Measured,
    Sampled,
    Scored,
    prompt_text,
)
from selftaught.runs.store import Store, text_id


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
        places = [(self._address(p), p) for p in prompts]
        answers = {at: self._replayed(found) for at, _ in places if (found := self.recorder.found(at, Answered))}
        missing = [(at, prompt) for at, prompt in places if at not in answers]
        for asked in self.map(self._ask, self._calls(missing)):
            answers |= asked
        return [answers[at] for at, _ in places]

    def _address(self, prompt: Prompt) -> str:
        return self.recorder.address("ask", prompt.system, without_times(prompt.user), repr(prompt.temperature))

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
        self.recorder.barrier()
        started = time.monotonic()
        token = asking.set((self.recorder, self.role))
        try:
            with working_at(at), working_on(run=self.recorder.run, role=self.role, t=self.recorder.t):
                completions = self.model([prompt for _, prompt in call])
        finally:
            asking.reset(token)
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
            reasoning=text_id(completion.reasoning) if completion.reasoning else "",
            no_program="" if self.role == PROGRAM else why_no_program(completion),
            call=call_number(),
        )
        self.recorder.write(record, text, completion.text, *filter(None, [completion.reasoning]))

    def _replayed(self, found: Answered) -> Completion:
        return completion_of(found, self.recorder.store)


@dataclass(frozen=True)
class RecordedUtility(UtilityWrapper):
    """Implements `Utility`."""

    recorder: Recorder

    def __call__(self, program: Program) -> Score:
        return self._recorded(self.recorder.address("score", self.name, program.id), program, anew=False)

    def anew(self, program: Program) -> Score:
        """Its score once more, whatever is on record: another draw where scores vary."""
        return self._recorded(self.recorder.address(AGAIN, self.name, program.id), program, anew=True)

    def _recorded(self, at: str, program: Program, *, anew: bool) -> Score:
        found = self.recorder.found(at, Scored)
        if found is not None:
            return score_of(found, self.recorder.store)
        started = time.monotonic()
        with working_at(at):
            if anew or not self.deterministic or may_vary(program):
                score, reused = self.recorder.score_anew(self.utility, program), False
            else:
                score, reused = self.recorder.score_once(self.utility, program)
        score = replace(score, feedback=self.recorder.feedback.get(at, score.feedback))
        self.recorder.notice(at, program, score.verdict, score.note)
        came_from = origin()
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
            raw=score.raw,
            raw_error=score.raw_error,
            numbers=dict(score.numbers),
            seconds=time.monotonic() - started,
            grades=list(score.grades),
            feedback=text_id(score.feedback) if score.feedback else "",
            round=came_from.round,
            parent=came_from.parent,
            response=came_from.response,
            beside=came_from.beside,
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
        with working_at(at), working_on(task=utility.name, application=at):
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
    """Measures an improver once (core/measurement.py). Not for several threads at once."""

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
        reasoning=store.text(answered.reasoning) if answered.reasoning else "",
        no_program=answered.no_program,
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
        val_raw=sample.val.raw,
        test_raw=test.raw if test else None,
    )
