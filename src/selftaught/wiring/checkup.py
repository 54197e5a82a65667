"""`selftaught check`: what can be known of a task before anything is spent on it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import stdev

from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.core.run_seed import RunSeed
from selftaught.models.mutate import Mutate
from selftaught.sandbox.contract import Limits, Sandbox
from selftaught.sandbox.reading import code_in
from selftaught.tasks.bounds.kept import Kept
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import check_stands_alone
from selftaught.tasks.probes.trial import same
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.checking import check_task

_AGAIN = 2
"""So often the seed is scored again, to see how much its score moves."""
_MORE_THAN_CHANCE = 1e-9
EMPTY_ANSWERS = {
    "None": "None", "0": "0", "1": "1", "True": "True", "an empty text": "''", "an empty list": "[]",
    "an empty dict": "{}", "NaN": "float('nan')", "a huge number": "1e308", "a list of zeros": "[0] * 1000",
    "a nested list": "[[[0]]]",
}  # fmt: skip
"""Answers that have nothing to do with any question."""


@dataclass(frozen=True)
class Remark:
    """One thing found. `problem`: it should be seen to before anything is spent."""

    text: str
    problem: bool = False


def checkup(task: TaskSpec, sandbox: Sandbox, seed: RunSeed) -> Iterator[Remark]:
    """The findings, one by one. Raises UsageError if the task cannot work."""
    if not task.file.startswith("Task("):
        check_stands_alone(task)
    yield Remark("the copy that a run keeps can be loaded")
    for note in task.notes:
        yield Remark(note)
    yield from _packages(task, sandbox)
    check_task(task, sandbox, seed)
    model = _Echo() if task.asks else None
    val, test = (Judge(task, sandbox, split, seed, model=model) for split in ("val", "test"))
    if task.evaluation is None:
        yield _splits(val, test)
    else:
        yield Remark("whole programs are scored: there is no sealed test, and a hostile program could forge its score")
    started = time.monotonic()
    first = val(task.seed)
    if task.asks:
        yield from _of_asking(task, first, len(val.instances()))
        return
    yield from _of_seed(first, time.monotonic() - started)
    yield from _standing(task, val, first)
    yield _noise([first, *(val(task.seed) for _ in range(_AGAIN))], deterministic=task.deterministic)
    if task.evaluation is None:
        yield from _empty_answers(task, Judge(task, sandbox, "val", seed, paid=True), first)
    else:
        yield _empty_program(val, first)
    yield _mutated(task, val, seed)


class _Echo:
    """Implements `LanguageModel`: each prompt's last line is its answer. Nothing is spent on it."""

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(prompt.user.strip().rpartition("\n")[2]) for prompt in prompts]


def _of_asking(task: TaskSpec, score: Score, instances: int) -> Iterator[Remark]:
    """For a task whose programs ask a model: whether the seed runs, and the model calls of a scoring."""
    assert task.asks is not None
    most = instances * task.asks.calls
    yield Remark(
        f"one scoring may make {most} model calls, {task.asks.calls} for each of {instances} instances, of "
        f"{task.asks.responses} responses each"
    )
    yield Remark("no model is asked here: a stand-in answered with the last line of each prompt, so the score means "
                 "nothing; a score with `model=NAME` asks one")  # fmt: skip
    note = f"; {score.note}" if score.note else ""
    yield Remark(f"with that stand-in the seed ends as {score.verdict}{note}", score.verdict is not Verdict.OK)


def _packages(task: TaskSpec, sandbox: Sandbox) -> Iterator[Remark]:
    """That they import in the sandbox, and how long its start takes with them. Raises UsageError."""
    packages = task.limits.provided.packages
    if packages:
        started = time.monotonic()
        for _ in sandbox.run(Program("def f(): ..."), "f", [[]], Limits(provided=task.limits.provided), seed=0):
            took = time.monotonic() - started
        yield Remark(f"{', '.join(packages)} can be imported; the sandbox starts with it in {took:.1f} s")


def _splits(val: Judge, test: Judge) -> Remark:
    drawn = [[tuple(instance) for instance in judge.instances()] for judge in (val, test)]
    count = f"{len(drawn[0])} instances of val, {len(drawn[1])} of test"
    if same(*drawn):
        return Remark(f"{count}: they are the same, so test measures the same as val", problem=True)
    shared = sum(any(same(one, other) for other in drawn[1][:200]) for one in drawn[0][:200])
    told = f"{count}; {shared} of val are also in test" if shared else f"{count}, all different"
    return Remark(told, shared > len(drawn[0]) / 2)


def _of_seed(score: Score, seconds: float) -> Iterator[Remark]:
    error = "" if score.error is None else f" ± {score.error:.4f}"
    own = "" if score.raw is None else f" (the task's own number: {score.raw:.6g})"
    note = f"; {score.note}" if score.note else ""
    yield Remark(
        f"the seed scores {score.value:.4f}{error}{own}, {score.verdict}{note}", score.verdict is not Verdict.OK
    )
    yield Remark(f"one scoring takes {seconds:.2f} s, of which the program computes {score.cpu_seconds:.2f} s")
    if score.raw is None and score.value >= 1 - _MORE_THAN_CHANCE:
        yield Remark("the seed has the best score already: there is nothing to improve", problem=True)


def _standing(task: TaskSpec, val: Judge, seed: Score) -> Iterator[Remark]:
    """Where the best known is stated: that it is one."""
    best = Kept().best_known(task, val.instances())
    own = seed.value if task.scale is None else seed.raw
    if best is None or own is None:
        return
    beyond = own < best if task.minimized else own > best
    yield Remark(f"the best known score is {best:.6g}" + (", and the seed exceeds it" if beyond else ""), beyond)


def _noise(scores: list[Score], *, deterministic: bool) -> Remark:
    moved = stdev([score.value for score in scores])
    if moved == 0:
        return Remark(f"scored {len(scores)} times, the seed gets the same score each time")
    told = f"scored {len(scores)} times, the seed's score moves by {moved:.4f} (standard deviation)"
    return Remark(told + ("; set DETERMINISTIC = False if that is intended" if deterministic else ""), deterministic)


def _empty_answers(task: TaskSpec, val: Judge, seed: Score) -> Iterator[Remark]:
    scores = {
        name: val(Program(f"def {task.entry}(*arguments):\n    return {answer}\n"))
        for name, answer in EMPTY_ANSWERS.items()
    }
    for name, score in scores.items():
        if score.fault:
            yield Remark(f"a program that always answers {name}: {score.fault}", problem=True)
    earned = {name: score.value for name, score in scores.items()}
    better = {name: value for name, value in earned.items() if value > seed.value + _MORE_THAN_CHANCE}
    for name, value in better.items():
        yield Remark(f"a program that always answers {name} gets {value:.4f}, more than the seed", problem=True)
    if not better:
        most = max(earned, key=lambda name: earned[name])
        yield Remark(f"no trivial answer gets more than the seed; the highest is {most} with {earned[most]:.4f}")


def _empty_program(val: Judge, seed: Score) -> Remark:
    nothing = val(Program("\n"))
    better = nothing.value > seed.value + _MORE_THAN_CHANCE
    return Remark(f"an empty program gets {nothing.value:.4f}{', more than the seed' if better else ''}", better)


def _mutated(task: TaskSpec, val: Judge, seed: RunSeed) -> Remark:
    prompt = Prompt("", f"```python\n{task.seed.source}\n```", 0.7)
    (completion,) = Mutate(seed.number)([prompt])
    source = code_in(completion.text, task.seed.source)
    if source is None:
        return Remark("the model `mutate` changes nothing in the seed")
    score = replace(val(Program(source)), note="")
    return Remark(f"one random change of the seed (the model `mutate`) gets {score.value:.4f}, {score.verdict}")
