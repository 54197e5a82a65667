"""Simulated annealing goes to a worse solution sometimes: more often the less is lost and the earlier it is."""

import pytest

from seeds.support import INITIAL, Asked, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program
from selftaught.sandbox.jail import Jail

ANNEALING = seed_text("annealing")


def second_step(sandbox: Jail, proposed: float, run_seed: int = 1) -> float:
    """Where it stands after one proposal."""
    model = Asked(script(to("return 0.5\n", answer(proposed)), {"responses": ["none"]}))
    made = applied(sandbox, ANNEALING, model, Returns(), Allowance(2, 1, 3), run_seed=run_seed)
    assert made.program == Program(program(max(0.5, proposed)))  # the best ever seen, wherever it stands
    return model.shown()[1][0][0]


@pytest.mark.parametrize(("proposed", "stands"), [(0.6, 0.6), (0.4999999, 0.4999999), (-5.0, 0.5)])
def test_it_takes_a_better_one_and_one_hardly_worse_and_not_one_far_worse(
    proposed: float, stands: float, sandbox: Jail
) -> None:
    assert second_step(sandbox, proposed) == stands


def test_it_takes_a_worse_one_sometimes(sandbox: Jail) -> None:
    taken = sum(second_step(sandbox, 0.43, run_seed) == 0.43 for run_seed in range(40))
    assert 10 <= taken <= 30  # exp(-0.07 / 0.1) is a half


def test_it_cools(sandbox: Jail) -> None:
    early, late = [], []
    for run_seed in range(10):
        model = Asked(script(to("return 0.5\n", answer(0.45)), to("return 0.45\n", answer(0.5))))
        applied(sandbox, ANNEALING, model, Returns(), Allowance(24, 1, 25), run_seed=run_seed)
        stood = [shown for ((shown,),) in model.shown()]
        moves = list(zip(stood, stood[1:], strict=False))
        early += [after == 0.45 for before, after in moves[:8] if before == 0.5]
        late += [after == 0.45 for before, after in moves[-8:] if before == 0.5]
    assert sum(early) / len(early) > 0.4 > 0.3 > sum(late) / len(late)


def test_the_proposal_is_the_best_of_a_call(sandbox: Jail) -> None:
    model = Asked(script(to("return 0.5\n", answer(0.6), "none", answer(0.8), answer(0.7)), {"responses": ["none"]}))
    made = applied(sandbox, ANNEALING, model, Returns(), Allowance(2, 4, 9))
    assert (model.shown()[1], made.program) == ([[0.8]] * 4, Program(program(0.8)))


def test_it_stays_where_nothing_is_proposed(sandbox: Jail) -> None:
    model = Asked(script({"responses": ["none"]}))
    made = applied(sandbox, ANNEALING, model, Returns(), Allowance(3, 1, 4))
    assert (model.shown(), made.program) == ([[[0.5]]] * 3, Program(INITIAL))
