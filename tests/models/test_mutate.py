"""The model `mutate`: every output parses, it is repeatable, it grows bolder, it knows nothing."""

import ast
import difflib
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import times
from models.conformance import PROGRAM, LanguageModelSuite
from selftaught.core.address import working_at
from selftaught.core.contracts import LanguageModel, Prompt
from selftaught.guest.helpers import extract_code
from selftaught.models.mutate import Mutate
from selftaught.tasks.loading import load_task, task_names
from selftaught.wiring.inputs import improver_names, load_improver, package_texts

SOLUTIONS = [load_task(name).seed.source for name in task_names()]
IMPROVERS = [load_improver(name, Path("runs")).source for name in improver_names()]


def prompt(program: str, *others: str, temperature: float = 0.7) -> Prompt:
    blocks = "".join(f"and\n```python\n{other}```\n" for other in others)
    return Prompt("expert", f"Improve:\n```python\n{program}```\n{blocks}", temperature)


def answers(p: Prompt, n: int, seed: int = 1) -> list[str]:
    return [extract_code(c.text) or "" for c in Mutate(seed)([p] * n)]


class TestConformance(LanguageModelSuite):
    @pytest.fixture
    def model(self) -> LanguageModel:
        return Mutate(7)


@pytest.mark.parametrize("program", [*SOLUTIONS, *IMPROVERS, PROGRAM])
@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.0])
def test_every_answer_parses_and_is_a_change(program: str, temperature: float) -> None:
    before = ast.unparse(ast.parse(program))
    for after in answers(prompt(program, package_texts()["meta_utility.txt"], temperature=temperature), times(4, 12)):
        assert ast.unparse(ast.parse(after)) != before


def test_the_function_asked_for_keeps_its_name_and_parameters() -> None:
    for program in [*SOLUTIONS, *IMPROVERS]:

        def signatures(source: str) -> list[tuple[str, str]]:
            nodes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
            return [(node.name, ast.unparse(node.args)) for node in nodes]

        for after in answers(prompt(program), times(6, 20)):
            assert signatures(after) == signatures(program)


def test_equal_seed_address_and_prompt_give_equal_answers() -> None:
    p = prompt(SOLUTIONS[0])
    with working_at("/a#0"):
        first, again, other_seed = Mutate(1)([p]), Mutate(1)([p]), Mutate(2)([p])
    with working_at("/a#1"):
        elsewhere = Mutate(1)([p])
    assert first == again
    assert len({first[0].text, other_seed[0].text, elsewhere[0].text}) == 3


def test_a_higher_temperature_changes_more() -> None:
    def changed_lines(temperature: float) -> int:
        before = ast.unparse(ast.parse(SOLUTIONS[1])).splitlines()
        found = answers(prompt(SOLUTIONS[1], temperature=temperature), 100)
        return sum(line.startswith(("+", "-")) for after in found for line in difflib.ndiff(before, after.splitlines()))

    cold, warm, hot = changed_lines(0.0), changed_lines(0.7), changed_lines(2.0)
    assert cold < warm < hot


def test_pieces_of_other_programs_come_in() -> None:
    other = "def f(x):\n    secret_ingredient = 42\n    return secret_ingredient\n"
    assert any("secret_ingredient" in after for after in answers(prompt(PROGRAM, other, temperature=2.0), 200))


def test_expressions_of_other_programs_come_in() -> None:
    other = "def g(z):\n    return z ** 17\n"
    assert any("z ** 17" in after and "return z" not in after for after in answers(prompt(PROGRAM, other), 400))


def test_the_program_that_is_changed_is_the_first_that_defines_a_function() -> None:
    p = Prompt("e", f"```\nnot = python\n```\n~~~\nx = 1\n~~~\n```python\n{PROGRAM}```\n```\ndef g(): pass\n```\n", 0.7)
    for after in answers(p, 20):
        assert "def f(x)" in after and "def g" not in after


def test_without_a_program_it_says_so() -> None:
    (completion,) = Mutate(1)([Prompt("e", "Improve this: nothing.", 0.7)])
    assert extract_code(completion.text) is None and "no Python program" in completion.text


@pytest.mark.parametrize(
    "program",
    [
        f"def f():\n    return {10**400}\n",
        "def f():\n    return 1e308\n",
        "def f():\n    return 1e309\n",
        "def f():\n    return " + "(" * 80 + "1" + ")" * 80 + "\n",
        "def f():\n    return '\\ud800'\n",
        "def f():\n    pass\n",
    ],
)
def test_pathological_programs_are_survived(program: str) -> None:
    for after in answers(prompt(program, temperature=2.0), 20):
        assert ast.parse(after)


@pytest.mark.parametrize(
    "program",
    [
        "def f():\n    return " + "+".join(["1"] * 600) + "\n",
        "def f():\n    return a" + "[0]" * 600 + "\n",
        "def f():\n    return 0x" + "f" * 5000 + "\n",
    ],
    ids=["sum", "subscripts", "number"],
)
def test_a_program_that_python_reads_but_cannot_write_comes_back_as_it_is(program: str) -> None:
    assert answers(prompt(program), 1) == [program]


@pytest.mark.parametrize("temperature", [-1.0, float("nan"), float("inf"), 1e300])
def test_no_temperature_is_too_much(temperature: float) -> None:
    assert len(answers(prompt(PROGRAM, temperature=temperature), 1)[0]) < 100_000


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.floats(0, 2))
def test_no_prompt_makes_it_raise(text: str, temperature: float) -> None:
    assert len(Mutate(1)([Prompt("e", f"```python\n{text}\n```", temperature)])) == 1


RANDOM_WALK = """import random

def algorithm(formula):
    n = max(abs(literal) for clause in formula for literal in clause)
    tries, flips, noise = 3, 20, 0.4
    best, most = None, -1
    for _ in range(tries):
        values = [random.random() < 0.5 for _ in range(n)]
        for _ in range(flips):
            broken = [c for c in formula if not any(values[abs(l) - 1] == (l > 0) for l in c)]
            if len(formula) - len(broken) > most:
                best, most = list(values), len(formula) - len(broken)
            if not broken:
                return values
            clause = random.choice(broken)
            chosen = clause[0]
            if random.random() < noise:
                chosen = random.choice(clause)
            values[abs(chosen) - 1] = not values[abs(chosen) - 1]
    return best
"""


def test_half_of_its_changes_still_run_and_most_differ() -> None:
    chance = random.Random(1)
    formula = [[v * chance.choice([-1, 1]) for v in chance.sample(range(1, 9), 3)] for _ in range(30)]
    made = answers(prompt(RANDOM_WALK), 200)
    assert len(set(made)) > 120
    assert sum(runs(program, formula) for program in made) >= 100


def runs(program: str, formula: list[list[int]]) -> bool:
    """In this process: it is our own program, with constants and operators changed, and has no loop without end."""
    space: dict[str, object] = {}
    try:
        exec(program, space)
        algorithm = space["algorithm"]
        assert callable(algorithm)
        return isinstance(algorithm(formula), list)
    except Exception:
        return False


def test_what_a_utility_is_made_of_is_no_part_of_a_solution() -> None:
    program = "def algorithm(x):\n    y = x + 1\n    return y\n"
    described = "def utility(program):\n    return onlythere(program)\n"
    for after in answers(prompt(program, described, temperature=2.0), 60):
        assert "onlythere" not in after
