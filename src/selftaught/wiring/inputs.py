"""What a run depends on: loaded and checked before anything is spent, then frozen into the run's folder."""

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from selftaught import plugins
from selftaught.bounded import READER, NotRead
from selftaught.config import RunConfig, to_toml
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program
from selftaught.core.errors import RecordError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.runs.folder import INPUTS, RunFolder, find_run, list_runs
from selftaught.runs.provenance import without_provenance
from selftaught.runs.records import Corrected, Session
from selftaught.runs.salt import salted
from selftaught.runs.store import Store
from selftaught.sandbox.machine import ENTRY
from selftaught.tasks.entry import check_entry
from selftaught.tasks.frozen import ROOM, has_text, text_of
from selftaught.tasks.loading import check_stands_alone, is_built_in, load_task
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.kept_settings import frozen_config
from selftaught.wiring.machine import machine_speed

_SEEDS = files("selftaught") / "seeds"
_IMPROVER, _PROGRAM, _SCRIPT = "initial.improver.py", "initial.program.py", "script.json"
_INSTRUCTIONS = "instructions.given.txt"
"""Their dots keep them apart from any task: a task's name has none."""
IMPROVERS = "improvers"
"""The folder of those that the user has kept, in the user's data folder."""
MOST_INPUT_BYTES = 1_000_000


@dataclass(frozen=True)
class Inputs:
    """Everything that decides what a run computes, besides the model's answers and the package's own code.

    `earlier`: what starts before this one allowed an improver in all, where this one allows it more. `texts`: what
    improvers read of the meta-utility, as templates, by their files' names. `instructions`: the user's for this run,
    which the tasks hold already.
    """

    config: RunConfig
    tasks: tuple[TaskSpec, ...]
    improver: Program
    program: Program | None = None
    script: str | None = None
    instructions: str = ""
    earlier: tuple[Allowance, ...] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: package_texts())

    @property
    def seed(self) -> RunSeed:
        """The run's seed; always set once inputs are loaded."""
        return RunSeed.parse(self.config.seed or "0")


def check_race(fidelity: str) -> None:
    """Raises UsageError: a race's bets are on scores from 0 to 1."""
    if fidelity == "released":
        raise UsageError(
            "`race` needs scores from 0 to 1, and with `fidelity=released` they may be more; leave one of them out"
        )


def load_inputs(
    config: RunConfig, runs: Path, made: Mapping[str, TaskSpec] | None = None, improvers: Path | None = None
) -> Inputs:
    """From what the user named. Draws the seed if none was given; one that was is salted before. Raises UsageError.

    `made`: tasks from Python functions whose source cannot be read, by their names. `improvers`: the folder of those
    that the user has kept.
    """
    made = made or {}
    config = msgspec.structs.replace(
        config,
        seed=config.seed or salted(None, runs, {}),
        machine_speed=config.machine_speed or machine_speed(),
    )
    if config.race is not None:
        check_race(config.fidelity)
    for name in config.tasks:
        if config.tasks.count(name) > 1:
            raise UsageError(f"the task {name} is listed twice; name each task once and use `repeats`")
    tasks = tuple(
        made.get(name) or load_task(name, config.fidelity, check=config.check, score=config.score)
        for name in config.tasks
    )
    if len({task.name for task in tasks}) < len(tasks):
        raise UsageError(f"two tasks have one name: {', '.join(task.name for task in tasks)}; rename a file")
    for task in tasks:
        if task.name not in made and not is_built_in(task.source):
            check_stands_alone(task)
    program = None
    if config.program:
        program = Program(read_text(Path(config.program), "a program"))
        check_program(program, tasks[0].entry, config.program)
    script = read_text(Path(config.script), "a script") if config.script else None
    instructions = _instructions(Path(config.instructions)) if config.instructions else ""
    tasks = tuple(task.instructed(instructions) for task in tasks)
    return Inputs(config, tasks, load_improver(config.improver, runs, improvers), program, script, instructions)


def _instructions(file: Path) -> str:
    text = read_text(file, "instructions")
    if not text.strip():
        raise UsageError(f"{file} has no instructions; wanted a text for models")
    return text


def load_frozen(folder: RunFolder, made: Mapping[str, TaskSpec] | None = None) -> Inputs:
    """From a run's folder; `made` as in `load_inputs`. Raises UsageError or RecordError."""
    config = frozen_config(folder)
    inputs = folder.path / INPUTS
    modules = frozen_modules(folder)
    made = made or {}
    tasks = tuple(
        made.get(name)
        or load_task(str(inputs / _task_file(name)), modules=modules, folder=inputs / _files_folder(name)).scored_as(
            config.fidelity
        )
        for name in config.tasks
    )
    improver = Program(read_text(inputs / _IMPROVER, "an improver"))
    program = Program(read_text(inputs / _PROGRAM, "a program")) if config.program else None
    script = read_text(inputs / _SCRIPT, "a script") if config.script else None
    instructions = read_text(inputs / _INSTRUCTIONS, "instructions") if config.instructions else ""
    tasks = tuple(task.instructed(instructions) for task in tasks)
    texts = {name: read_text(inputs / name, "a text") for name in package_texts() if (inputs / name).is_file()}
    return Inputs(config, tasks, improver, program, script, instructions, texts={**package_texts(), **texts})


def frozen_modules(folder: RunFolder) -> dict[str, str] | None:
    """What the tasks are made of; None in a run of 0.1.0, which did not keep it."""
    found = sorted((folder.path / INPUTS).glob(f"{ROOM}*.py"))
    kept = any((folder.path / INPUTS / name).is_file() for name in package_texts())
    return {file.stem: read_text(file, "a module of a task") for file in found} if kept else None


def changed_since(folder: RunFolder) -> list[str]:
    """Which of the package's texts that the run has its own copies of are others in the installed package."""
    kept = {f"{name}.py": text for name, text in (frozen_modules(folder) or {}).items()}
    now = {name: text_of(name.removesuffix(".py")) for name in kept if has_text(name.removesuffix(".py"))}
    for name, text in package_texts().items():
        if (folder.path / INPUTS / name).is_file():
            kept[name], now[name] = read_text(folder.path / INPUTS / name, "a text"), text
    return sorted(name for name, text in kept.items() if now.get(name) != text)


def frozen_tasks(folder: RunFolder) -> dict[str, str]:
    """The texts of a run's tasks by their names; nothing of them is executed. Raises UsageError or RecordError."""
    names = frozen_config(folder).tasks
    return {name: read_text(folder.path / INPUTS / _task_file(name), "a task") for name in names}


def freeze(inputs: Inputs, folder: RunFolder) -> None:
    """Write the inputs into the run's folder, from which alone it is resumed. Raises RecordError."""
    texts: dict[str, str | bytes] = dict(inputs.texts)
    texts |= {f"{name}.py": text for task in inputs.tasks for name, text in task.modules.items()}
    texts |= {_task_file(task.name): task.source for task in inputs.tasks}
    for task in inputs.tasks:
        texts |= {f"{_files_folder(task.name)}/{name}": body for name, body in task.limits.provided.files}
    texts[_IMPROVER] = inputs.improver.source
    if inputs.program:
        texts[_PROGRAM] = inputs.program.source
    if inputs.script:
        texts[_SCRIPT] = inputs.script
    if inputs.instructions:
        texts[_INSTRUCTIONS] = inputs.instructions
    config = msgspec.structs.replace(inputs.config, tasks=[task.name for task in inputs.tasks])
    folder.freeze(to_toml(msgspec.to_builtins(config)), texts)
    if frozen_config(folder) != config:  # before anything is spent on a run that could not be resumed
        raise RecordError(f"{folder.config} does not contain the settings that were written to it; is the disk full?")


def load_improver(name: str, runs: Path, kept: Path | None = None) -> Program:
    """A seed by its name, the text of a .py file, one that was kept, or the best of a run. Raises UsageError.

    The first line of an exported file is not part of the program.
    """
    if name in improver_names():
        return Program((_SEEDS / f"{name.replace('-', '_')}.py").read_text())
    path = Path(name)
    if not path.is_file() and name in plugins.names("improvers"):
        path = plugins.find("improvers", name)
    if not path.is_file() and kept is not None and (kept / f"{name}.py").is_file():
        path = kept / f"{name}.py"
    if path.is_file():
        improver = Program(without_provenance(read_text(path, "an improver")))
        check_improver(improver, name)
        return improver
    try:
        folder = _last_with_an_improver(runs) if name == "last" else find_run(name, runs)
    except UsageError:
        if name == "last":
            raise
        close = get_close_matches(name, improver_names(), 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = f"{', '.join(improver_names())}, one that was kept, the path of a .py file, or a run"
        raise UsageError(f"no improver is called {name!r}{hint}; wanted one of {known}") from None
    folder.check_plain()
    best = folder.path / "best_improver.py"
    if not best.is_file():
        raise UsageError(f"the run {folder.path} has no best improver yet; resume it: selftaught resume {folder.path}")
    return Program(read_text(best, "an improver"))


def _last_with_an_improver(runs: Path) -> RunFolder:
    """The newest run that has one: an `improve` run makes none. Raises UsageError."""
    with_one = [folder for folder in list_runs(runs) if os.access(folder.path / "best_improver.py", os.R_OK)]
    if not with_one:
        raise UsageError(f"no run in {runs}/ has a best improver yet; start one with: selftaught run TASK")
    return with_one[-1]


def improver_names() -> list[str]:
    """The seeds that come with the package."""
    names = [entry.name for entry in _SEEDS.iterdir()]
    return sorted(name[:-3].replace("_", "-") for name in names if name.endswith(".py"))


def package_texts() -> dict[str, str]:
    """The texts about the meta-utility that come with the package, by their files' names."""
    return {entry.name: entry.read_text() for entry in _SEEDS.iterdir() if entry.name.endswith(".txt")}


def check_improver(improver: Program, name: str) -> None:
    """The user's own file must be an improver in the paper's later interface. Raises UsageError.

    Half of the improvers in the paper's appendix are written for an earlier one, which the released code does not
    run either: they build their own language model, and get the utility's text beside the utility.
    """
    check_program(improver, ENTRY, name)
    sign = _read(improver, name, f"{__name__}:sign_of_the_older_interface")
    if sign:
        raise UsageError(
            f"{name} is written for the older interface of the paper's appendix ({sign}), which is not supported. "
            f"Wanted: def {ENTRY}(initial_solution, utility, language_model), with the model as an argument and the "
            "utility's text as utility.str"
        )


def check_program(program: Program, entry: str, name: str) -> None:
    """A file that the user names must parse and define `entry`, if there is one. Raises UsageError."""
    if not entry:
        return
    check_entry(_read(program, name, "selftaught.tasks.entry:defined_names"), entry, name)


def _read(program: Program, name: str, how: str) -> Any:
    """Read in another process: the user's file may be a model's text, as a best improver is. Raises UsageError."""
    try:
        return READER.call(how, program.source)
    except NotRead as error:
        raise UsageError(f"{name} cannot be read as Python: {error}") from error


def sign_of_the_older_interface(source: str) -> str | None:
    """What shows that an improver is written for it, with the line."""
    return next(filter(None, map(_sign_at, ast.walk(ast.parse(source)))), None)


def _sign_at(node: ast.AST) -> str | None:
    if isinstance(node, ast.ImportFrom) and node.module == "language_model":
        return f"line {node.lineno}: from language_model import ..."
    if isinstance(node, ast.Import) and any(name.name == "language_model" for name in node.names):
        return f"line {node.lineno}: import language_model"
    if isinstance(node, ast.FunctionDef) and node.name == ENTRY:
        arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        if "utility_str" in arguments:
            return f"line {node.lineno}: def {ENTRY}({', '.join(arguments)})"
    return None


def read_text(path: Path, what: str) -> str:
    """The text of a user's file. Raises UsageError."""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not an ordinary file; wanted {what}")
        if path.stat().st_size > MOST_INPUT_BYTES:
            raise UsageError(f"{path} has {path.stat().st_size} bytes; {what} may have {MOST_INPUT_BYTES}")
        return path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark there
    except OSError as error:
        raise UsageError(f"cannot read {path} as {what}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text; wanted {what}") from error


def _task_file(task: str) -> str:
    """A task without a name of its own has its file's, and must find it again; so must its level."""
    return f"{''.join(c if c.isalnum() or c in '-_@' else '_' for c in task)}.py"


def _files_folder(task: str) -> str:
    """The folder of the files beside a task's own."""
    return f"files/{_task_file(task).removesuffix('.py')}"


def task_input(task: str) -> str:
    """Where a task's text is kept, from the run's folder."""
    return f"{INPUTS}/{_task_file(task)}"


def check_as_begun(store: Store, folder: RunFolder, corrected: str = "") -> Session | None:
    """The first session, if there is one. Raises RecordError if an input was changed since.

    `corrected`: the name of an input that is about to be replaced, and so may be anything.
    """
    first: Session | None = None
    wanted: dict[str, str] = {}
    for record in store.of_any(Session, Corrected):
        if isinstance(record, Session):
            first, wanted = first or record, {**record.frozen}
        elif isinstance(record, Corrected):
            wanted[task_input(record.task)] = record.after
    if first is not None:
        folder.check_frozen(wanted, but=corrected)
    return first
