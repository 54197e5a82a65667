"""Before a run starts: does its task work? Problems are found before anything is spent."""

from random import Random

from selftaught.core.contracts import Program
from selftaught.core.errors import TaskError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.contract import Sandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import is_built_in
from selftaught.tasks.probes.loading import load_probes
from selftaught.tasks.spec import SPLITS, TaskSpec, importable
from selftaught.wiring.inputs import Inputs


def check_tasks(inputs: Inputs, sandbox: Sandbox) -> None:
    """Instances of both splits can be made, and the program to start from answers one of val. Raises UsageError.

    A seed that fails everywhere may be meant: `allow_failing_seed`. Some of the paper's own are.
    """
    for task in inputs.tasks:
        meant = inputs.config.allow_failing_seed or (inputs.program is None and is_built_in(task.source))
        check_task(task, sandbox, inputs.seed, inputs.program, allow_failing_seed=meant)


def check_task(
    task: TaskSpec,
    sandbox: Sandbox,
    run_seed: RunSeed,
    program: Program | None = None,
    *,
    allow_failing_seed: bool = False,
) -> None:
    """The same for one task, with `program` in the place of its seed."""
    try:
        val, _ = (judge for split in SPLITS if (judge := Judge(task, sandbox, split, run_seed)).instances())
        for form in load_probes(task).forms.values() if task.probes else ():
            form(Random(0), val.instances()[0])
        # To see whether the seed of a task that asks a model works would cost something.
        failure = None if allow_failing_seed or task.asks else val.failure(program or task.seed)
    except TaskError as error:
        raise UsageError(str(error)) from error
    if failure is not None:
        what = "the program to improve" if program else "its SEED"
        if task.evaluation is not None:
            raise UsageError(
                f"the task {task.name}: {what} cannot be scored: {failure.fault or failure.note}. "
                "Correct it, or the code that scores it; to start from it anyway, set `allow_failing_seed`"
            )
        raise UsageError(
            f"the task {task.name}: {what} fails on every instance: {failure.fault or failure.note}. A program may "
            f"import {importable(task.limits)}, and nothing else; PACKAGES in the task names more. Correct "
            "it (or grade, if the error is there); to start from it anyway, set `allow_failing_seed`"
        )
