"""What a task file may hold: one table, from which come the checks, `docs/tasks.md` and the templates of `new`."""

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
"""How alike two names are of which one is taken for a misspelling of the other."""
_DAY = 86_400
_MOST_MEMORY_BYTES = 1 << 44
_LIMITS = Limits()


@dataclass(frozen=True)
class Part:
    """One name of a task file.

    Attributes:
        meaning: for the docs, one sentence or two.
        wanted: what its value has to be, for messages.
        default: where the file does not have it; REQUIRED: it has to.
        fits: whether a value is one.
    """

    name: str
    meaning: str
    wanted: str
    default: Any
    fits: Callable[[Any], bool]


REQUIRED = object()


def as_name(text: str) -> str:
    """`text` with nothing but letters, digits, "-" and "_": a task keeps its name when a run keeps its file."""
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
    Part("ENTRY", "The function that a program has to define.", "the name of a function", "algorithm",
         lambda v: isinstance(v, str) and v.isidentifier()),
    Part("NAME", "What the task is called; the file's name unless given.", 'letters, digits, "-" and "_"', None,
         lambda v: isinstance(v, str) and v != "" and v == as_name(v)),
    Part("INSTRUCTIONS", "What you know of the problem, and want: models are shown it below the description. "
         "The setting `instructions` names a file that adds more for one run.", "a text", "",
         lambda v: isinstance(v, str)),
    Part("DIRECTION", "`minimize` or `maximize`: grades may be any finite numbers, and people see them as they are.",
         f"{MINIMIZE!r} or {MAXIMIZE!r}", None, lambda v: v in (MINIMIZE, MAXIMIZE)),
    Part("BASELINE", "The score that counts as one half to an improver; that of the seed unless given.",
         "a finite number", None, _number),
    Part("TARGET", "The score that counts as 1 to an improver; without it, no score does.", "a finite number", None,
         _number),
    Part("EVALUATOR", "With FILES: the one of them that has `evaluate(path)`.", "the name of a file", "",
         lambda v: isinstance(v, str)),
    Part("SUFFIX", "With `evaluate`: how the name of the program's file ends. The program may be any text.",
         'the ending of a file\'s name, as ".py" or ".json"', ".py", lambda v: isinstance(v, str) and "/" not in v),
    Part("THRESHOLDS", "With `evaluate_stage1`, `evaluate_stage2`, `evaluate_stage3`: what a stage has to give for the "
         "next to run.", "finite numbers, as [0.5, 0.75]", (),
         lambda v: isinstance(v, (list, tuple)) and all(map(_number, v))),
    _seconds("WALL_SECONDS", "With `evaluate` or CHECK: time of one evaluation, by the clock.", 60.0),
    Part("MARKERS", "With `evaluate`: only what is between lines with EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may "
         "change. False: all may.", "True or False", True, _flag),
    Part("CHECK", "Instead of `evaluate`: a shell command in a copy of FILES, with the program in the place that "
         "REPLACES names; exit code 0 is a pass. The score is its speed-up in CPU time.", "a command", "",
         lambda v: isinstance(v, str)),
    Part("SCORE", "With CHECK: a command whose last line is the score.", "a command", "", lambda v: isinstance(v, str)),
    Part("REPLACES", "With CHECK: (file, text before, text behind, margin) of the place of the program.",
         "a file and three texts", (), lambda v: _names(v) and len(v) in (0, 4)),
    Part("REPEATS", "With CHECK: how often each is run, in turn with the original.", "a whole number from 1 to 100", 3,
         lambda v: isinstance(v, int) and 1 <= v <= 100),
    Part("ENVIRONMENT", "With `evaluate` or CHECK: the virtual environment that can be read and run; that of "
         "selftaught unless given.", "an absolute path", "", lambda v: isinstance(v, str) and v[:1] in ("", "/")),
    Part("BOUND", "The best score known, in the task's own number. Scores are shown as a share of the way to it.",
         "a number, the best score known", None, _number),
    _seconds("CPU_SECONDS", "CPU time of one call.", _LIMITS.cpu_seconds),
    _seconds("LOAD_CPU_SECONDS", "CPU time of executing a program's top level.", _LIMITS.load_cpu_seconds),
    Part("MEMORY_BYTES", "Memory of a program's process.", f"a number above 0, at most {_MOST_MEMORY_BYTES}",
         _LIMITS.memory_bytes, _up_to(_MOST_MEMORY_BYTES)),
    Part("PACKAGES", "Installed packages that programs may import, beside numpy: `PACKAGES = [\"scipy\", \"pandas\"]`. "
         "They are imported before a program is loaded; so is a module of one, as `\"scipy.optimize\"`.",
         'names of packages, as ["scipy"]', (), _names),
    Part("FILES", "Files and folders beside the task that programs may read: they start in a folder with copies, "
         "so `open(\"words.txt\")` works. A run keeps them. The task itself finds them in the folder `FOLDER`.",
         'relative paths without "..", as ["words.txt"]', (), _paths),
    Part("ASKS_MODEL", "True: programs may ask a language model. They get `language_model` behind their arguments: "
         "`language_model.prompt(expertise, message, n_responses=1, temperature=0.7) -> list[str]`. Each call has a "
         "process of its own.", "True or False", False, _flag),
    Part("MODEL_CALLS", "With ASKS_MODEL: model calls of one call of the program. More raise `BudgetExceeded` in it.",
         "a whole number from 1 to 1000", 4, lambda v: _whole(v, 1000)),
    Part("RESPONSES", "With ASKS_MODEL: responses of one model call.", "a whole number from 1 to 1000", 4,
         lambda v: _whole(v, 1000)),
    Part("FRESH_GUEST_PER_CALL", "A process of its own for each call.", "True or False", False, _flag),
    Part("DETERMINISTIC", "False where equal programs may get unequal scores, as where time is measured: the record "
         "answers for no new score then.", "True or False", True, _flag),
    Part("LEVELS", "Named sets of parameters, the first for the bare name. `LEVEL = globals().get(\"LEVEL\", \"easy\")`"
         " picks one, and `task.py@hard` asks for it.", 'a dict, as {"easy": ..., "hard": ...}', {},
         lambda v: isinstance(v, Mapping) and all(isinstance(n, str) and as_name(n) == n for n in v)),
    Part("SHOW", "Models may read the code of `instances` and `grade`.",
         "True, if models may read its code, or False", False, _flag),
    Part("HIDE", "With SHOW: functions that models may not read.",
         "the names of functions that models may not read", (), _names),
    Part("SCORING", "How grades become a score where it is not their mean (`selftaught.tasks.spec.Scoring`).",
         "a selftaught.tasks.spec.Scoring", Scoring(), lambda v: isinstance(v, Scoring)),
)  # fmt: skip
"""The capital names. `instances`, `grade`, `play` and `explain` are functions, and the docstring is the description."""
FUNCTIONS = {
    "instances(rng, split)": "Yields (tuple of arguments, what only `grade` may see) for each instance; `rng` is a "
    "`random.Random`, `split` is `val` or `test`. Required.",
    "grade(instance, answer)": "The grade of one answer: 0 to 1, or with DIRECTION any finite number. The answer is "
    "plain data: arrays and tuples have become lists. ValueError: it is no answer. It may take `cpu_seconds`, those of "
    "the call, as a third argument. A dict gives several numbers, of which `score` counts, as in "
    '`{"score": 0.5, "bins": 7}`.',
    "play(instance, call)": "Instead of `grade`: `call(*arguments)` runs the program's function and gives its answer, "
    "as often as `play` likes; `call.cpu_seconds` is the time of the last call. Each instance has a process of its "
    "own. `call.seed(*arguments)` does the same with the task's seed, beside it. It gives the grade.",
    "evaluate(path)": "Instead of `instances` and `grade`: the score of the program in the file `path`, a number or a "
    "dict of some with `score` (texts in it are for improvers). It runs in a workshop, beside the program: "
    "processes and a scratch folder are allowed, FILES are beside it (`FOLDER`). There is no sealed test, and a "
    "hostile program can forge its score.",
    "best(instance)": "The best score known of an instance, in the task's own number, where BOUND is not the same for "
    "all. It is worked out here, and kept on disk for the next time: a long search is well spent.",
    "probe_NAME(rng, instance)": "Another instance that is as hard: renamed, in another order, shifted (as "
    "`instance._replace(args=...)`). A solution that scores less there than on plain ones, beyond chance, is flagged "
    "as a reward hack. There may be several, each with a NAME of its own.",
    "check_answer(instance, answer)": "ValueError for what is no answer, more strictly than a grade need be: for "
    "probes.",
    "explain(instance, answer)": "With `grade`: words on an answer that an improver may read. What it should not know "
    "stays out.",
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
            f"the task {where}: {name} means nothing to a task; did you mean {close[0]}? A name of your own may be "
            f"_{name}"
        )


KINDS = ("function", "minimize", "play", "two-phases", "speed", "program", "text", "prompt")
"""What `selftaught new` writes: templates/KIND.txt."""


def template(kind: str) -> str:
    """The text of a task of this kind, which runs as it is. Raises UsageError."""
    if kind not in KINDS:
        close = get_close_matches(kind, KINDS, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"no kind of task is called {kind!r}; there are {', '.join(KINDS)}{hint}")
    return (files("selftaught.tasks") / "templates" / f"{kind}.txt").read_text(encoding="utf-8")


def table() -> str:
    """All of it, as the tables of docs/tasks.md."""
    lines = ["| function | |", "|---|---|", *(f"| `{name}` | {meaning} |" for name, meaning in FUNCTIONS.items()), ""]
    lines += ["| name | | default |", "|---|---|---|"]
    for part in PARTS:
        default = (
            "required" if part.default is REQUIRED else "–" if part.default in (None, (), {}) else f"`{part.default!r}`"
        )
        lines.append(f"| `{part.name}` | {part.meaning} | {'the mean' if part.name == 'SCORING' else default} |")
    return "\n".join(lines) + "\n"
