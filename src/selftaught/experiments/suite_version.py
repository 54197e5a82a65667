"""What a version of the suite fixes: tasks (so the distribution of their instances), sizes, budgets, baselines, the
reference programs and the scale. Instances are drawn again for each result, so none can be memorised.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from selftaught.config import Parameters
from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.tasks.loading import load_task

NAME, VERSION = "modern", 1
DIGEST = "d5f6887e19f40f09"
"""Of the tasks' texts and the reference programs at this version. Who changes one of them begins a new version."""
SCALE: dict[str, tuple[float, float]] = {
    "autoconvolution": (0.029, 0.448),
    "bin-packing": (0.189, 0.461),
    "circle-packing": (0.038, 0.315),
    "formulas": (0.033, 0.491),
    "job-shop": (0.144, 0.273),
    "maxcut@hard": (0.251, 0.774),
    "modified-qap@hard": (0.059, 0.391),
    "online-bin-packing": (0.275, 0.335),
    "parity@hard": (0.514, 0.741),
    "parity-with-noise@hard": (0.495, 0.736),
    "string-grid-distance@hard": (0.418, 0.652),
    "three-sat@hard": (0.020, 0.614),
    "tsp": (0.099, 0.532),
}
"""What each task's initial solution and reference program scored when this version was made: the scale's 0 and 1."""
REFERENCE = "reference programs"
"""An arm that asks no model: of each task the program that the scale's 1 comes from, measured here and now."""
BASELINES = ("best-of-n", "greedy", "refine")
_PEERS = ("islands", "novelty", "pareto", "best-first")
_FEW = ("formulas", "online-bin-packing", "string-grid-distance@hard", "three-sat@hard")
_MOST = (*_FEW, "bin-packing", "job-shop", "maxcut@hard", "tsp")


@dataclass(frozen=True, slots=True)
class Size:
    """What is run: on which tasks, how often, and what one application may spend."""

    tasks: tuple[str, ...]
    trials: int
    model_calls: int
    responses: int
    utility_calls: int


SIZES = {
    "quick": Size(_FEW, 2, 2, 3, 7),
    "standard": Size(_MOST, 6, 4, 6, 25),
    "full": Size(tuple(SCALE), 12, 4, 6, 25),
}
_LIKE_IMPROVE = {
    "feedback": "on", "salvage": "on", "extract_code": "careful", "utility_text": "source", "probes": True,
    "common_draws": "on",
}  # fmt: skip
"""Improvers of today use them; the paper's experiments do without."""


def fixed(size: str) -> dict[str, Any]:
    """The settings that the version fixes for a size."""
    one = SIZES[size]
    budget = {"model_calls": one.model_calls, "responses": one.responses, "utility_calls": one.utility_calls}
    limits = {name: getattr(_DEFAULT, name) for name in _LIMITS}
    return {"tasks": list(one.tasks), "trials": one.trials, "race": None, **budget, **limits, **_LIKE_IMPROVE}


_LIMITS = ("improver_cpu_seconds", "improver_wall_seconds", "improver_memory_mib", "fidelity")
_DEFAULT = Parameters(experiment="suite", tasks=[NAME], models=["auto"])


def chosen_tasks(named: Sequence[str], size: str) -> list[str]:
    """From `[modern]` and optional names of its tasks. Raises UsageError for other names."""
    suite, *tasks = named or [NAME]
    if suite != NAME:
        raise UsageError(f"no suite is called {suite!r}; there is {NAME}, and after it names of its tasks")
    for task in tasks:
        if task not in SCALE:
            raise UsageError(f"{task} is not a task of the suite {NAME}; it has {', '.join(SCALE)}")
    return tasks or list(SIZES[size].tasks)


def arms(named: Sequence[str]) -> list[str]:
    """The improvers that are compared: the baselines, those that are named (else the peers'), and the references."""
    others = [name.removeprefix("+") for name in named] or list(_PEERS)
    if REFERENCE in others:
        raise UsageError(
            f"{REFERENCE!r} is the suite's own name for the reference programs; use another name for an improver"
        )
    return [*dict.fromkeys([*BASELINES, *others]), REFERENCE]


def label(*, salt_given: bool) -> str:
    """The name and version of a result."""
    return f"{NAME} {VERSION}" + (", salt given" if salt_given else "")


def check_version(given: Parameters) -> None:
    """Raises UsageError if a result was started with another version of the suite."""
    if given.suite.partition(",")[0] != f"{NAME} {VERSION}":
        raise UsageError(
            f"this result was started as {given.suite or 'something else'}, and this release has {NAME} {VERSION}: "
            "continue it with its own release, or start a new one"
        )


def changed(given: Parameters) -> list[str]:
    """What is not as the version fixes it: then the numbers are not those that others quote."""
    return [name for name, value in fixed(given.size).items() if getattr(given, name) != value]


def references() -> dict[str, str]:
    """The reference programs, by the names of their tasks without a level."""
    with zipfile.ZipFile(io.BytesIO((files(__package__) / "references.zip").read_bytes())) as archive:
        return {name.removesuffix(".py").replace("_", "-"): archive.read(name).decode() for name in archive.namelist()}


def reference_of(task: str) -> str:
    """The one of a task, at any level."""
    return references()[task.partition("@")[0]]


def reference_improver() -> Program:
    """An improver that asks nobody, and answers with the reference program of the task.

    The first line of a task's text identifies it: two of them have the same initial solution.
    """
    programs = {load_task(task).about.strip().splitlines()[0]: reference_of(task) for task in SCALE}
    return Program(
        f'"""The reference programs of the suite {NAME} {VERSION}: no search, and no model."""\n\n'
        f"PROGRAMS = {programs!r}\n\n\n"
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    return next(program for line, program in PROGRAMS.items() if line in utility.str)\n"
    )


def digest() -> str:
    """The value for `DIGEST`: of the tasks' texts, and of the reference programs."""
    texts = [reference_of(task) for task in SCALE]
    for task in map(load_task, SCALE):
        texts += [task.name, task.source, *(text for _, text in sorted(task.modules.items()))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
