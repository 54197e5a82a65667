"""Wrappers of the seams that write each piece of work on record, and answer from the record on resume.

Order of wrappers (law 5): guest → meter → recorder → the real thing; so a replayed answer is charged, and nothing is
asked twice.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

import msgspec

from selftaught.core.address import first_address, times_before, working_at
from selftaught.core.ahead import Guess, guess_here, guessing, hearing, not_wanted, response_came
from selftaught.core.comparing import comparing, draw_of
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
from selftaught.core.errors import RecordError
from selftaught.core.feedback import without_times
from selftaught.core.layout import layout_digest
from selftaught.core.measurement import Sample
from selftaught.core.origin import UNKNOWN, call_number, coming_from, origin
from selftaught.core.varying import may_vary
from selftaught.core.work import working_on
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.common_draws import Bought, Sharing
from selftaught.middleware.recorder import Recorder, asking, score_of, scored_record, texts_of
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
class Asked:
    """One question for one response: its address, that of its draw where it is shared, and what is asked."""

    at: str
    draw: str
    prompt: Prompt


@dataclass(frozen=True)
class RecordedModel:
    """Implements `LanguageModel`. Each response is a record of its own, written the moment it comes.

    `role`: what it is asked for, improver or solution. `together`: as many equal prompts are one call of the model.
    `sharing`: with whom the improvers that are compared share their draws, if they do.
    """

    model: LanguageModel
    recorder: Recorder
    map: Map
    role: str = ""
    together: int = 1
    sharing: Sharing | None = None

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        # Addresses are taken here, in order, before anything runs at once: a resume finds each draw in its place.
        asked = [self._asked(prompt) for prompt in prompts]
        answers = {a.at: self._replayed(found) for a in asked if (found := self.recorder.found(a.at, Answered))}
        for completion in answers.values():
            response_came(completion.text)
        while missing := [one for one in asked if one.at not in answers]:
            answers |= self._answered(missing)
        return [answers[one.at] for one in asked]

    def _asked(self, prompt: Prompt) -> Asked:
        at = self.recorder.address("ask", prompt.system, without_times(prompt.user), repr(prompt.temperature))
        # What a program asks that is being scored is the improver's own affair, and drawn for it alone.
        shared = self.sharing is not None and self.role != PROGRAM
        return Asked(at, draw_of(at) if shared else "", prompt)

    def _answered(self, missing: Sequence[Asked]) -> dict[str, Completion]:
        """All that can be answered without waiting for another buyer; else nothing, once one is through."""
        if self.sharing is None:
            return self._bought(missing)
        draws, buyer = self.sharing.draws, Guess.piece() or object()
        keys = {self.sharing.key(one.draw): one for one in missing if one.draw}
        found, own = draws.take(list(keys), buyer)
        try:
            answers = {keys[key].at: self._shared(keys[key], bought) for key, bought in found.items()}
            with guessing(buyer if isinstance(buyer, Guess) else None):
                answers |= self._bought([one for one in missing if not one.draw or self.sharing.key(one.draw) in own])
        finally:
            draws.give_up(buyer)
        if not answers:
            draws.wait(list(keys))
        return answers

    def _bought(self, missing: Sequence[Asked]) -> dict[str, Completion]:
        answers: dict[str, Completion] = {}
        for bought in self.map(self._buy, self._calls(missing)):
            answers |= bought
        return answers

    def _calls(self, missing: Sequence[Asked]) -> list[list[Asked]]:
        equal: dict[Prompt, list[Asked]] = {}
        for one in missing:
            equal.setdefault(one.prompt, []).append(one)
        return [
            group[start : start + self.together]
            for group in equal.values()
            for start in range(0, len(group), self.together)
        ]

    def _buy(self, call: list[Asked]) -> dict[str, Completion]:
        with self.recorder.buying():
            return self._bought_together(call)

    def _bought_together(self, call: list[Asked]) -> dict[str, Completion]:
        self.recorder.barrier()
        started = time.monotonic()
        token = asking.set((self.recorder, self.role))
        try:
            # A draw that is shared is asked for in its own name: it does not depend on who is the first to want it.
            with (
                working_at(call[0].draw or call[0].at),
                working_on(run=self.recorder.run, role=self.role, t=self.recorder.t),
            ):
                completions = self.model([one.prompt for one in call])
        finally:
            asking.reset(token)
        seconds = time.monotonic() - started
        pairs = list(zip(call, completions, strict=True))
        for number, (one, completion) in enumerate(pairs):
            self._write(one, completion, 0.0 if number else seconds, follows=number > 0)
        self._publish(pairs)
        return {one.at: completion for one, completion in pairs}

    def _publish(self, pairs: Sequence[tuple[Asked, Completion]]) -> None:
        if self.sharing is None:
            return
        if self.sharing.among:  # another run's record will say that it was bought here
            self.recorder.barrier()
        for one, completion in pairs:
            if one.draw:
                bought = Bought(partial(_same, completion), self.recorder.run, one.at)
                self.sharing.draws.publish(self.sharing.key(one.draw), bought)

    def _shared(self, one: Asked, bought: Bought) -> Completion:
        at = bought.at if bought.run == self.recorder.run else f"{bought.run}:{bought.at}"
        completion = bought.answer()
        about = {"shared": True, "bought_at": at, "bought_for": completion.cost}
        self._write(one, replace(completion, cost=0.0, seconds=0.0), 0.0, **about)
        return completion

    def _write(self, asked: Asked, completion: Completion, seconds: float, **more: Any) -> None:
        text = prompt_text(asked.prompt.system, asked.prompt.user)
        record = Answered(
            at=asked.at,
            time=time.time(),
            prompt=text_id(text),
            temperature=asked.prompt.temperature,
            response=text_id(completion.text),
            model=completion.model,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            finish_reason=completion.finish_reason,
            seconds=seconds if completion.seconds is None else completion.seconds,
            role=self.role,
            t=self.recorder.t,
            cached_tokens=completion.cached_tokens,
            reasoning_tokens=completion.reasoning_tokens,
            cost=completion.cost,
            price_source=completion.price_source,
            dropped=completion.dropped,
            reasoning=text_id(completion.reasoning) if completion.reasoning else "",
            no_program="" if self.role == PROGRAM else why_no_program(completion),
            draw=asked.draw,
            call=call_number(),
            guessed=(guess := guess_here()) is not None and not guess.wanted,
            **more,
        )
        self.recorder.write(record, text, completion.text, *filter(None, [completion.reasoning]))
        response_came(completion.text)

    def _replayed(self, found: Answered) -> Completion:
        return completion_of(found, self.recorder.store)


class _Draw(msgspec.Struct):
    """As much of an `Answered` as tells which draw it is."""

    at: str
    draw: str = ""


def draws_on_record(store: Store, run: str, sharing: Sharing) -> Iterator[tuple[str, Bought]]:
    """What a run has bought, or got of others, of the draws that are shared; for `CommonDraws.learn`.

    A response is read when it is asked for. If other runs share it, it is read now: they may outlive the store.
    """
    for drawn in store.parts(Answered, _Draw):
        if drawn.draw:
            answer = partial(_answer_at, store, drawn.at)
            yield sharing.key(drawn.draw), Bought(partial(_same, answer()) if sharing.among else answer, run, drawn.at)


def _same(completion: Completion) -> Completion:
    return completion


def _answer_at(store: Store, at: str) -> Completion:
    found = store.find(at)
    if not isinstance(found, Answered):
        raise RecordError(f"{store.path} is damaged: it has no response at {at}; restore it from a copy")
    return completion_of(found, store)


@dataclass(frozen=True)
class RecordedUtility(UtilityWrapper):
    """Implements `Utility`. `compares`: programs that are scored here are improvers, and compared with each other.

    `guesses`: does what is scored ahead, if anything is; by `guessed`, where that is another: the utility without what
    stops a run. A failure of ours comes again where somebody asks. `alike`: says of two programs whether the utility
    can tell them apart by their text alone, where those that it cannot share a score.
    """

    recorder: Recorder
    compares: bool = False
    guesses: Ahead | None = None
    guessed: Utility | None = None
    alike: Callable[[Program, Program], bool] | None = None

    def __call__(self, program: Program) -> Score:
        return self._recorded(self.recorder.address("score", self.name, program.id), program, anew=False)

    def anew(self, program: Program) -> Score:
        """Its score once more, in spite of the record: another draw if scores vary."""
        return self._recorded(self.recorder.address(AGAIN, self.name, program.id), program, anew=True)

    def _recorded(self, at: str, program: Program, *, anew: bool) -> Score:
        found = self.recorder.found(at, Scored)
        if found is not None:
            return score_of(found, self.recorder.store)
        started, ahead, reused, once, layout = time.monotonic(), False, False, False, ""
        with working_at(at), self._compared(at):
            if self.compares and not anew:  # it draws anew each time, and what was guessed is the first time
                score, _, ahead = self.recorder.score_once(self.utility, program, at)
            elif anew or not self.deterministic or may_vary(program):
                score = self.recorder.score_anew(self.utility, program)
            else:
                once = True
                layout, twin = self._twin(program)
                of_twin = self.recorder.score_of_twin(self.name, program, twin) if twin else None
                if of_twin is not None:
                    score, reused = of_twin
                    ahead = not reused
                else:
                    score, reused, ahead = self.recorder.score_once(self.utility, program)
        if at in self.recorder.feedback:
            score = replace(score, feedback=self.recorder.feedback[at])
        self.recorder.notice(at, program, score.verdict, score.note)
        came_from = origin()
        about = {"round": came_from.round, "parent": came_from.parent, "response": came_from.response}
        about |= {"reused": reused, "ahead": ahead, "layout": layout, "beside": came_from.beside}
        about |= {"seconds": time.monotonic() - started}
        record = scored_record(at, self.name, program, score, **about)
        self.recorder.write(record, *texts_of(program, score), once=once)
        return score

    @contextmanager
    def _compared(self, at: str) -> Iterator[None]:
        """Within the block an improver is scored: what it does is compared with the same of others, and its own."""
        if not self.compares:
            yield
            return
        application = at.rpartition("/")[0]  # what is scored again there is a repeat of its own
        with comparing(f"{application}/score#{times_before(at)}"), coming_from(UNKNOWN):
            yield

    def ahead(self, read: Callable[[], Program | None]) -> None:
        """Implements `ScoresAhead`, for a utility that gives equal programs equal scores.

        And for the meta-utility, where it is to be guessed: the score that will be asked for first.
        """
        if self.guesses is None:
            return
        if self.compares:
            self.guesses.put(partial(self.recorder.score_ahead, _First(self), read, self._first_at))
        elif self.deterministic:
            self.guesses.put(partial(self.recorder.score_ahead, self.guessed or self.utility, partial(self._new, read)))

    def _new(self, read: Callable[[], Program | None]) -> Program | None:
        """What is read, unless one is scored that it will share its score with."""
        program = read()
        return None if program is None or may_vary(program) or self._twin(program)[1] else program

    def _twin(self, program: Program) -> tuple[str, Program | None]:
        """The digest by which it may share a score, and the program that it shares it with."""
        layout = layout_digest(program) if self.alike else ""
        if not layout or self.alike is None:
            return "", None
        first = self.recorder.first_of_its_layout(self.name, program, layout)
        return layout, first if first != program and self.alike(program, first) else None

    def _first_at(self, program: Program) -> str:
        return first_address("score", self.name, program.id)

    def first(self, program: Program) -> Score:
        """The score that will be asked for first, where that asks a model."""
        at = self._first_at(program)
        with working_at(at), self._compared(at), hearing(None):
            return self.utility(program)


@dataclass(frozen=True)
class _First(UtilityWrapper):
    """The first scores of a recorded utility, not on record."""

    utility: RecordedUtility

    def __call__(self, program: Program) -> Score:
        return self.utility.first(program)


@dataclass(frozen=True)
class RecordedApply:
    """Implements `Apply`."""

    apply: Apply
    recorder: Recorder

    def __call__(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        not_wanted()
        at = self.recorder.address("apply", improver.id, utility.name, solution.id)
        found = self.recorder.found(at, Applied)
        if found is not None:
            return self._replayed(found)
        started = time.monotonic()
        try:
            with working_at(at), working_on(task=utility.name, application=at):
                made = self.apply(improver, utility, solution, model)
        finally:
            self.recorder.note_guesses(at)
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
        with working_at(at), comparing("/measure"):
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
        answered.bought_for if answered.shared else answered.cost,
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
