"""What is scored at once becomes known in any order: what is told of it must not depend on that."""

import threading
from itertools import permutations

import pytest

from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.sandbox.history import History

INITIAL = Program("def f(t):\n    'Doc.'\n    return t\n")
PART = Program("return t")
"""Its text is part of the initial one's: every prompt that shows that shows this, too."""
OTHER = Program("def f(t):\n    return t + t\n")
LATER = Program("def f(t):\n    return 3 * t\n")


def scored(history: History, program: Program, value: float) -> str:
    """Its parent."""
    parent = history.origin(program).parent
    history.scored(program, Score(value, Verdict.OK))
    return parent


@pytest.mark.parametrize("order", list(permutations([PART, OTHER])))
def test_the_parent_is_what_the_prompt_could_show(order: tuple[Program, ...]) -> None:
    history = History(INITIAL, threading.Lock())
    history.heard(1, [Prompt("", INITIAL.source, 0.7)] * 2, [Completion(PART.source), Completion(OTHER.source)])
    assert [scored(history, program, 0.5) for program in order] == [INITIAL.id] * 2


@pytest.mark.parametrize("order", list(permutations([PART, OTHER])))
def test_of_several_shown_the_parent_is_the_longest_of_the_latest_call(order: tuple[Program, ...]) -> None:
    history = History(INITIAL, threading.Lock())
    history.heard(1, [Prompt("", INITIAL.source, 0.7)] * 2, [Completion(PART.source), Completion(OTHER.source)])
    for program in order:
        scored(history, program, 0.5)
    both = f"{INITIAL.source}\n{OTHER.source}"
    history.heard(2, [Prompt("", both, 0.7)], [Completion(LATER.source)])
    assert scored(history, LATER, 0.5) == OTHER.id


@pytest.mark.parametrize("order", list(permutations([INITIAL, PART, OTHER])))
def test_the_best_of_equals_is_of_the_earliest_call(order: tuple[Program, ...]) -> None:
    history = History(INITIAL, threading.Lock())
    history.heard(1, [Prompt("", INITIAL.source, 0.7)] * 2, [Completion(PART.source), Completion(OTHER.source)])
    for program in order:
        scored(history, program, 0.5)
    assert history.best is not None and history.best[0] == INITIAL


@pytest.mark.parametrize("order", list(permutations([PART, OTHER])))
def test_the_best_of_equals_of_one_call_is_the_shortest(order: tuple[Program, ...]) -> None:
    history = History(INITIAL, threading.Lock())
    history.heard(1, [Prompt("", INITIAL.source, 0.7)] * 2, [Completion(PART.source), Completion(OTHER.source)])
    for program in order:
        scored(history, program, 0.5)
    assert history.best is not None and history.best[0] == PART
