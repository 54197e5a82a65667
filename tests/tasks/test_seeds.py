"""The seed improvers and a published-style one, run as they are run: in the sandbox, through the paper's interface."""

import ast
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

import pytest

from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Completion, Program, Prompt, Score, Verdict
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import IMPROVER_LIMITS, Machine
from selftaught.tasks.loading import task_names

SEEDS = files("selftaught") / "seeds"
EXAMPLE = Path(__file__).parent.parent / "examples" / "improver_t4_style.py"
INITIAL = "score = 5\n"
FIELDS = {
    "tasks": 10, "model_calls": 4, "responses_per_call": 6, "utility_calls": 25,
    "cpu_seconds": "60", "wall_seconds": "120", "memory": "1024 MiB", "feedback": "", "race": "", "failure": "0.0)",
    "response_limit": "", "prompt_characters": "4,000,000", "program_characters": "1,000,000", "hottest": "2",
}  # fmt: skip


def text(name: str) -> str:
    return (SEEDS / name).read_text(encoding="utf-8")


class Numbers:
    """A utility: the number in a program's text. Keeps what it scored."""

    name, description, deterministic = "numbers", "def utility(program): ...", True

    def __init__(self) -> None:
        self.scored: list[str] = []

    def __call__(self, program: Program) -> Score:
        self.scored.append(program.source)
        return Score(float(re.findall(r"\d+", program.source)[0]))


class Answers:
    """A model that answers each prompt with the next text. Keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.left = list(answers)
        self.asked: list[list[Prompt]] = []

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.asked.append(list(prompts))
        return [Completion(self.left.pop(0)) for _ in prompts]


def code(number: int) -> str:
    return f"Idea: {number}.\n```python\nscore = {number}\n```\n"


def applied(
    sandbox: Jail, improver: str, model: Answers, utility: Numbers, allowance: Allowance | None = None
) -> Application:
    machine = Machine(sandbox, allowance or Allowance(4, 3, 25), IMPROVER_LIMITS, 1, map)
    return machine(Program(improver), utility, Program(INITIAL), model)


@pytest.mark.parametrize(("name", "calls"), [("seed.py", 4), ("paper_seed.py", 3)])
def test_a_seed_asks_once_and_returns_the_best(name: str, calls: int, sandbox: Jail) -> None:
    model = Answers(code(6), code(8), code(7))
    made = applied(sandbox, text(name), model, Numbers())
    assert made == Application(Program("score = 8\n"), model_calls=1, responses=3, utility_calls=calls)


@pytest.mark.parametrize("name", ["seed.py", "paper_seed.py"])
def test_the_prompts_are_alike_and_show_the_solution_before_the_utility(name: str, sandbox: Jail) -> None:
    model = Answers(code(6), code(8), code(7))
    applied(sandbox, text(name), model, Numbers())
    ((prompt, *others),) = model.asked
    fenced = re.findall(r"```python\n(.*?)\n```", prompt.user, re.DOTALL)
    assert (others, prompt.temperature) == ([prompt, prompt], 0.7)
    assert fenced == [INITIAL, Numbers.description]


def test_the_paper_s_seed_may_come_back_with_something_worse(sandbox: Jail) -> None:
    utility = Numbers()
    made = applied(sandbox, text("paper_seed.py"), Answers(code(1), "no code", code(2)), utility)
    assert (made.program, utility.scored) == (Program("score = 2\n"), ["score = 1\n", "score = 2\n"])


def test_the_paper_s_seed_fails_where_no_response_is_usable(sandbox: Jail) -> None:
    made = applied(sandbox, text("paper_seed.py"), Answers("no", "", "none"), Numbers())
    assert (made.program, made.verdict, made.utility_calls) == (None, Verdict.CRASHED, 0)


@pytest.mark.parametrize("answers", [[code(1), code(2), code(5)], ["no", "", "none"], [code(4), "", "```\n```"]])
def test_the_seed_keeps_the_initial_solution_where_nothing_beats_it(answers: list[str], sandbox: Jail) -> None:
    assert applied(sandbox, text("seed.py"), Answers(*answers), Numbers()).program == Program(INITIAL)


@pytest.mark.parametrize(("budget", "responses", "scored"), [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 3, 4), (25, 3, 4)])
def test_the_seed_scores_the_initial_solution_first_and_keeps_to_its_budget(
    budget: int, responses: int, scored: int, sandbox: Jail
) -> None:
    answers = [code(9)] * responses
    made = applied(sandbox, text("seed.py"), Answers(*answers), Numbers(), Allowance(1, 3, budget))
    assert (made.responses, made.utility_calls) == (responses, scored)
    assert made.program == Program("score = 9\n" if scored > 1 else INITIAL)


@pytest.mark.parametrize("name", ["seed.py", "paper_seed.py"])
def test_a_seed_is_short(name: str) -> None:
    assert len(text(name).splitlines()) < 40


def test_an_improver_of_the_published_kind_runs_unchanged(sandbox: Jail) -> None:
    model, utility = Answers(*map(code, (3, 6, 6, 7, 2, 6, 1, 9, 8))), Numbers()
    made = applied(sandbox, EXAMPLE.read_text(), model, utility)
    assert made == Application(Program("score = 9\n"), model_calls=3, responses=9, utility_calls=8)
    assert [prompts[0].temperature for prompts in model.asked] == [0.4, 0.7, 1.0]
    assert len(utility.scored) == len(set(utility.scored))


def test_the_meta_utility_s_text_has_exactly_the_blanks_that_a_run_fills_in() -> None:
    template = Template(text("meta_utility.txt"))
    assert set(template.get_identifiers()) == set(FIELDS)


def test_the_meta_utility_s_text_is_python_and_tells_every_budget() -> None:
    described = Template(text("meta_utility.txt")).substitute(FIELDS)
    told = [
        "of 10 downstream tasks", "budget=25", "budget=4, max_responses_per_call=6", "60 s of CPU time", "120 s",
        "1024 MiB",
    ]  # fmt: skip
    assert isinstance(ast.parse(described).body[0], ast.FunctionDef)
    assert [words for words in told if words not in described] == []


@pytest.mark.parametrize("name", task_names())
def test_the_meta_utility_s_text_names_no_task(name: str) -> None:
    assert not re.search(name.replace("-", "[-_ ]"), text("meta_utility.txt"), re.IGNORECASE)


def test_the_meta_utility_s_text_names_all_that_an_improver_is_given() -> None:
    names = [
        "utility(program)", "utility.batch(", "utility.str", "utility.budget", "utility.uses", "language_model.prompt(",
        "language_model.batch_prompt(", "language_model.budget", "language_model.times_used",
        "language_model.max_responses_per_call", "from helpers import extract_code",
    ]  # fmt: skip
    assert [name for name in names if name not in text("meta_utility.txt")] == []
