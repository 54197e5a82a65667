"""Decomposition asks about one function at a time and puts it back where the score rises."""

import re

from seeds.support import Asked, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Program, Prompt
from selftaught.sandbox.jail import Jail

FIRST = "@cache\ndef first():\n    # of the first\n    return 0.1"
SECOND = "def second():\n    return 0.2"
PROGRAM = f"from functools import cache\n\n\n{FIRST}\n\n\nLIMIT = 3  # kept\n\n\n{SECOND}\n\n\nfirst() + second()\n"


def code(source: str) -> str:
    return f"Because.\n```python\n{source}\n```\n"


def part(prompt: Prompt) -> str:
    found = re.search(r"```python\n(.*?)\n```", prompt.user, re.DOTALL)
    assert found
    return found[1]


def decomposed(sandbox: Jail, model: Asked, allowance: Allowance, initial: str = PROGRAM) -> Application:
    return applied(sandbox, seed_text("decomposition"), model, Returns(), allowance, initial=initial)


def test_each_function_is_asked_about_with_the_program_around_it(sandbox: Jail) -> None:
    model = Asked(script({"responses": ["none"]}))
    decomposed(sandbox, model, Allowance(2, 3, 7))
    assert [[part(prompt) for prompt in prompts] for prompts in model.calls] == [
        [FIRST, SECOND, FIRST],
        [SECOND, FIRST, SECOND],  # goes on where the call before left off
    ]
    assert all(f"```python\n{PROGRAM}" in prompt.user for prompts in model.calls for prompt in prompts)


def test_better_functions_are_put_together_and_the_rest_is_left_alone(sandbox: Jail) -> None:
    better = "def helper():\n    return 0.3\n\n\ndef first():\n    return helper()"
    rules = [to(f"```python\n{FIRST}\n```", code(better)), to(f"```python\n{SECOND}\n```", code(SECOND + "5"))]
    made = decomposed(sandbox, Asked(script(*rules)), Allowance(1, 2, 3))
    assert made == Application(
        Program(PROGRAM.replace(FIRST, better).replace(SECOND, SECOND + "5")),
        model_calls=1, responses=2, utility_calls=3,
    )  # fmt: skip


def test_a_worse_function_is_not_put_back(sandbox: Jail) -> None:
    rules = [to(f"```python\n{FIRST}\n```", code("def first():\n    return 0.0")), to("", code(SECOND + "5"))]
    made = decomposed(sandbox, Asked(script(*rules)), Allowance(1, 2, 3))
    assert made.program == Program(PROGRAM.replace(SECOND, SECOND + "5"))


def test_code_that_does_not_define_the_function_is_not_scored(sandbox: Jail) -> None:
    made = decomposed(sandbox, Asked(script(to("", code("def third():\n    return 9.0")))), Allowance(1, 2, 3))
    assert made == Application(Program(PROGRAM), model_calls=1, responses=2, utility_calls=1)


def test_the_next_call_starts_from_the_better_program(sandbox: Jail) -> None:
    model = Asked(script(to(f"```python\n{FIRST}\n```", code("def first():\n    return 0.4")), to("", "none")))
    decomposed(sandbox, model, Allowance(2, 2, 5))
    assert part(model.calls[1][0]) == "def first():\n    return 0.4"


def test_a_program_without_functions_is_one_part(sandbox: Jail) -> None:
    model = Asked(script(to("```python\nx = 1\n```", answer(0.7))))
    made = decomposed(sandbox, model, Allowance(1, 1, 2), initial="x = 1")
    assert made.program == Program(program(0.7))
