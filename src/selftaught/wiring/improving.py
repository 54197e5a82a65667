"""`improve`: apply an improver to one solution; then score its unscored responses, and return the best program.

Nothing that was found is lost, however the improver ends. The result was chosen by its score, so scores that vary
flatter it. Therefore it is scored again, together with the initial solution, and several times if a score differs.
A start with a larger budget continues: the improver is applied once more, to the best so far, with the rest of the new
budget.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from selftaught.core.address import depth
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Program, Score, Task, Verdict
from selftaught.core.origin import Origin, coming_from
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import PROGRAM, Answered, Applied, Chosen, Record, Scored
from selftaught.sandbox.reading import code_in, plain_block
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.parts import Parts

RETURNED, SCORED, RESPONSE, KEPT = "returned", "scored", "response", "kept"
"""The source of the result, as in `Chosen`: the first of equals."""
_ANEW = 3
"""How often programs with varying scores are scored again: the fewest that show the variation."""


@dataclass(frozen=True)
class Found:
    """A program and its score, and which of the four it is."""

    program: Program
    value: float
    source: str


def improve(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    """I(u, s, L); s and the result, scored on both splits."""
    task, solution = parts.tasks[0], inputs.program or parts.tasks[0].seed
    best, found = solution, list[Found]()
    scores = {solution: _score(task, solution)}
    model_calls = utility_calls = 0
    for number, total in enumerate([*inputs.earlier, inputs.config.allowance]):
        left = Allowance(total.model_calls - model_calls, total.responses_per_call, total.utility_calls - utility_calls)
        made = parts.applied(left)(inputs.improver, task.utility, best, parts.task_model)
        records = _of_application(list(recorder.store), number)
        unscored = _unscored(records, best, made, recorder)[: left.utility_calls - made.utility_calls]
        found = [
            *_returned(task, made),
            *_scored(records, recorder),
            *thread_map(lambda pair: _of_response(task, *pair), unscored),
            *[replace(one, source=KEPT) for one in found],
        ]
        model_calls += made.model_calls
        utility_calls += made.utility_calls + len(unscored)
        if found:
            found = [max(found, key=lambda one: one.value)]  # the first of equals
            best = _hand_over(found[0], number, recorder, folder, inputs.tasks[0])
            if best != solution:
                scores[best] = _score(task, best)
    if best != solution:
        _score_anew(parts, solution, best, scores)


def _hand_over(chosen: Found, number: int, recorder: Recorder, folder: RunFolder, spec: TaskSpec) -> Program:
    program, at = chosen.program, f"/chosen#{number}"
    beside: dict[str, str] = {}
    if spec.evaluation is not None and spec.evaluation.suffix != ".py":
        beside[f"improved{spec.evaluation.suffix}"] = program.source
    if spec.evaluation is not None and (patch := spec.evaluation.patch(program.source, spec.seed.source)):
        beside["improved.patch"] = patch
    record = Chosen(at=at, time=time.time(), program=program.id, value=chosen.value, source=chosen.source)
    recorder.write(record, program.source)
    folder.write("improved.py", program.source)
    for name, text in beside.items():
        folder.write(name, text)
    return program


def _score(task: Task, program: Program) -> list[Score]:
    """On val, and on test if there is one."""
    return [utility(program) for utility in (task.utility, task.test) if utility]


def _score_anew(parts: Parts, solution: Program, best: Program, known: Mapping[Program, Sequence[Score]]) -> None:
    """Both once; and more often where one of them now has another score than it had."""
    asked = [(score, program) for program in (solution, best) for score in parts.anew]
    before = [score for program in (solution, best) for score in known[program]]
    after = thread_map(lambda one: one[0](one[1]), asked)
    if any((new.value, new.grades) != (old.value, old.grades) for old, new in zip(before, after, strict=False)):
        list(thread_map(lambda one: one[0](one[1]), asked * (_ANEW - 1)))


def _returned(task: Task, made: Application) -> Iterator[Found]:
    if made.program is not None and not made.salvaged:
        yield Found(made.program, task.utility(made.program).value, RETURNED)


def _scored(records: Sequence[Record], recorder: Recorder) -> Iterator[Found]:
    """By the improver itself, without failures. In a fixed order: that of parallel scores in the record is random."""
    scored = [record for record in records if isinstance(record, Scored) and not record.guessed]
    for record in sorted(scored, key=lambda one: (one.round, one.at)):
        if record.verdict == Verdict.OK or record.value > 0:
            yield Found(Program(recorder.store.text(record.program)), record.value, SCORED)


def _of_application(records: Sequence[Record], number: int) -> list[Record]:
    """What the application of this number asked for, in the order of its asking."""
    applied = [r for r in records if isinstance(r, Applied) and depth(r.at) == 1][number]
    return [r for r in records if r.at.startswith(f"{applied.at}/")]


def _unscored(
    records: Sequence[Record], initial: Program, made: Application, recorder: Recorder
) -> list[tuple[Program, str]]:
    """Programs in responses that were bought and never scored, each with the id of its response."""
    scored = [record for record in records if isinstance(record, Scored) and not record.guessed]
    known = {record.program for record in scored} | {initial.id} | ({made.program.id} if made.program else set())
    good = {record.program for record in scored if record.verdict == Verdict.OK}
    new: dict[Program, str] = {}
    responses = (r for r in records if isinstance(r, Answered) and r.role != PROGRAM)
    for answered in sorted(responses, key=lambda r: r.at):
        response = recorder.store.text(answered.response)
        if (plain := plain_block(response)) and plain.id in good:
            continue  # all that it holds was scored, and lacks nothing
        code = code_in(response, initial.source)
        if code and (program := Program(code)).id not in known:
            new.setdefault(program, answered.response)
    return list(new.items())


def _of_response(task: Task, program: Program, response: str) -> Found:
    with coming_from(Origin(response=response)):
        return Found(program, task.utility(program).value, RESPONSE)
