"""What an experiment depends on beside the models' answers: found once, and kept in its folder ever after."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from selftaught.config import Parameters
from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.experiments.suite_version import REFERENCE, reference_improver
from selftaught.runs.folder import RunFolder
from selftaught.tasks.frozen import ROOM
from selftaught.tasks.loading import check_stands_alone, is_built_in, load_task
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.inputs import load_improver, read_text

_FOLDER = "inputs"
_SCRIPT = "script.json"


@dataclass(frozen=True)
class SharedInputs:
    """Tasks by their names, improvers by what the user called them, and the scripted model's text."""

    tasks: dict[str, TaskSpec]
    improvers: dict[str, Program]
    script: str | None = None

    def texts(self) -> dict[str, str]:
        """Each text by its place in the experiment's folder. A task's name has no dot."""
        texts = {f"{name}.py": text for task in self.tasks.values() for name, text in task.modules.items()}
        texts |= {f"{name}.py": task.source for name, task in self.tasks.items()}
        texts |= {f"{place}.improver.py": one.source for place, one in enumerate(self.improvers.values())}
        return texts | ({_SCRIPT: self.script} if self.script is not None else {})


def gather(given: Parameters, runs: Path, kept_improvers: Path | None = None) -> tuple[Parameters, SharedInputs]:
    """From what the user named; and the parameters with tasks by their own names. Raises UsageError."""
    found = {name: load_task(name, given.fidelity) for name in [*given.tasks, *given.on]}
    tasks: dict[str, TaskSpec] = {}
    for name, task in found.items():
        if not is_built_in(task.source):
            check_stands_alone(task)
        if task.name in tasks and tasks[task.name].source != task.source:
            raise UsageError(f"two tasks are called {task.name}, one of them {name}; rename a file, or give it a NAME")
        tasks[task.name] = task
    for listed in (given.tasks, given.on):
        names = [found[name].name for name in listed]
        if len(set(names)) < len(names):
            raise UsageError(f"a task is listed twice, by two paths: {', '.join(listed)}; name each once")
    improvers = {
        name: reference_improver() if name == REFERENCE else load_improver(name, runs, kept_improvers)
        for name in [given.improver, *given.improvers]
    }
    script = read_text(Path(given.script), "a script") if given.script else None
    named = msgspec.structs.replace(
        given, tasks=[found[name].name for name in given.tasks], on=[found[name].name for name in given.on]
    )
    return named, SharedInputs(tasks, improvers, script)


def keep(shared_inputs: SharedInputs, folder: Path) -> None:
    """Write them into the experiment's folder."""
    kept = RunFolder(folder)
    for name, text in shared_inputs.texts().items():
        kept.write(f"{_FOLDER}/{name}", text)
    for task, spec in shared_inputs.tasks.items():
        for name, body in spec.limits.provided.files:
            kept.write(f"{_FOLDER}/files/{task}/{name}", body)


def kept(given: Parameters, folder: Path) -> SharedInputs:
    """Those that an experiment was begun with. Raises UsageError."""
    inputs = folder / _FOLDER
    names = dict.fromkeys([given.improver, *given.improvers])
    modules = {file.stem: read_text(file, "a module of a task") for file in inputs.glob(f"{ROOM}*.py")}
    return SharedInputs(
        {
            name: load_task(str(inputs / f"{name}.py"), modules=modules, folder=inputs / "files" / name).scored_as(
                given.fidelity
            )
            for name in [*given.tasks, *given.on]
        },
        {name: Program(read_text(inputs / f"{place}.improver.py", "an improver")) for place, name in enumerate(names)},
        read_text(inputs / _SCRIPT, "a script") if given.script else None,
    )


def check_unchanged(now: SharedInputs, before: SharedInputs) -> None:
    """Raises UsageError, with the first difference, if what the user named again is not what it was."""
    changed = [f"task {name}" for name, task in now.tasks.items() if _differs(task, before.tasks.get(name))]
    changed += [f"improver {name}" for name, one in now.improvers.items() if _differs(one, before.improvers.get(name))]
    if now.script is not None and before.script is not None and now.script != before.script:
        changed.append("script")
    if changed:
        raise UsageError(
            f"the {changed[0]} changed since this experiment started. To use the kept one, leave it out: the "
            "experiment's folder has everything; else use another `out`"
        )


def _differs(now: TaskSpec | Program, before: TaskSpec | Program | None) -> bool:
    """Other names are compared like parameters."""
    if isinstance(now, TaskSpec) and isinstance(before, TaskSpec) and now.limits.provided != before.limits.provided:
        return True
    return before is not None and now.source != before.source
