"""What each kind of run does, once its parts are put together.

run      Algorithm 1: an improver improves itself, and each I_t is measured
improve  one application of an improver to one solution (improving.py)
chain    a frozen improver, applied to its own results repeatedly: measured after k applications
bypass   an improver's proposals for itself, without scores; each is run once, to see what it requests
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selftaught.core.address import in_places, working_at
from selftaught.core.algorithm import self_improve
from selftaught.core.comparing import comparing, comparing_below
from selftaught.core.contracts import Application, Program, Score, Task
from selftaught.core.measurement import Sample
from selftaught.middleware.recorded import RecordedUtility, measured_record, val_mean
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Measured, Record, Scored, Stepped
from selftaught.wiring.improving import improve
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.parts import Parts, describe

_AT_ONCE = 32
"""Of a bypass run's many applications."""
MOST_TRIES = 3
"""As many applications as would do if every response held a program; beyond, a model that answers with none ends it."""
PROPOSALS, OBSERVED = "proposals", "/observed/"


def run(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    """Algorithm 1."""
    best, best_value = inputs.improver, val_mean(parts.measure(inputs.improver))
    _note_step(recorder, folder, Stepped(
        at="/step#0", time=time.time(), t=0, improver=best.id, proposed=None, accepted=True, verdict="ok", note=""
    ), best)  # fmt: skip
    folder.write("best_improver.py", best.source)
    steps = self_improve(
        inputs.improver, parts.meta_utility, parts.model, parts.apply, inputs.config.depth, parts.accept
    )
    parent = inputs.improver
    for step in steps:
        value = val_mean(parts.measure(step.improver))
        proposed = step.proposal.program
        p, approved = parts.accept.decided_by()
        record = Stepped(
            at=f"/step#{step.t}",
            time=time.time(),
            t=step.t,
            improver=step.improver.id,
            proposed=proposed.id if proposed else None,
            accepted=step.improver != parent,
            verdict=step.proposal.verdict,
            note=step.proposal.note,
            p=p,
            approved=approved,
        )
        _note_step(recorder, folder, record, step.improver, *([proposed] if proposed else []))
        parent = step.improver
        if value > best_value:
            best, best_value = step.improver, value
            folder.write("best_improver.py", best.source)


def chain(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    """For k = 0 … depth, what the improver made of each task after k applications, each to what the one before made."""

    def follow(task: Task) -> list[Sample]:
        solution, samples = task.seed, [_scored(task, Application(task.seed))]
        for k in range(inputs.config.depth):
            with comparing_below(str(k)):
                made = parts.apply(inputs.improver, task.utility, solution, parts.task_model)
            solution = made.program or solution  # an application that fails leaves what there was
            samples.append(_scored(task, made if made.program else Application(solution, made.verdict, made.note)))
        return samples

    began = time.monotonic()
    with comparing("/chain"):  # with the chains of other improvers, in other runs of one experiment
        chains = list(in_places(thread_map)(follow, parts.tasks))
    for k, samples in enumerate(zip(*chains, strict=True)):
        at = f"/chain#{k}"
        record = measured_record(at, inputs.improver, parts.measure.task_names, samples, time.monotonic() - began)
        if recorder.found(at, Measured) is None:
            recorder.write(record, inputs.improver.source)


def _scored(task: Task, made: Application) -> Sample:
    solution = made.program or task.seed
    return Sample(made, task.utility(solution), task.test(solution) if task.test else None)


def bypass(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    """So many proposals (paper, Table 2), and what each of them asks for when it runs, on the first task."""
    unscored = RecordedUtility(Unscored(describe(inputs) + inputs.texts["meta_utility_sandbox.txt"]), recorder)
    task, wanted = parts.tasks[0], inputs.config.proposals
    most_each = min(inputs.config.responses, inputs.config.utility_calls)
    enough = -(-wanted // most_each)

    def propose(_: int) -> int:
        return parts.apply(inputs.improver, unscored, inputs.improver, parts.model).utility_calls

    made = start = 0
    while made < wanted and start < MOST_TRIES * enough:  # some responses hold no program
        applications = min(_AT_ONCE, -(-(wanted - made) // most_each))
        with working_at(f"/{PROPOSALS}/{start}"):
            made += sum(in_places(thread_map)(propose, range(start, start + applications)))
        start += applications

    proposals = proposals_of(list(recorder.store))[:wanted]

    def observe(proposal: Program) -> None:
        parts.apply(proposal, task.utility, task.seed, parts.task_model)

    for start in range(0, len(proposals), _AT_ONCE):
        programs = [Program(recorder.store.text(program)) for program in proposals[start : start + _AT_ONCE]]
        with working_at(f"{OBSERVED}{start}"):
            list(in_places(thread_map)(observe, programs))


def proposals_of(records: Sequence[Record]) -> list[str]:
    """The ids of the programs that a bypass run proposed, in the order of their addresses: equal however it was run."""
    scored = [record for record in records if isinstance(record, Scored) and record.utility == PROPOSALS]
    return [record.program for record in sorted(scored, key=lambda record: record.at)]


@dataclass(frozen=True)
class Unscored:
    """Implements `Utility`: scores nothing, so that an improver shows what it would have scored."""

    description: str
    name: str = PROPOSALS
    deterministic: bool = False

    def __call__(self, program: Program) -> Score:
        return Score(0.0)


KINDS: dict[str, Callable[[Inputs, Parts, Recorder, RunFolder], None]] = {
    "run": run,
    "improve": improve,
    "chain": chain,
    "bypass": bypass,
}


def _note_step(recorder: Recorder, folder: RunFolder, record: Stepped, improver: Program, *more: Program) -> None:
    folder.write(f"improvers/I_{record.t}.py", improver.source)
    recorder.write(record, improver.source, *(program.source for program in more))
