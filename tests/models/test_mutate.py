"""The model `mutate`: every output parses, it is repeatable, it grows bolder, it knows nothing."""

import ast
import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.conformance import PROGRAM, LanguageModelSuite
from selftaught.core.address import working_at
from selftaught.core.contracts import LanguageModel, Prompt
from selftaught.guest.helpers import extract_code
from selftaught.models.mutate import Mutate
from selftaught.tasks.loading import load_task, task_names
from selftaught.wiring.inputs import improver_names, load_improver, meta_utility_template

SOLUTIONS = [load_task(name).seed.source for name in task_names()]
IMPROVERS = [load_improver(name, __import__("pathlib").Path("runs")).source for name in improver_names()]


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
    for after in answers(prompt(program, meta_utility_template(), temperature=temperature), 40):
        assert ast.unparse(ast.parse(after)) != before


def test_the_function_asked_for_keeps_its_name_and_parameters() -> None:
    for program in [*SOLUTIONS, *IMPROVERS]:

        def signatures(source: str) -> list[tuple[str, str]]:
            nodes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
            return [(node.name, ast.unparse(node.args)) for node in nodes]

        for after in answers(prompt(program), 40):
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


def test_without_a_program_it_says_so() -> None:
    (completion,) = Mutate(1)([Prompt("e", "Improve this: nothing.", 0.7)])
    assert extract_code(completion.text) is None and "no Python program" in completion.text


@pytest.mark.parametrize(
    "program",
    [
        f"def f():\n    return {10**400}\n",
        "def f():\n    return 1e308\n",
        "def f():\n    return " + "(" * 80 + "1" + ")" * 80 + "\n",
        "def f():\n    return " + "+".join(["1"] * 3000) + "\n",
        "def f():\n    return " + "-" * 5000 + "1\n",
        "def f():\n    pass\n",
    ],
)
def test_pathological_programs_are_survived(program: str) -> None:
    for completion in Mutate(1)([prompt(program, temperature=2.0)] * 20):
        code = extract_code(completion.text)
        assert code is None or ast.parse(code)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300), st.floats(0, 2))
def test_no_prompt_makes_it_raise(text: str, temperature: float) -> None:
    assert len(Mutate(1)([Prompt("e", f"```python\n{text}\n```", temperature)])) == 1


def test_a_decent_share_of_its_changes_still_loads() -> None:
    loads = 0
    for after in answers(prompt(PROGRAM), 200):
        space: dict[str, object] = {}
        exec(after, space)
        function = space["f"]
        assert callable(function)
        try:
            function(3)
            loads += 1
        except Exception:
            continue
    assert loads >= 100
