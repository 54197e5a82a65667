"""`refine`: it spends its whole allowance, shows why programs have their scores, and stops where it has won."""

from pathlib import Path

import pytest

from cli.support import in_process
from seeds.support import INITIAL, Asked, InTurn, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Program, Score
from selftaught.sandbox.jail import Jail

REFINE = seed_text("refine")
SORTING = Path(__file__).parents[1] / "examples" / "sorting_task.py"


class Tells(Returns):
    """Says of a program what it returned."""

    def __call__(self, program: Program) -> Score:
        score = super().__call__(program)
        return Score(score.value, feedback=f"It told: {score.value:g}!")


def test_it_spends_its_whole_allowance(sandbox: Jail) -> None:
    model, utility = Asked(InTurn(*(answer(0.5 + n / 100) for n in range(1, 25)))), Returns()
    made = applied(sandbox, REFINE, model, utility, Allowance(4, 6, 25))
    assert made == Application(Program(program(0.74)), model_calls=4, responses=24, utility_calls=25, best=0.74)
    assert len(set(utility.scored)) == 25


def test_the_first_round_asks_for_different_ideas_and_the_next_for_different_steps(sandbox: Jail) -> None:
    model = Asked(InTurn(*(answer(0.5 + n / 100) for n in range(1, 13))))
    applied(sandbox, REFINE, model, Returns(), Allowance(2, 6, 25))
    first, second = [[prompt.user for prompt in prompts] for prompts in model.calls]
    assert (len(set(first)), len(set(second))) == (4, 6)


def test_programs_are_shown_with_their_scores_and_why_they_have_them(sandbox: Jail) -> None:
    model = Asked(InTurn(answer(0.6), answer(0.9), answer(0.1)))
    applied(sandbox, REFINE, model, Tells(), Allowance(2, 3, 25))
    assert model.shown()[1] == [[0.9], [0.1, 0.9], [0.9, 0.6]]
    for prompt, scores in zip(model.calls[1], model.shown()[1], strict=True):
        assert all(f"Its score: {score:g}. It told: {score:g}!" in prompt.user for score in scores)


def test_it_stops_where_nothing_is_left_to_be_won(sandbox: Jail) -> None:
    made = applied(sandbox, REFINE, InTurn(answer(1.0), answer(0.7)), Returns(), Allowance(4, 2, 25))
    assert (made.program, made.model_calls) == (Program(program(1.0)), 1)


def test_changes_are_made_to_the_program_that_was_shown(sandbox: Jail) -> None:
    patch = "<<<<<<< SEARCH\n    return 0.7\n=======\n    return 0.8\n>>>>>>> REPLACE\n"
    model = script(to("return 0.7", patch), to("return 0.5", answer(0.7)))
    made = applied(sandbox, REFINE, model, Returns(), Allowance(2, 1, 25))
    assert made.program == Program(program(0.8))


def test_what_is_left_of_the_scores_goes_to_marked_numbers(sandbox: Jail) -> None:
    marked = "STEP = 3  # or 4, 5.5\n\n\ndef algorithm():\n    return 0.7\n"
    utility = Returns()
    applied(sandbox, REFINE, InTurn(f"```python\n{marked}```"), utility, Allowance(1, 1, 4))
    assert utility.scored == [INITIAL, marked, marked.replace("= 3", "= 4"), marked.replace("= 3", "= 5.5")]


@pytest.mark.parametrize(("arguments", "improver"), [([], "refine"), (["--preset", "official"], "paper_seed"),
                                                     (["--improver", "greedy"], "greedy")])  # fmt: skip
def test_it_is_what_improve_takes_unless_told(arguments: list[str], improver: str, tmp_path: Path) -> None:
    (tmp_path / "sorting.py").write_text(SORTING.read_text())
    budget = ["--model-calls", "1", "--responses", "1", "--utility-calls", "2", "--no-probes", "--model", "mutate"]
    done = in_process("improve", "sorting.py", *budget, *arguments, "--out", "r", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert (tmp_path / "r/inputs/initial.improver.py").read_text() == seed_text(improver.replace("_", "-"))
