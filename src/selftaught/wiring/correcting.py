"""A task's file corrected during a run: `grade` may change, everything else stays, and the record shows it."""

import dataclasses
import time

from selftaught.core.errors import UsageError
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Corrected
from selftaught.runs.store import Store, text_id
from selftaught.sandbox.contract import Sandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import check_stands_alone, load_task
from selftaught.tasks.probes.trial import same
from selftaught.tasks.spec import SPLITS, TaskSpec
from selftaught.wiring.inputs import Inputs, task_input

_STAYS = ("entry", "seed", "about", "instructions", "limits", "scoring")
"""Of a task: what responses and scores on record were asked and made by."""


def find_corrected(file: str, inputs: Inputs, sandbox: Sandbox) -> TaskSpec:
    """The task in `file`, if it may take the place of the run's task of its name. Raises UsageError."""
    new = load_task(file).scored_as(inputs.config.fidelity).instructed(inputs.instructions)
    check_stands_alone(new)
    old = next((task for task in inputs.tasks if task.name == new.name), None)
    if old is None:
        names = ", ".join(task.name for task in inputs.tasks)
        raise UsageError(
            f"the task in {file} is called {new.name}; the run has {names}. Give the file the name of the task"
        )
    changed = [what for what in _STAYS if getattr(new, what) != getattr(old, what)]
    for split in SPLITS:
        before, now = (Judge(task, sandbox, split, inputs.seed).instances() for task in (old, new))
        changed += [] if same(before, now) else [f"the instances of {split}"]
    if changed:
        raise UsageError(
            f"{file} differs from the run's task {new.name} in more than grade: {', '.join(changed)}. The record "
            "would not be valid for it: start a new run"
        )
    return new


def correct(new: TaskSpec, inputs: Inputs, folder: RunFolder, store: Store) -> Inputs:
    """Record the new text, then put it into the folder. Scores that the old one spoiled are made again on request."""
    old = next(task for task in inputs.tasks if task.name == new.name)
    if new.source == old.source:
        return inputs
    number = len(store.of(Corrected))
    texts = (old.source, new.source)
    before, after = map(text_id, texts)
    at = f"/corrected#{number}"
    store.append(Corrected(at=at, time=time.time(), task=new.name, before=before, after=after), texts)
    folder.write(task_input(new.name), new.source)
    tasks = tuple(new if task is old else task for task in inputs.tasks)
    return dataclasses.replace(inputs, tasks=tasks)
