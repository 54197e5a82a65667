"""What an improver may read of how an improver was scored."""

from selftaught.core.budget import Allowance
from selftaught.core.contracts import MOST_FEEDBACK, Application, Program, Score, Verdict
from selftaught.core.feedback import Made, of_improver

SOLUTION = Program("def f(): pass\n")
BETTER = Program("def f():\n    return 1\n")


def told(*made: Made) -> list[str]:
    return of_improver(made, Allowance(4, 6, 25)).splitlines()


def test_it_tells_of_each_task_what_was_made_what_it_scored_and_what_was_spent() -> None:
    made = Application(BETTER, model_calls=2, responses=12, utility_calls=9, best=0.75)
    assert told((SOLUTION, made, Score(0.75))) == [
        "mean score 0.7500 over 1 tasks",
        "task 1: returned a program of 2 lines, score 0.7500. The best score that it was given was 0.7500. "
        "Spent 2 of 4 model calls (12 responses), 9 of 25 scores.",
    ]


def test_it_tells_how_one_died_and_with_what_in_hand() -> None:
    note = "BudgetExceeded: all 4 language model calls are spent (line 8)"
    lost = Application(None, Verdict.CRASHED, note, 4, 24, 9, best=0.9)
    kept = Application(BETTER, Verdict.CRASHED, note, 4, 24, 9, salvaged=True, best=0.9)
    spent = "Spent 4 of 4 model calls (24 responses), 9 of 25 scores."
    made = [(SOLUTION, lost, Score(0.0)), (SOLUTION, kept, Score(0.9)), (SOLUTION, Application(SOLUTION), Score(0.2))]
    assert told(*made)[1:] == [
        f"task 1: crashed: {note}, and nothing of it counts: score 0. "
        f"The best score that it was given was 0.9000. {spent}",
        f"task 2: crashed: {note}; the best program that it had scored counts: score 0.9000. {spent}",
        "task 3: returned its initial solution unchanged, score 0.2000. "
        "Spent 0 of 4 model calls (0 responses), 0 of 25 scores.",
    ]


def test_it_is_bounded_and_sums_up_what_has_no_room() -> None:
    dead = Application(None, Verdict.CRASHED, "x" * 500)
    text = of_improver([(SOLUTION, dead, Score(0.0))] * 500, Allowance())
    assert len(text) <= MOST_FEEDBACK and "more tasks, with a mean score of 0.0000" in text
