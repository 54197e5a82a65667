"""A task by its name or its path, checked.

A task's file is trusted code of the user's own: it is executed in this process, with all rights. Only the programs
that it scores are untrusted. It is one file: a run keeps its text and is resumed from it, so it may import what is
installed, but no neighbour.
"""

import inspect
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from selftaught import plugins
from selftaught.core.contracts import MOST_PROGRAM_CHARACTERS, Program
from selftaught.core.errors import UsageError
from selftaught.sandbox.contract import Limits, Provided
from selftaught.sandbox.provided import find_packages
from selftaught.tasks import frozen
from selftaught.tasks.adapters import function, openevolve
from selftaught.tasks.adapters.adapted import Adapted
from selftaught.tasks.asking import Asks
from selftaught.tasks.beside import read_files
from selftaught.tasks.contract import MINIMIZE, as_name, read_parts
from selftaught.tasks.entry import check_entry, defined_names
from selftaught.tasks.evaluation import Evaluation, Place, check_markers
from selftaught.tasks.scale import Scale
from selftaught.tasks.shown import shown_source
from selftaught.tasks.spec import TaskSpec, line_in

BUILT_IN = {
    "autoconvolution": "autoconvolution.py",
    "bin-packing": "bin_packing.py",
    "circle-packing": "circle_packing.py",
    "formulas": "formulas.py",
    "job-shop": "job_shop.py",
    "maxcut": "maxcut.py",
    "modified-qap": "modified_qap.py",
    "online-bin-packing": "online_bin_packing.py",
    "parity": "parity.py",
    "parity-with-noise": "parity_with_noise.py",
    "string-grid-distance": "string_grid_distance.py",
    "three-sat": "three_sat.py",
    "tsp": "tsp.py",
}
PAPER = ("maxcut", "modified-qap", "parity", "parity-with-noise", "string-grid-distance", "three-sat")
"""The paper's tasks, which can also be scored in the released way."""
FIDELITIES = ("honest", "paper", "released")
"""How a task makes and scores instances: as we think right; the same, but one failed call decides a whole score where
it does in the paper; or, for the paper's tasks, as its released code does."""
WANTED = (
    'a task is a Python file with a docstring (shown to the model), SEED = "def algorithm(...): ..." (the program to '
    "start from), instances(rng, split) that yields (tuple of arguments, hidden), and grade(instance, answer) that "
    "returns 0 to 1"
)


def task_names() -> list[str]:
    """The built-in tasks."""
    return sorted(BUILT_IN)


def load_task(
    name_or_path: str,
    fidelity: str = "honest",
    modules: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    check: str | None = None,
    score: str | None = None,
) -> TaskSpec:
    """A built-in task, or the one that a Python file defines, which is executed here. Raises UsageError.

    With a level after "@": `three-sat@hard`, `mine.py@small`. `modules`: the texts of the
    package's own that it is made of, where a run has kept them (frozen.py). `folder`: where its FILES are, if not
    beside it. `check` and `score`: commands, of a function in a repository (`src/pkg/mod.py::function`). A folder in
    OpenEvolve's format is a task, too.
    """
    if fidelity not in FIDELITIES:
        raise UsageError(f"no fidelity is called {fidelity!r}; there are {', '.join(FIDELITIES)}")
    return _load(name_or_path, fidelity, modules, folder, check, score).scored_as(fidelity)


def _load(
    name_or_path: str,
    fidelity: str,
    modules: Mapping[str, str] | None,
    folder: Path | None,
    check: str | None,
    score: str | None,
) -> TaskSpec:
    if adapted := _adapted(name_or_path, check, score):
        spec = from_source(adapted.source, as_name(adapted.name), name_or_path, {}, "", adapted.folder)
        return replace(spec, notes=tuple(adapted.notes))
    name, level = split_level(name_or_path)
    released = fidelity == "released" and name in PAPER and level in ("", "paper")
    if name in BUILT_IN and (fidelity != "released" or released):
        file = _built_in_file(name, fidelity)
        source = file.read_text(encoding="utf-8")
        return from_source(source, name, str(file), _modules(source, name), "" if released else level)
    path = Path(name_or_path if Path(name_or_path).is_file() else name)
    if not path.is_file() and name not in BUILT_IN and name in plugins.names("tasks"):
        path = plugins.find("tasks", name)
    if path.suffix != ".py" and not path.is_file() and name not in BUILT_IN:
        raise UsageError(f"no task is called {name!r}; {_known(name)}")
    if fidelity == "released":
        raise UsageError(
            f"the task {name_or_path} is not of the paper's released code, so there is no released way to score it; "
            f"`fidelity=released` is for {', '.join(PAPER)}"
        )
    try:
        source = path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark there
    except OSError as error:
        raise UsageError(f"cannot read the task {path}: {error.strerror}; {_known(path.stem)}") from error
    except ValueError as error:
        raise UsageError(f"the task {path} is not UTF-8 text; {WANTED}") from error
    stem, own_level = split_level(path.stem) if "LEVELS" in source else (path.stem, "")  # a run keeps it as NAME@LEVEL
    name = as_name(stem)
    kept = _modules(source, name) if modules is None else modules
    return from_source(source, name, str(path), kept, level or own_level, folder or path.parent)


def _adapted(name: str, check: str | None, score: str | None) -> Adapted | None:
    """The task that is made from something else than a task file; None for a task file. Raises UsageError."""
    if function.SIGN in name:
        return function.adapt(name, check, score)
    if check or score:
        raise UsageError(
            f"`check` and `score` are for a function in a repository, src/m.py::function; {name} is not one"
        )
    if Path(name).is_dir():
        if not openevolve.is_one(Path(name)):
            raise UsageError(f"the folder {name} is not a task: wanted initial_program.py and evaluator.py in it")
        return openevolve.adapt(Path(name))
    return None


def split_level(name: str) -> tuple[str, str]:
    """`three-sat@hard` as three-sat and hard; an empty level if there is none."""
    base, at, level = name.rpartition("@")
    return (base, level) if at and as_name(level) == level else (name, "")


def check_stands_alone(task: TaskSpec) -> None:
    """A run keeps the task's text only: it must load from a copy in another folder. Raises UsageError."""
    with tempfile.TemporaryDirectory(prefix="selftaught-") as folder:
        copy = Path(folder) / f"{task.name}.py"
        copy.write_text(task.source, encoding="utf-8")
        for name, body in task.limits.provided.files:
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(body)
        try:
            load_task(str(copy))
        except UsageError as error:
            told = str(error).replace(str(copy), task.file)
            raise UsageError(
                f"{told}. It can be loaded from its folder, but not from the copy that a run keeps: a task is one file "
                "that reads no other; put the data into the task, or name the file in FILES and read it from FOLDER"
            ) from error


def is_built_in(source: str) -> bool:
    """Whether it is the text of a task that comes with this package."""
    return source in _all_built_in()


@cache
def _all_built_in() -> frozenset[str]:
    return frozenset(text for name in BUILT_IN for text in built_in_texts(name))


def built_in_texts(name: str) -> list[str]:
    """The texts of a task that comes with this package: its own, and that of the released code if it is the paper's."""
    fidelities = ("honest", "released") if name in PAPER else ("honest",)
    return [_built_in_file(name, fidelity).read_text(encoding="utf-8") for fidelity in fidelities]


def _built_in_file(name: str, fidelity: str) -> Traversable:
    folder = files("selftaught.tasks") / ("released" if fidelity == "released" else "")
    return folder / BUILT_IN[name]


def _modules(source: str, name: str) -> dict[str, str]:
    """The texts of the package's own that a task is made of, and those of its probes, if it is built in."""
    if name not in BUILT_IN or source not in built_in_texts(name):
        return frozen.texts_behind(source)
    probes = frozen.text_of(probes_of(name))
    return {**frozen.texts_behind(source), probes_of(name): probes, **frozen.texts_behind(probes)}


def probes_of(task: str) -> str:
    """The module that holds the probes of a built-in task."""
    return f"{frozen.ROOM}probes.{task.replace('-', '_')}"


def _known(name: str) -> str:
    close = get_close_matches(name.replace("_", "-"), BUILT_IN, 1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? There are" if close else "there are"
    if "," in name:
        hint = "several tasks are separate names, with spaces between them. There are"
    return f"{hint} {', '.join(task_names())}, or the path of a .py file"


def from_source(
    source: str, name: str, where: str, modules: Mapping[str, str], level: str = "", folder: Path | None = None
) -> TaskSpec:
    """The task that a text defines; `where` is what errors call it; `folder` has its FILES. Raises UsageError."""
    imports = frozen.Importer(modules)
    folder = (folder or Path()).absolute()
    return from_names(_execute(source, where, level, imports, folder), source, name, where, level, imports, folder)


def from_names(
    defined: Mapping[str, Any],
    source: str,
    name: str,
    where: str,
    level: str = "",
    imports: frozen.Importer | None = None,
    folder: Path | None = None,
) -> TaskSpec:
    """The task whose file, the text `source`, defines these names. Raises UsageError."""
    imports = imports or frozen.Importer({})
    _check_parts(defined, where)
    parts = read_parts(defined, where)
    if len(parts["SEED"]) > MOST_PROGRAM_CHARACTERS:
        raise UsageError(
            f"the task {where}: its SEED has {len(parts['SEED']):,} characters; a program may have "
            f"{MOST_PROGRAM_CHARACTERS:,}"
        )
    level = _level(defined, where, level)
    entry, shown = parts["ENTRY"], parts["NAME"] or name
    provided = _provided(parts, where, folder or Path())
    evaluation = _evaluation(defined, parts, source, where, level, provided)
    asks = _asks(parts, where, whole=evaluation is not None)
    if evaluation is None or evaluation.place is not None:
        check_entry(defined_names(parts["SEED"]), entry, f"the task {where}: its SEED")
    entry = "" if evaluation is not None and evaluation.place is None else entry
    play, grade = defined.get("play"), defined.get("grade")
    return TaskSpec(
        name=f"{shown}@{level}" if level else shown,
        about=inspect.cleandoc(defined["__doc__"]),
        seed=Program(parts["SEED"]),
        entry=entry,
        instances=defined.get("instances") or _no_instances,
        grade=grade or _never,
        limits=_limits(parts, provided),
        source=source,
        file=where,
        instructions=parts["INSTRUCTIONS"],
        scoring=parts["SCORING"],
        paper_scoring=parts["PAPER_SCORING"],
        bound=parts["BOUND"],
        best=defined.get("best"),
        probes={name.removeprefix(_PROBE): function for name, function in defined.items() if _is_probe(name)},
        check_answer=defined.get("check_answer"),
        explain=defined.get("explain"),
        shown=shown_source(source, defined, imports, parts["HIDE"]) if parts["SHOW"] else "",
        modules=imports.texts,
        play=play,
        scale=_scale(parts),
        takes_time=grade is not None and _takes(grade, 3),
        deterministic=parts["DETERMINISTIC"]
        and asks is None
        and not (evaluation and evaluation.place and not evaluation.score),
        evaluation=evaluation,
        asks=asks,
    )


def _asks(parts: Mapping[str, Any], where: str, *, whole: bool) -> Asks | None:
    if not parts["ASKS_MODEL"]:
        return None
    if whole:
        raise UsageError(f"the task {where} has ASKS_MODEL, but no instances: a workshop cannot reach a model")
    if parts["DIRECTION"] and parts["BASELINE"] is None:
        raise UsageError(
            f"the task {where} has ASKS_MODEL and {parts['DIRECTION']!r} without BASELINE: the seed's score differs "
            "each time that a model is asked, so it cannot be the baseline; define BASELINE"
        )
    return Asks(parts["MODEL_CALLS"], parts["RESPONSES"])


def _no_instances(rng: object, split: str) -> list[tuple[tuple[Any, ...], Any]]:
    """In the place of `instances` where programs are judged as wholes."""
    return []


_PROBE = "probe_"
_OF_INSTANCES = ("best", "check_answer", "explain")
_ITSELF = "selftaught_task.py"
"""The name of a task's own text beside its files, if it has `evaluate`."""


def _evaluation(
    defined: Mapping[str, Any], parts: Mapping[str, Any], source: str, where: str, level: str, provided: Provided
) -> Evaluation | None:
    evaluator = parts["EVALUATOR"] or (_ITSELF if defined.get("evaluate") is not None else "")
    if not evaluator and not parts["CHECK"]:
        return None
    files = dict(provided.files)
    if evaluator == _ITSELF:
        files[_ITSELF] = source.encode()
    elif evaluator and evaluator not in files:
        raise UsageError(f"the task {where}: EVALUATOR is {evaluator!r}, which is not one of its FILES")
    if parts["CHECK"] and not parts["REPLACES"]:
        raise UsageError(f"the task {where}: CHECK without REPLACES: where does the program go?")
    place = Place(**dict(zip(("path", "before", "behind", "margin"), parts["REPLACES"], strict=True))) if parts[
        "CHECK"
    ] else None  # fmt: skip
    return Evaluation(
        evaluator=evaluator,
        level=level,
        suffix=parts["SUFFIX"],
        thresholds=tuple(parts["THRESHOLDS"]),
        check=parts["CHECK"],
        score=parts["SCORE"],
        place=place,
        repeats=parts["REPEATS"] if place else 1,
        environment=parts["ENVIRONMENT"],
        wall_seconds=parts["WALL_SECONDS"],
        marked=place is None and parts["MARKERS"] and check_markers(parts["SEED"], f"the task {where}: its SEED"),
        files=tuple(sorted(files.items())),
        memory_bytes=max(1, int(parts["MEMORY_BYTES"])),
    )


def _never(instance: object, answer: object) -> None:
    """Replaces `grade` if there is `play`."""


def _scale(parts: Mapping[str, Any]) -> Scale | None:
    direction, baseline, target = (parts[name] for name in ("DIRECTION", "BASELINE", "TARGET"))
    if (direction, baseline, target) == (None, None, None):
        return None
    return Scale(direction == MINIMIZE, baseline, target)


def _execute(source: str, where: str, level: str, imports: frozen.Importer, folder: Path) -> Mapping[str, Any]:
    """What the file defines. Before its first line `FOLDER` is there, and `LEVEL` where a level was asked for."""
    module = imports.empty(f"selftaught_task_{sha256(f'{level}@{source}'.encode()).hexdigest()[:16]}", where)
    module.__dict__["FOLDER"] = str(folder)
    if level:
        module.__dict__["LEVEL"] = level
    try:
        imports.execute(module, source)
    except SyntaxError as error:
        raise UsageError(f"the task {where} is not Python: {error.msg} (line {error.lineno})") from error
    except (Exception, SystemExit) as error:
        if level:
            _level(module.__dict__, where, level)  # a level that is not there explains what fails
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise UsageError(f"the task {where}{line_in(where, error)}: it fails when it is loaded: {what}") from error
    return vars(module)


def _level(defined: Mapping[str, Any], where: str, asked: str) -> str:
    """The level's name as part of the task's name: empty for the first, which a bare name means."""
    levels = defined.get("LEVELS", {})
    if not isinstance(levels, Mapping):
        return ""
    if asked and asked not in levels:
        known = f"it has {' and '.join(levels)}" if levels else "it has no LEVELS"
        raise UsageError(f"the task {where} has no level {asked!r}; {known}")
    if levels and not asked and defined.get("LEVEL") != next(iter(levels)):
        raise UsageError(
            f"the task {where}: LEVEL is {defined.get('LEVEL')!r}, and the first of LEVELS is {next(iter(levels))!r}; "
            f'wanted LEVEL = globals().get("LEVEL", {next(iter(levels))!r}), after LEVELS: a bare name means the first'
        )
    return "" if asked == next(iter(levels), "") else asked


def _check_parts(defined: Mapping[str, Any], where: str) -> None:
    about = defined.get("__doc__")
    lacks = [] if isinstance(about, str) and about.strip() else ["a docstring"]
    whole = any(defined.get(name) for name in ("evaluate", "EVALUATOR", "CHECK"))
    lacks += [name for name in ("SEED", "instances") if defined.get(name) is None and not (whole and name != "SEED")]
    lacks += ["grade"] if not whole and defined.get("grade") is None and defined.get("play") is None else []
    if lacks:
        raise UsageError(f"the task {where} lacks {' and '.join(lacks)}; {WANTED}")
    if defined.get("grade") is not None and defined.get("play") is not None:
        raise UsageError(f"the task {where} has grade and play; wanted one of them")
    if whole and (clash := [name for name in ("instances", "grade", "play") if defined.get(name) is not None]):
        raise UsageError(
            f"the task {where} has {clash[0]} and also evaluate or CHECK; wanted one way to score a program"
        )
    if defined.get("evaluate") is not None and not (callable(defined["evaluate"]) and _takes(defined["evaluate"], 1)):
        raise UsageError(
            f"the task {where}: evaluate is not a function of one argument, the path of the program's file"
        )
    if whole and (extra := [name for name in defined if name in _OF_INSTANCES or _is_probe(name)]):
        raise UsageError(f"the task {where} has {extra[0]} and also evaluate or CHECK: there are no instances")
    if defined.get("best") is not None and defined.get("BOUND") is not None:
        raise UsageError(f"the task {where} has best and BOUND; wanted one of them")
    if defined.get("best") is not None and not (callable(defined["best"]) and _takes(defined["best"], 1)):
        raise UsageError(f"the task {where}: best is not a function of one argument, the instance")
    for name in ("instances", "grade", "play", "explain", "check_answer", *filter(_is_probe, defined)):
        function = defined.get(name)
        if function is not None and not (callable(function) and (_takes(function, 2) or _takes(function, 3))):
            raise UsageError(f"the task {where}: {name} is not a function of two arguments; {WANTED}")


def _is_probe(name: str) -> bool:
    return name.startswith(_PROBE)


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Checked here, because later a TypeError from `grade` would count as a bad answer."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return count == 2
    return True


def _provided(parts: Mapping[str, Any], where: str, folder: Path) -> Provided:
    try:
        find_packages(tuple(parts["PACKAGES"]))
        return Provided(packages=tuple(parts["PACKAGES"]), files=read_files(folder, parts["FILES"]))
    except UsageError as error:
        raise UsageError(f"the task {where}: {error}") from error


def _limits(parts: Mapping[str, Any], provided: Provided) -> Limits:
    return Limits(
        cpu_seconds=parts["CPU_SECONDS"],
        load_cpu_seconds=parts["LOAD_CPU_SECONDS"],
        wall_seconds=10 * parts["CPU_SECONDS"] + 5,
        memory_bytes=max(1, int(parts["MEMORY_BYTES"])),
        fresh_guest_per_call=parts["FRESH_GUEST_PER_CALL"],
        provided=provided,
    )
