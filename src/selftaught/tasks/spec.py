"""What a task is: two pure functions, two texts, and limits."""

import random
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from selftaught.core.contracts import Program, Verdict
from selftaught.core.feedback import loop_time
from selftaught.sandbox.contract import Limits
from selftaught.tasks.asking import Asks
from selftaught.tasks.evaluation import Evaluation
from selftaught.tasks.scale import Scale

SPLITS = ("val", "test")
"""`val` is what improvers are scored on; `test` is sealed: no improver ever sees a score of it."""


RAISED = tuple(verdict for verdict in Verdict if verdict not in (Verdict.OK, Verdict.TIMED_OUT, Verdict.NO_PROGRAM))
"""How a call ends that made the call raise in the paper's released code, but for lateness."""

HOPELESS_AFTER = 3
"""Calls of one scoring. If the first so many all time out, and the smallest of the others too, these are not run."""


class Instance(NamedTuple):
    """One question: what the program gets as its arguments, and what only `grade` may see."""

    args: tuple[Any, ...]
    hidden: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How grades become a score. The defaults are ours: the mean of grades from 0 to 1, where a failed call counts 0.

    The others are there for what the paper does: the scales of the released code (`released/`), and one failure that
    decides a whole score (`PAPER_SCORING` of a task).

    Attributes:
        bounded: whether each grade is from 0 to 1; else it is any number up to 1e300, negative ones too.
        floor: no program scores less, except by `spoiled`. None: no floor.
        spoiled: the score of the whole program as soon as one call ends in such a verdict; none is run after it.
    """

    bounded: bool = True
    floor: float | None = None
    spoiled: Mapping[Verdict, float] = field(default_factory=dict)


ONE_FAILURE = Scoring(spoiled=dict.fromkeys([Verdict.TIMED_OUT, *RAISED], 0.0))
"""The first call that fails makes the score 0."""


@dataclass(frozen=True)
class TaskSpec:
    """A task of the kind "a function over instances".

    Attributes:
        name: how it is called, on record too: letters, digits, "-" and "_".
        about: the task's own text: its docstring.
        instructions: what the user adds to it, in the task's file or for one run.
        seed: the solution to start from.
        entry: the function that a solution defines.
        instances: (rng, split) → the instances; equal rng and split, equal instances.
        grade: (instance, answer) → 0 to 1, unless `scoring` has another scale. The answer is plain data from a guest,
            of any type and shape: arrays have become nested lists, tuples lists. An invalid answer raises
            ValueError (or TypeError, LookupError, AttributeError, ArithmeticError).
        limits: of one guest.
        source: the text of the task's file, kept in the run.
        file: the file of that text, for messages.
        scoring: how grades become a score.
        paper_scoring: the same under `fidelity=paper`; None: no difference.
        bound: the best score known, or more than any; None where none is known.
        best: instance → its best known score, if that is not the same for all; instead of `bound`.
        probes: (rng, instance) → another that is as hard, by their names; and check_answer: (instance, answer), which
            raises ValueError for an invalid answer.
        explain: (instance, answer) → text about the answer for an improver, beside its grade.
            It is shown unchanged, so it must not contain secrets.
        modules: the texts of the package's own modules that it is made of, by their names: kept in the run, too.
        play: (instance, call) → the grade, instead of `grade`: the program's function is called by `call`.
        scale: for a task whose grades are any finite numbers.
        takes_time: whether `grade` is given the CPU seconds of the call, as a third argument.
        deterministic: whether equal programs get equal scores.
        notes: what of the thing that it was made of does not apply.
        evaluation: how a whole program is scored, if there are no instances.
        asks: what its programs may ask a language model for; None: they have none.
        shown: the part of its code that a model may read; empty where the task shows none.
    """

    name: str
    about: str
    seed: Program
    entry: str
    instances: Callable[[random.Random, str], Iterable[tuple[tuple[Any, ...], Any]]]
    grade: Callable[..., Any]
    limits: Limits
    source: str
    file: str = "task"
    instructions: str = ""
    scoring: Scoring = Scoring()
    paper_scoring: Scoring | None = None
    bound: float | None = None
    best: Callable[[Instance], Any] | None = None
    probes: Mapping[str, Callable[[random.Random, Instance], Any]] = field(default_factory=dict)
    check_answer: Callable[[Instance, Any], Any] | None = None
    explain: Callable[[Instance, Any], str] | None = None
    shown: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)
    play: Callable[[Instance, Any], Any] | None = None
    scale: Scale | None = None
    takes_time: bool = False
    deterministic: bool = True
    evaluation: Evaluation | None = None
    notes: tuple[str, ...] = ()
    asks: Asks | None = None

    def instructed(self, more: str) -> "TaskSpec":
        """The same task with more instructions, after its own."""
        told = [text.strip() for text in (self.instructions, more) if text.strip()]
        return replace(self, instructions="\n\n".join(told))

    def scored_as(self, fidelity: str) -> "TaskSpec":
        """The same task under this fidelity, of those two that differ in `scoring` alone: honest and paper."""
        return self if fidelity != "paper" or self.paper_scoring is None else replace(self, scoring=self.paper_scoring)

    @property
    def sees_text(self) -> bool:
        """Whether a score may depend on a program's text, and not on what its function answers alone."""
        return any((self.evaluation, self.asks, self.play, self.takes_time, not self.deterministic))

    @property
    def minimized(self) -> bool:
        """Whether less is better in the task's own number."""
        return self.scale is not None and self.scale.minimize

    @property
    def description(self) -> str:
        """What a model is shown: the task's own text, and the limits that are really enforced."""
        return self.described()

    def described(self, count: int | None = None, wording: "Wording | None" = None) -> str:
        """The same; where the number of instances is known, with it."""
        wording = wording or Wording()
        about = _with_instructions(self.about.strip(), self.instructions)
        if self.evaluation is not None:
            return f"{about}\n\n{_rules_of_evaluation(self, self.evaluation)}"
        if not wording.source:
            return f"{about}\n\n{_rules(self, count, wording)}"
        rules = "\n".join(f"# {line}".rstrip() for line in _rules(self, count, wording).splitlines())
        shown = f"{self.shown}\n\n\n" if self.shown else ""
        return f"{_docstring(about)}\n\n{shown}{_utility(self, count)}\n\n\n{rules}"


@dataclass(frozen=True, slots=True)
class Wording:
    """How a task is described to a model.

    Attributes:
        source: as a Python program, as in the paper (§4), with the task's own code if it is shown; else in words.
        million_steps: of an empty Python loop that a second of CPU time does here, rounded.
    """

    source: bool = False
    million_steps: int | None = None


def line_in(file: str, error: BaseException) -> str:
    """The last line of `file` that the error came through, as ", line 7"; an empty text if it came through none."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f", line {lines[-1]}" if lines else ""


def _with_instructions(about: str, instructions: str) -> str:
    return f"{about}\n\nInstructions:\n{instructions.strip()}" if instructions.strip() else about


def _docstring(text: str) -> str:
    return '"""' + text.strip().replace("\\", "\\\\").replace('"""', r"\"\"\"") + '\n"""'


def _utility(task: TaskSpec, count: int | None) -> str:
    """What `Judge` does, in short."""
    number = "" if count is None else f"  # {count} of them"
    name = "play" if task.play else "grade"
    where = "" if task.shown else f"; instances and {name} are not shown"
    return f"""\
def utility(program):
    grades = []
    for args, hidden in instances(rng, "val"):{number}
        try:
{_graded(task)}
        except Exception:  # it raised, passed a limit, or answered with what is no answer
            grades.append({"0.0" if task.scale is None else "nothing"})
    return {"mean(grades)" if task.scale is None else "seen(mean(grades))"}{_in_short(task.scoring)}


# The instances are drawn once, for this run alone, and are the same for every program. A final test is made on others,
# which are drawn in the same way{where}."""


def _graded(task: TaskSpec) -> str:
    if task.play:
        return f"""\
            call = new_process(program, "{task.entry}")  # in a sandbox, with the limits below, which hold for each call
            grades.append(play(Instance(args, hidden), call))  # call(...) gives plain data: arrays have become lists"""
    args = "args" if task.asks is None else "(*args, language_model)"
    return f"""\
            answer = call(program, "{task.entry}", {args})  # in a sandbox, with the limits below; hidden stays outside
            grades.append(grade(Instance(args, hidden), answer))  # on plain data: arrays have become lists"""


def _in_short(scoring: Scoring) -> str:
    return "" if scoring == Scoring() else "  # but for the exceptions below"


def _rules(task: TaskSpec, count: int | None, wording: Wording) -> str:
    """How a program is scored: made from the values that are enforced, so that the two cannot drift apart."""
    limits = task.limits
    instances = "each instance" if count is None else f"each of {count} instances"
    process = (
        "Each call runs in a process of its own."
        if limits.fresh_guest_per_call or task.asks
        else "One process serves all calls in turn. A call that has to be stopped ends it; the next gets a new one."
    )
    speed = f"- {loop_time(wording.million_steps)}\n" if wording.million_steps else ""
    return f"""\
How a program is scored: it defines {task.entry}(...), which is called {_often(task)} {instances}. The score is the
mean of the grades, {_size_of_grades(task)}.
{_best(task)}{_equal(task)}\
- A call may use {limits.cpu_seconds:g} s of CPU time, and be idle for {limits.wall_seconds:g} s.
- The CPU time of a call is that of its whole process, from the reading of the arguments to the sending of the answer: a
  program that fills its time should stop before the limit.
{speed}- Executing the program's top level, with its imports, may use {limits.load_cpu_seconds:g} s of CPU time.
- Its process may use {_size(limits.memory_bytes)} of memory; one answer may have {_size(limits.answer_bytes)}.
- A call over a limit is stopped and its grade is 0. So is that of a call that raises, or that answers with anything but
  what is asked for. A program that cannot be loaded gets 0 for all of them.
{_hopeless(task.scoring)}{_exceptions(task.scoring)}- {process}
- {importable(limits)} can be imported. {_readable(limits)}, no network, no processes{", no threads" * (not task.asks)}.
{_asking(task.asks)}- A program is one text: give it whole, in one block of code."""


def _asking(asks: Asks | None) -> str:
    if asks is None:
        return ""
    return f"""\
- Behind its arguments it gets language_model. In one call it may ask {asks.calls} times, for {asks.responses} responses
  each time:
  language_model.prompt(expertise, message, n_responses=1, temperature=0.7) -> list[str];
  language_model.batch_prompt(expertise, messages, temperature=0.7) -> list[str], one response to each, is one time.
  More raises BudgetExceeded. Another model may answer than the one that writes the program. Waiting costs no time.
"""


def _rules_of_evaluation(task: TaskSpec, evaluation: Evaluation) -> str:
    """How a program is judged as a whole."""
    if evaluation.place is None:
        how = f"it is written into a file (program{evaluation.suffix}), which an evaluator scores"
    elif evaluation.score:
        how = (
            f"it takes the place of the original in {evaluation.place.path}. `{evaluation.check}` must succeed, and "
            f"the last line of `{evaluation.score}` is the score"
        )
    else:
        how = (
            f"it takes the place of the original in {evaluation.place.path}. `{evaluation.check}` must succeed, and "
            "the score is how many times less CPU time it takes than with the original"
        )
    marked = "- Only what is between the EVOLVE-BLOCK markers may change: give the whole file.\n"
    return f"""\
How a program is scored: {how}. The score is {_size_of_grades(task)}.
{marked if evaluation.marked else ""}- One evaluation may take {evaluation.wall_seconds:g} s.
- It may use {_size(evaluation.memory_bytes)} of memory.
- There is no network. Files may be written in the current folder alone.
- A program is one text: give it whole, in one block of code."""


def importable(limits: Limits) -> str:
    """What its programs may import, in words."""
    *most, last = ["Python's standard library", "numpy", *limits.provided.packages]
    return f"{', '.join(most)} and {last}"


_MOST_NAMED = 20


def _readable(limits: Limits) -> str:
    """The files that a program may read: all, or the first of many."""
    names = [name for name, _ in limits.provided.files]
    if not names:
        return "There are no files"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"There are no files but these to read, in the current folder: {', '.join(names[:_MOST_NAMED])}{more}"


def _often(task: TaskSpec) -> str:
    return "many times, in a new process,\nfor" if task.play else "once for"


def _size_of_grades(task: TaskSpec) -> str:
    if task.scale is None:
        return "from 0 (worst) to 1 (best)" if task.scoring.bounded else "and larger is better"
    better = "smaller" if task.scale.minimize else "larger"
    target = "" if task.scale.target is None else f"; {task.scale.target:g} is aimed at"
    return (
        f"and {better} is better{target}. What utility() gives of it is a number from 0 to 1, where\n"
        "larger is better and the program to start from has 0.5; one that fails on an instance gets less than that"
    )


def _equal(task: TaskSpec) -> str:
    if task.asks is not None:
        return "- Equal programs may get unequal scores: what a model answers is drawn.\n"
    if not task.deterministic:
        return (
            "- Equal programs may get unequal scores: time is measured. The clock (time.time) may jump while a\n"
            "  program waits for a core; time.process_time does not.\n"
        )
    return "- Equal programs get equal scores, unless they watch the clock.\n"


def _best(task: TaskSpec) -> str:
    return (
        "" if task.bound is None else f"- The best score known, or more than any that there is, is {task.bound:.4g}.\n"
    )


def _hopeless(scoring: Scoring) -> str:
    if scoring != Scoring():
        return ""
    return (
        f"- If the first {HOPELESS_AFTER} calls are all stopped for their time, and the smallest of the others too, "
        "the rest is not run.\n"
    )


def _exceptions(scoring: Scoring) -> str:
    """Where the score is not the mean after all."""
    lines = [f"- No program scores less than {scoring.floor:g}.\n"] if scoring.floor is not None else []
    for score in dict.fromkeys(scoring.spoiled.values()):
        verdicts = ", ".join(verdict for verdict, spoiled in scoring.spoiled.items() if spoiled == score)
        lines.append(f"- As soon as one call ends as one of these, the whole score is {score:g}: {verdicts}.\n")
    return "".join(lines)


def _size(size_bytes: int) -> str:
    return f"{size_bytes} bytes" if size_bytes % 2**20 else f"{size_bytes >> 20} MiB"
