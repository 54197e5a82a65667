"""The bandit tries every temperature once and then shifts to the one that yields improvements."""

from collections import Counter
from collections.abc import Sequence

import pytest

from seeds.support import Asked, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Completion, Program, Prompt
from selftaught.sandbox.jail import Jail

TEMPERATURES = (0.2, 0.6, 1.0)
STEPS = [to(program(n / 100), answer((n + 1) / 100)) for n in range(50, 90)]
"""Every solution has a better one."""


class GoodAt:
    """A scripted model that improves at one temperature, and at the others says nothing of use."""

    def __init__(self, temperature: float | None) -> None:
        self.temperature = temperature
        self.good, self.bad = script(*STEPS), script({"responses": ["none", answer(0.1)]})

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return (self.good if prompts[0].temperature == self.temperature else self.bad)(prompts)


def pulls(sandbox: Jail, model: GoodAt, calls: int) -> tuple[list[float], Program | None]:
    asked = Asked(model)
    made = applied(sandbox, seed_text("temperature-bandit"), asked, Returns(), Allowance(calls, 2, 1 + 2 * calls))
    assert all(len({prompt.temperature for prompt in prompts}) == 1 for prompts in asked.calls)
    return [prompts[0].temperature for prompts in asked.calls], made.program


@pytest.mark.parametrize("good", TEMPERATURES)
def test_it_shifts_to_the_better_temperature(good: float, sandbox: Jail) -> None:
    temperatures, made = pulls(sandbox, GoodAt(good), 12)
    assert tuple(temperatures[:3]) == TEMPERATURES
    assert Counter(temperatures[3:])[good] >= 7
    assert made == Program(program((50 + Counter(temperatures)[good]) / 100))


def test_the_fourth_call_is_at_the_best_of_the_first_three(sandbox: Jail) -> None:
    """The default budget has four calls."""
    assert [pulls(sandbox, GoodAt(good), 4)[0][3] for good in TEMPERATURES] == list(TEMPERATURES)


def test_it_goes_round_where_none_is_better(sandbox: Jail) -> None:
    temperatures, _ = pulls(sandbox, GoodAt(None), 12)
    assert Counter(temperatures) == dict.fromkeys(TEMPERATURES, 4)
