"""How the parts of a run are put together. No logic: read it to see how a run is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from string import Template
from typing import TYPE_CHECKING

from selftaught.config import RunConfig
from selftaught.core.address import in_places
from selftaught.core.algorithm import MetaUtility
from selftaught.core.budget import Allowance
from selftaught.core.contracts import MOST_PROGRAM_CHARACTERS, Apply, LanguageModel, Program, Score, Task, Utility
from selftaught.core.feedback import Made, of_improver
from selftaught.core.measurement import Sample, measure
from selftaught.core.racing import in_rounds
from selftaught.core.work import IMPROVER, SOLUTION
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.common_draws import Sharing
from selftaught.middleware.gate import Gate
from selftaught.middleware.probed import ProbedUtility
from selftaught.middleware.recorded import RecordedMeasure, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.run_budget import RunBudget
from selftaught.middleware.threads import thread_map
from selftaught.runs.records import PROGRAM
from selftaught.sandbox.contract import Limits, Sandbox
from selftaught.sandbox.machine import (
    HOTTEST,
    IMPROVER_LIMITS,
    MOST_PROMPT_CHARACTERS,
    Machine,
)
from selftaught.sandbox.reading import same_but_layout
from selftaught.tasks.judge import Judge
from selftaught.tasks.probes.trial import Prober
from selftaught.tasks.spec import TaskSpec, Wording
from selftaught.wiring.accepting import Accepting, Approve
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.models import Models
from selftaught.wiring.probing import probe
from selftaught.wiring.racing import Race
from selftaught.wiring.stack import Stack

if TYPE_CHECKING:  # imported only when a run is traced
    from selftaught.middleware.tracing.run import Tracing


@dataclass(frozen=True)
class Parts:
    """A run, ready to go: D, L, û, the way to apply an improver, to measure one, and to accept one.

    L is `model` when an improver is improved, and `task_model` when a solution is. `anew`: the scores of the first
    task, again in spite of the record; empty if that would ask a model.
    """

    tasks: list[Task]
    anew: Sequence[Callable[[Program], Score]]
    model: LanguageModel
    task_model: LanguageModel
    applied: Callable[[Allowance], Apply]
    apply: Apply
    meta_utility: Utility
    measure: RecordedMeasure
    accept: Accepting


def assemble(
    inputs: Inputs,
    sandbox: Sandbox,
    models: Models,
    recorder: Recorder,
    gate: Gate,
    run_budget: RunBudget | None = None,
    tracing: "Tracing | None" = None,
    approve: Approve | None = None,
    sharing: Sharing | None = None,
    guesses: Ahead | None = None,
    guesses_of_improvers: Ahead | None = None,
) -> Parts:
    """A run's parts, each within the stack of wrappers."""
    config = inputs.config
    run_budget = run_budget or RunBudget(config.caps, models.spent(recorder.store), gate)
    stack = Stack(recorder, gate, run_budget, tracing, sharing, guesses, guesses_of_improvers)
    model, task_model = stack.model(models.improver, IMPROVER), stack.model(models.solution, SOLUTION)

    asked = stack.model(models.asked, PROGRAM)
    limits = improver_limits(config)

    def applied(allowance: Allowance) -> Apply:
        machine = Machine(
            sandbox,
            allowance,
            limits,
            inputs.seed.number,
            thread_map,
            feedback=config.feedback == "on",
            salvage=config.salvage == "on" or config.kind == "improve",
            released_reader=config.extract_code == "released",
        )
        return stack.apply(machine)

    apply = applied(config.allowance)

    wording = wording_of(config)

    def utility(spec: TaskSpec, split: str) -> RecordedUtility:
        judge = Judge(spec, sandbox, split, inputs.seed, wording, paid=True, model=asked if spec.asks else None)
        shares = config.share_scores == "layout" and not spec.sees_text
        return stack.utility(judge, alike=same_but_layout if shares else None)

    def probed(spec: TaskSpec, sealed: Utility | None) -> Utility | None:
        if sealed is None or not config.probes or spec.asks:  # to probe would be to ask the model for twice as much
            return sealed
        prober = Prober(spec, sandbox, inputs.seed)
        judged = probe(prober, inputs.seed, config.utility_calls)
        going_on = partial(models.waiting.of, "programs for reward hacks", doing="probing")
        return ProbedUtility(sealed, judged, spec.name, recorder, gate, going_on)

    open_ = [utility(spec, "val") for spec in inputs.tasks]
    sealed = [None if spec.evaluation else utility(spec, "test") for spec in inputs.tasks]
    anew = [split.anew for split in (open_[0], sealed[0]) if split is not None and not inputs.tasks[0].asks]
    distinct = [
        Task(val, spec.seed, probed(spec, test)) for spec, val, test in zip(inputs.tasks, open_, sealed, strict=True)
    ]
    tasks = [task for task in distinct for _ in range(config.repeats)]  # D: each task `repeats` times

    def measure_once(improver: Program) -> list[Sample]:
        return measure(improver, tasks, task_model, apply, in_places(thread_map))

    names = [spec.name for spec in inputs.tasks for _ in range(config.repeats)]
    measured = RecordedMeasure(measure_once, names, recorder)

    def tell(made: Sequence[Made]) -> str:
        return of_improver(made, config.allowance) + (race.told(made, len(tasks)) if race else "")

    race = Race(config.race, recorder) if config.race else None
    rounds = in_rounds(thread_map, config.repeats, race.lost) if race else thread_map
    meta = MetaUtility(tasks, task_model, apply, describe(inputs), in_places(rounds), tell)
    accept = Accepting(config, measured, recorder, inputs.seed.number, approve)
    return Parts(tasks, anew, model, task_model, applied, apply, stack.meta_utility(meta), measured, accept)


def improver_limits(config: RunConfig) -> Limits:
    """What the process of an improver may use."""
    return replace(
        IMPROVER_LIMITS,
        cpu_seconds=config.improver_cpu_seconds,
        wall_seconds=config.improver_wall_seconds,
        memory_bytes=config.improver_memory_mib << 20,
    )


def wording_of(config: RunConfig) -> Wording:
    """How its tasks are described to models."""
    return Wording(source=config.utility_text == "source", million_steps=config.machine_speed)


_FEEDBACK = """\
#   utility.feedback(program) -> str    why a program that was scored has its score: errors with their lines, grades by
#                                       instance, time used; of an improver, how each task ended. Words for a model to
#                                       read; free. Of a program that was not scored it says that
"""
_RACED = """\
# A program that is shown, after some of the tasks, to be worse than the initial solution measured is not scored on the
# rest: its score is the mean of those that were done.
"""
_SALVAGED = "best_score_given_by(utility))  # of what it had scored itself: nothing found is lost; or 0.0"
_LOST = "0.0)"


def describe(inputs: Inputs) -> str:
    """û_str: what an improver may read of the meta-utility. The same figures as are enforced."""
    config = inputs.config
    return Template(inputs.texts["meta_utility.txt"]).substitute(
        tasks=len(inputs.tasks) * config.repeats,
        model_calls=config.model_calls,
        responses_per_call=config.responses,
        utility_calls=config.utility_calls,
        cpu_seconds=f"{config.improver_cpu_seconds:g}",
        wall_seconds=f"{config.improver_wall_seconds:g}",
        memory=f"{config.improver_memory_mib} MiB",
        feedback=_FEEDBACK if config.feedback == "on" else "",
        race=_RACED if config.race else "",
        failure=_SALVAGED if config.salvage == "on" else _LOST,
        response_limit=f" ({config.max_output_tokens:,} tokens)" if config.max_output_tokens else "",
        prompt_characters=f"{MOST_PROMPT_CHARACTERS:,}",
        program_characters=f"{MOST_PROGRAM_CHARACTERS:,}",
        hottest=f"{HOTTEST:g}",
    )
