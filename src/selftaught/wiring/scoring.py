"""One program's score outside of any run."""

from collections.abc import Mapping
from pathlib import Path

from selftaught.config import make_config
from selftaught.core.contracts import LanguageModel, ModelFunction, Program, Score
from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Sandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.choosing import ChosenModels, choose_models
from selftaught.wiring.inputs import load_inputs

SPLITS = ("val", "test")


def judge_of(task: TaskSpec, split: str, seed: RunSeed, sandbox: Sandbox, model: LanguageModel | None = None) -> Judge:
    """Scores programs on one split. Raises UsageError for one that the task does not have.

    `model`: for a task whose programs ask one.
    """
    check_split(task, split)
    # A run of the same seed has its sealed test drawn from it: a look at that from here would be on no record.
    return Judge(task, sandbox, split, seed if split == "val" else seed.of("score"), model=model)


def asked_model(
    task: str,
    model: str,
    runs: Path,
    environment: Mapping[str, str],
    *,
    function: ModelFunction | None = None,
    made: Mapping[str, TaskSpec] | None = None,
) -> ChosenModels:
    """The model that programs ask outside of any run: on no record, and capped by the task alone. Raises UsageError."""
    inputs = load_inputs(make_config({"kind": "improve", "tasks": [task], "model": model}), runs, made)
    return choose_models(inputs, None, runs, environment, function=function)


def check_split(task: TaskSpec, split: str) -> None:
    """Raises UsageError for a split that the task does not have."""
    if split not in SPLITS:
        raise UsageError(f"no split is called {split!r}; there are {' and '.join(SPLITS)}")
    if task.evaluation is not None and split == "test":
        raise UsageError(f"the task {task.name} scores whole programs, and has no sealed test; score on val")


def score(
    task: TaskSpec, program: Program, split: str, seed: RunSeed, sandbox: str, model: LanguageModel | None = None
) -> Score:
    """The score of one program, in a sandbox that is opened for it. Raises UsageError, TaskError, NoSandbox."""
    check_split(task, split)
    with open_sandbox(sandbox) as opened:
        return judge_of(task, split, seed, opened, model)(program)
