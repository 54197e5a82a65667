"""What a task file may define: one table, which gives the checks, `docs/tasks.md` and the templates of `new`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from math import isfinite
from pathlib import PurePosixPath
from typing import Any

from selftaught.core.errors import UsageError
from selftaught.sandbox.contract import Limits
from selftaught.tasks.spec import Scoring

MINIMIZE, MAXIMIZE = "minimize", "maximize"
_CLOSE = 0.85
"""From this similarity on, one name counts as a misspelling of the other."""
_DAY = 86_400
_MOST_MEMORY_BYTES = 1 << 44
_LIMITS = Limits()


@dataclass(frozen=True)
class Part:
    """One name of a task file.

    Attributes:
        meaning: for the docs, one sentence or two.
        wanted: the values that are allowed, for messages.
        default: the value if the file does not define it; REQUIRED: the file must.
        fits: whether a value is allowed.
    """

    name: str
    meaning: str
    wanted: str
    default: Any
    fits: Callable[[Any], bool]


REQUIRED = object()


def as_name(text: str) -> str:
    """`text` reduced to letters, digits, "-" and "_", so that a task has the same name in the copy that a run keeps."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in text)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _up_to(most: float) -> Callable[[Any], bool]:
    return lambda value: _number(value) and 0 < value <= most


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)


def _paths(value: Any) -> bool:
    return _names(value) and all(
        name and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts for name in value
    )


def _seconds(name: str, meaning: str, default: float) -> Part:
    return Part(name, meaning, f"a number above 0, at most {_DAY}", default, _up_to(_DAY))


PARTS = (
    Part("SEED", "The program to start from, as text.", "the text of a program", REQUIRED,
         lambda v: isinstance(v, str)),
    Part("ENTRY", "The function that a program must define.", "the name of a function", "algorithm",
         lambda v: isinstance(v, str) and v.isidentifier()),
    Part("NAME", "The name of the task; by default the file's name.", 'letters, digits, "-" and "_"', None,
         lambda v: isinstance(v, str) and v != "" and v == as_name(v)),
    Part("INSTRUCTIONS", "What you know about the problem, and what you want. Models see it below the description. "
         "The setting `instructions` names a file that adds more for one run.", "a text", "",
         lambda v: isinstance(v, str)),
    Part("DIRECTION", "`minimize` or `maximize`: grades may be any finite numbers, and people see them as they are.",
         f"{MINIMIZE!r} or {MAXIMIZE!r}", None, lambda v: v in (MINIMIZE, MAXIMIZE)),
    Part("BASELINE", "The score that an improver sees as one half; by default the seed's score.",
         "a finite number", None, _number),
    Part("TARGET", "The score that an improver sees as 1. Without it, no score is 1.", "a finite number", None,
         _number),
    Part("EVALUATOR", "With FILES: the file that defines `evaluate(path)`.", "the name of a file", "",
         lambda v: isinstance(v, str)),
    Part("SUFFIX", "With `evaluate`: the ending of the program's file name. The program may be any text.",
         'the ending of a file\'s name, as ".py" or ".json"', ".py", lambda v: isinstance(v, str) and "/" not in v),
    Part("THRESHOLDS", "With `evaluate_stage1`, `evaluate_stage2`, `evaluate_stage3`: the score that a stage must "
         "reach for the next one to run.", "finite numbers, as [0.5, 0.75]", (),
         lambda v: isinstance(v, (list, tuple)) and all(map(_number, v))),
    _seconds("WALL_SECONDS", "With `evaluate` or CHECK: wall-clock time of one evaluation.", 60.0),
    Part("MARKERS", "With `evaluate`: only the text between lines with EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may "
         "change. False: all of it may.", "True or False", True, _flag),
    Part("CHECK", "Instead of `evaluate`: a shell command that runs in a copy of FILES, with the program in the place "
         "that REPLACES names. Exit code 0 is a pass. The score is the speed-up of the command in CPU time.",
         "a command", "",
         lambda v: isinstance(v, str)),
    Part("SCORE", "With CHECK: a command whose last line is the score.", "a command", "", lambda v: isinstance(v, str)),
    Part("REPLACES", "With CHECK: the place of the program, as (file, text before, text after, margin).",
         "a file and three texts", (), lambda v: _names(v) and len(v) in (0, 4)),
    Part("REPEATS", "With CHECK: how often each program runs, in turn with the original.",
         "a whole number from 1 to 100", 3,
         lambda v: isinstance(v, int) and 1 <= v <= 100),
    Part("ENVIRONMENT", "With `evaluate` or CHECK: the virtual environment that can be read and run; by default "
         "selftaught's.", "an absolute path", "", lambda v: isinstance(v, str) and v[:1] in ("", "/")),
    Part("BOUND", "The best known score, in the task's own number. Scores are shown as a share of the way to it.",
         "a number, the best score known", None, _number),
    _seconds("CPU_SECONDS", "CPU time of one call.", _LIMITS.cpu_seconds),
    _seconds("LOAD_CPU_SECONDS", "CPU time of executing a program's top level.", _LIMITS.load_cpu_seconds),
    Part("MEMORY_BYTES", "Memory of a program's process.", f"a number above 0, at most {_MOST_MEMORY_BYTES}",
         _LIMITS.memory_bytes, _up_to(_MOST_MEMORY_BYTES)),
    Part("PACKAGES", "Installed packages that programs may import, besides numpy: `PACKAGES = [\"scipy\", \"pandas\"]`."
         " They are imported before a program is loaded. A module of a package works too: `\"scipy.optimize\"`.",
         'names of packages, as ["scipy"]', (), _names),
    Part("FILES", "Files and folders beside the task that programs may read. Programs start in a folder with copies, "
         "so `open(\"words.txt\")` works. A run keeps them. The task itself finds them in the folder `FOLDER`.",
         'relative paths without "..", as ["words.txt"]', (), _paths),
    Part("ASKS_MODEL", "True: programs may ask a language model. They get `language_model` after their arguments: "
         "`language_model.prompt(expertise, message, n_responses=1, temperature=0.7) -> list[str]`. Each call has its "
         "own process.", "True or False", False, _flag),
    Part("MODEL_CALLS", "With ASKS_MODEL: model calls in one call of the program. More raise `BudgetExceeded` in it.",
         "a whole number from 1 to 1000", 4, lambda v: _whole(v, 1000)),
    Part("RESPONSES", "With ASKS_MODEL: responses in one model call.", "a whole number from 1 to 1000", 4,
         lambda v: _whole(v, 1000)),
    Part("FRESH_GUEST_PER_CALL", "True: each call has its own process.", "True or False", False, _flag),
    Part("DETERMINISTIC", "False: equal programs may get different scores, for example because time is measured. Then "
         "every scoring runs the program again.", "True or False", True, _flag),
    Part("LEVELS", "Named sets of parameters. The bare name means the first. "
         "`LEVEL = globals().get(\"LEVEL\", \"easy\")` reads the level, and `task.py@hard` selects one.",
         'a dict, as {"easy": ..., "hard": ...}', {},
         lambda v: isinstance(v, Mapping) and all(isinstance(n, str) and as_name(n) == n for n in v)),
    Part("SHOW", "Models may read the code of `instances` and `grade`.",
         "True, if models may read its code, or False", False, _flag),
    Part("HIDE", "With SHOW: functions that models may not read.",
         "the names of functions that models may not read", (), _names),
    Part("SCORING", "How grades become a score, if not by their mean (`selftaught.tasks.spec.Scoring`).",
         "a selftaught.tasks.spec.Scoring", Scoring(), lambda v: isinstance(v, Scoring)),
    Part("PAPER_SCORING", "The same under `fidelity=paper`, if it differs.",
         "a selftaught.tasks.spec.Scoring, or None", None, lambda v: isinstance(v, Scoring)),
)  # fmt: skip
"""The capital names. `instances`, `grade`, `play` and `explain` are functions, and the docstring is the description."""
FUNCTIONS = {
    "instances(rng, split)": "Yields (tuple of arguments, what only `grade` may see) for each instance; `rng` is a "
    "`random.Random`, `split` is `val` or `test`. Required.",
    "grade(instance, answer)": "The grade of one answer: 0 to 1, or with DIRECTION any finite number. The answer is "
    "plain data: arrays and tuples have become lists. Raise ValueError for an invalid answer. It may take "
    "`cpu_seconds`, the time of the call, as a third argument. It may return a dict with several numbers, as in "
    '`{"score": 0.5, "bins": 7}`; `score` counts.',
    "play(instance, call)": "Instead of `grade`: returns the grade. `call(*arguments)` runs the program's function and "
    "returns its answer, as often as `play` needs; `call.cpu_seconds` is the time of the last call. Each instance has "
    "its own process. `call.seed(*arguments)` runs the task's seed in the same way.",
    "evaluate(path)": "Instead of `instances` and `grade`: the score of the program in the file `path`, as a number or "
    "a dict of numbers with `score` (texts in it are for improvers). It runs in a workshop, together with the program: "
    "it may start processes, write to a scratch folder, and read FILES (`FOLDER`). There is no sealed test, and a "
    "hostile program can forge its score.",
    "best(instance)": "The best known score of an instance, in the task's own number, if BOUND is not the same for "
    "all. It is computed once and kept on disk, so it may search for long.",
    "probe_NAME(rng, instance)": "Another instance that is as hard: renamed, reordered or shifted (for example "
    "`instance._replace(args=...)`). A solution that scores lower on these, beyond chance, is flagged "
    "as a reward hack. There may be several, each with its own NAME.",
    "check_answer(instance, answer)": "For probes: raises ValueError for an invalid answer. It may be stricter than "
    "`grade`.",
    "explain(instance, answer)": "With `grade`: text about an answer, for an improver to read. It must not reveal what "
    "the improver should not know.",
}
_KNOWN = {part.name: part for part in PARTS} | {"LEVEL": None, "FOLDER": None}


def read_parts(defined: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The values of all parts, with their defaults. Raises UsageError for one that is wrong, or seems misspelt."""
    for name in defined:
        if name.isupper() and name not in _KNOWN and not name.startswith("_"):
            _check_spelling(name, defined, where)
    return {
        part.name: _value(part, defined, where)
        for part in PARTS
        if part.default is not REQUIRED or part.name in defined
    }


def _value(part: Part, defined: Mapping[str, Any], where: str) -> Any:
    if part.name not in defined or (defined[part.name] is None and part.default is None):
        return part.default
    value = defined[part.name]
    if not part.fits(value):
        raise UsageError(f"the task {where}: {part.name} is {value!r}; wanted {part.wanted}")
    return value


def _check_spelling(name: str, defined: Mapping[str, Any], where: str) -> None:
    close = get_close_matches(name, [known for known in _KNOWN if known not in defined], 1, cutoff=_CLOSE)
    if close:
        raise UsageError(
            f"the task {where}: {name} has no meaning in a task file; did you mean {close[0]}? For a name of your "
            f"own, use _{name}"
        )


KINDS = ("function", "minimize", "play", "two-phases", "speed", "program", "text", "prompt")
"""What `selftaught new` writes: templates/KIND.txt."""


def template(kind: str) -> str:
    """The text of a task of this kind, which runs without changes. Raises UsageError."""
    if kind not in KINDS:
        close = get_close_matches(kind, KINDS, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"no kind of task is called {kind!r}; there are {', '.join(KINDS)}{hint}")
    return (files("selftaught.tasks") / "templates" / f"{kind}.txt").read_text(encoding="utf-8")


def table() -> str:
    """All functions and names, as the tables of docs/tasks.md."""
    lines = [
        "| function | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning} |" for name, meaning in FUNCTIONS.items()),
        "",
    ]
    lines += ["| name | meaning | default |", "|---|---|---|"]
    for part in PARTS:
        default = (
            "required" if part.default is REQUIRED else "–" if part.default in (None, (), {}) else f"`{part.default!r}`"
        )
        lines.append(f"| `{part.name}` | {part.meaning} | {'the mean' if part.name == 'SCORING' else default} |")
    return "\n".join(lines) + "\n"
