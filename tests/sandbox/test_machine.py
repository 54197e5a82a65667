"""Where an improver, its allowance and the sandbox meet: budgets bind, bad requests are the guest's."""

from collections.abc import Sequence

import pytest

from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Completion, Program, Prompt, Score, Verdict
from selftaught.middleware.threads import thread_map
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import Machine

ALLOWANCE = Allowance(model_calls=2, responses_per_call=3, utility_calls=4)
LIMITS = Limits(cpu_seconds=5.0, wall_seconds=10.0)


class Length:
    name, description, deterministic = "length", "longer is better", True

    def __call__(self, program: Program) -> Score:
        return Score(float(len(program.source)))


def model(prompts: Sequence[Prompt]) -> list[Completion]:
    return [Completion(f"{prompt.user}@{prompt.temperature:g}") for prompt in prompts]


def improve(jail: Jail, body: str, limits: Limits = LIMITS) -> Application:
    source = "def improve_algorithm(initial_solution, utility, language_model):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    return Machine(jail, ALLOWANCE, limits, 1, thread_map)(Program(source), Length(), Program("seed"), model)


def said(jail: Jail, body: str) -> str:
    made = improve(jail, body)
    assert made.program is not None, made.note
    return made.program.source


def test_what_was_spent_is_told(sandbox: Jail) -> None:
    made = improve(
        sandbox,
        "texts = language_model.prompt('e', 'm', 2) + language_model.batch_prompt('e', ['a'])\n"
        "scores = [utility(t) for t in texts]\n"
        "return repr((texts, scores, utility.batch(['x', 'yy'])))",
    )
    assert made == Application(
        Program("(['m@0.7', 'm@0.7', 'a@0.7'], [5.0, 5.0, 5.0], [1.0, 0.0])"), Verdict.OK, "", 2, 3, 4
    )


@pytest.mark.parametrize(
    "request_",
    [
        "language_model.prompt('e', 'm', n_responses=0)",
        "language_model.prompt('e', 'm', n_responses=-1)",
        "language_model.prompt('e', 'm', n_responses=True)",
        "language_model.prompt('e', 'm', n_responses=None)",
        "language_model.prompt('e', 'm', n_responses='3')",
        "language_model.prompt('e', 'm', temperature=float('nan'))",
        "language_model.prompt('e', 'm', temperature=float('inf'))",
        "language_model.prompt('e', 'm', temperature=-0.1)",
        "language_model.prompt('e', 'm', temperature=True)",
        "language_model.prompt('e', 'm', temperature='hot')",
        "language_model.prompt(None, 'm')",
        "language_model.prompt('e', b'm')",
        "language_model.batch_prompt('e', [1])",
        "utility(3)",
        "utility(b'program')",
        "utility('x' * 1_000_001)",
        "utility.batch([1])",
        "utility.batch([''] * 10_001)",
        "utility._ask('utility', 'a', 'b')",
        "utility._ask('prompt', 1, 2, 3, 4, 5, 6)",
        "utility._ask('batch_prompt', 'e', 'not a list')",
    ],
)
def test_a_bad_request_is_shown_to_the_guest_and_costs_nothing(sandbox: Jail, request_: str) -> None:
    made = improve(sandbox, f"try: {request_}\nexcept ValueError as e: return type(e).__name__")
    assert made == Application(Program("BadRequest"))


@pytest.mark.parametrize(
    "request_",
    ["language_model.prompt('e', 'm', n_responses=4)", "language_model.prompt('e', 'm', n_responses=10**9)",
     "language_model.batch_prompt('e', ['m'] * 4)"],
)  # fmt: skip
def test_too_much_at_once_is_refused_and_costs_nothing(sandbox: Jail, request_: str) -> None:
    made = improve(sandbox, f"try: {request_}\nexcept Exception as e: return type(e).__name__")
    assert made == Application(Program("BudgetExceeded"))


def test_an_improver_that_never_ends_made_no_program(sandbox: Jail) -> None:
    made = improve(sandbox, "utility('x')\nwhile True: pass", Limits(cpu_seconds=0.5))
    assert made == Application(None, Verdict.TIMED_OUT, "used its 0.5 s of CPU time", utility_calls=1)


def test_no_program_scores_nothing_and_costs_one_call(sandbox: Jail) -> None:
    assert said(
        sandbox, "return repr([utility(None), utility(''), utility('abc'), utility('d'), utility('e')])"
    ) == repr([0.0, 0.0, 3.0, 1.0, 0.0])


def test_a_batch_of_nothing_is_nothing(sandbox: Jail) -> None:
    assert improve(sandbox, "return repr((utility.batch([]), language_model.batch_prompt('e', [])))") == Application(
        Program("([], [])")
    )


def test_counters_inside_change_nothing_outside(sandbox: Jail) -> None:
    body = (
        "utility.uses = -100; utility.budget = 10**9; language_model.budget = 10**9; language_model.times_used = -5\n"
        "scores = [utility('x') for _ in range(50)]\n"
        "asked = 0\n"
        "for _ in range(50):\n"
        "    try: language_model.prompt('e', 'm'); asked += 1\n"
        "    except Exception: pass\n"
        "return repr((sum(scores), asked))"
    )
    made = improve(sandbox, body)
    assert made == Application(Program("(4.0, 2)"), Verdict.OK, "", 2, 2, 4)


def test_64_threads_do_not_overspend(sandbox: Jail) -> None:
    body = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def ask(_):\n"
        "    try: return len(language_model.prompt('e', 'm', 3))\n"
        "    except Exception: return 0\n"
        "with ThreadPoolExecutor(64) as pool:\n"
        "    return repr((sum(pool.map(ask, range(64))), sum(pool.map(utility, ['x'] * 64))))"
    )
    assert improve(sandbox, body) == Application(Program("(6, 4.0)"), Verdict.OK, "", 2, 6, 4)


def test_equal_applications_at_equal_addresses_have_equal_chance(sandbox: Jail) -> None:
    from selftaught.core.address import working_at

    def drawn(address: str) -> str:
        with working_at(address):
            return said(sandbox, "import random\nreturn repr(random.random())")

    assert drawn("/a#0") == drawn("/a#0") != drawn("/a#1")
