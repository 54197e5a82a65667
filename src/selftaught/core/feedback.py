"""Feedback about the score of an improver: its result for each task, its spending, its failure.

And what of any feedback is by chance: no two runs of a program take equally long.
"""

import re
from collections.abc import Sequence
from statistics import fmean, median_high

from selftaught.core.budget import Allowance
from selftaught.core.contracts import MOST_FEEDBACK, Application, Program, Score, Verdict

_MOST_NOTE = 200
_ROOM_FOR_THE_REST = 100

TIME_STEPS = 8
"""Into so many a time limit is divided."""

Made = tuple[Program, Application, Score]
"""One task: the initial solution, the result, and its score. The task is not named."""


def of_improver(made: Sequence[Made], allowance: Allowance) -> str:
    """One line for each task, in the order of the tasks, as far as there is room."""
    lines = [f"mean score {fmean(score.value for *_, score in made):.4f} over {len(made)} tasks"]
    for number, one in enumerate(made, start=1):
        line = f"task {number}: {_ended(*one)} {_spent(one[1], allowance)}"
        if sum(len(line) + 1 for line in [*lines, line]) > MOST_FEEDBACK - _ROOM_FOR_THE_REST:
            rest = [score.value for *_, score in made[number - 1 :]]
            lines.append(f"and {len(rest)} more tasks, with a mean score of {fmean(rest):.4f}")
            break
        lines.append(line)
    return "\n".join(lines)


def used_time(eighths: Sequence[int], limit_seconds: float) -> str:
    """One line on the time that calls took, each in steps of the limit, rounded up."""
    return (
        f"CPU time of a call, rounded up to {TIME_STEPS}ths of the limit of {limit_seconds:g} s: "
        f"the longest {max(eighths)}/{TIME_STEPS}, the median {median_high(eighths)}/{TIME_STEPS}"
    )


def loop_time(million_steps: int) -> str:
    """One line on the speed of a machine that does so many million steps of an empty Python loop in a second."""
    return f"A million steps of an empty Python loop take about {1000 / million_steps:.2g} ms of CPU time here."


_LOOP_TIME = re.compile(r"(steps of an empty Python loop take about )\S{1,20}( ms of CPU time)")
_USED_TIME = re.compile(r"(CPU time of a call, rounded up to \d+ths of the limit of \S+ s: )the [^\n]{1,40}")


def without_times(prompt: str) -> str:
    """The same for prompts that differ in such lines alone: what a prompt is found by, on record."""
    return _LOOP_TIME.sub(r"\1\2", _USED_TIME.sub(r"\1", prompt))


def _ended(solution: Program, application: Application, score: Score) -> str:
    had = "" if application.best is None else f" The best score that it was given was {application.best:.4f}."
    if application.program is None:
        return f"{_death(application)}, and nothing of it counts: score 0.{had}"
    if application.salvaged:
        return f"{_death(application)}; the best program that it had scored counts: score {score.value:.4f}."
    what = "its initial solution unchanged" if application.program == solution else _size(application.program)
    failed = "" if score.verdict is Verdict.OK else f" ({score.verdict} on some or all instances)"
    return f"returned {what}, score {score.value:.4f}{failed}.{had}"


def _death(application: Application) -> str:
    return application.verdict + (f": {application.note[:_MOST_NOTE]}" if application.note else "")


def _size(program: Program) -> str:
    return f"a program of {len(program.source.splitlines())} lines"


def _spent(application: Application, allowance: Allowance) -> str:
    return (
        f"Spent {application.model_calls} of {allowance.model_calls} model calls ({application.responses} responses), "
        f"{application.utility_calls} of {allowance.utility_calls} scores."
    )
