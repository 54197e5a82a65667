"""Each step's diff: of what was proposed, taken or not."""

from pathlib import Path

import pytest

from report.a_run import CHILD, SEED, WORSE, a_finished_run, identity
from selftaught.report.lineage import Diff, compare, improved, lineage
from selftaught.report.view import Improvement, view

HEAD = [("place", "@@ -1,2 +1,2 @@"), ("", " def improve_algorithm(s, u, l):")]


def test_each_step_shows_what_was_proposed_against_its_parent(tmp_path: Path) -> None:
    store = a_finished_run(tmp_path)
    changes = lineage(view(store), store.text)
    assert [(change.step.t, change.outcome, change.remark, change.diff) for change in changes] == [
        (0, "seed", "", Diff((), "", SEED)),
        (
            1, "accepted", "",
            Diff((*HEAD, ("removed", "-    return s"), ("added", "+    return l.prompt('', s)[0]")), "", CHILD),
        ),
        (
            2, "not better, kept",
            f"Proposed and not accepted: {identity(WORSE)[:8]}, measured 0.000 ± 0.000 on val. I_2 is I_1.",
            Diff((*HEAD, ("removed", "-    return l.prompt('', s)[0]"), ("added", "+    return ''")), "", WORSE),
        ),
        (3, "timed out, kept", "I_2 proposed no program; I_3 is I_2.", None),
    ]  # fmt: skip


def test_an_invisible_difference_is_shown_on_both_sides() -> None:
    assert compare("x\u200b\n", "x\u202e\n").lines[1:] == (("removed", "-x‹U+200B›"), ("added", "+x‹U+202E›"))


@pytest.mark.parametrize(
    ("after", "remark"),
    [("x\n", "The same text."), ("x", "They differ only in the last line end, or past what is shown.")],
)
def test_a_diff_without_lines_says_why(after: str, remark: str) -> None:
    assert compare("x\n", after) == Diff((), remark, after)


def test_texts_that_are_made_to_take_long_are_not_compared() -> None:
    hostile = "\n".join(str(number % 500) for number in range(50_000))
    diff = compare(hostile, hostile[::-1])
    assert (diff.lines, diff.remark) == ((), "Too long to compare: more than 2000 lines.")


def test_a_long_diff_and_a_long_line_are_cut() -> None:
    diff = compare("", "\n".join(["y" * 1000, *map(str, range(1500))]))
    assert (len(diff.lines), diff.remark) == (1000, "502 more lines of the diff are not shown.")
    assert diff.lines[1] == ("added", "+" + "y" * 398 + "…")


def test_what_an_improver_made_of_a_solution() -> None:
    texts = {"a": "1\n", "b": "2\n"}
    made = Improvement("ok", "", {}, {}, "a", "b")
    lines = (("place", "@@ -1 +1 @@"), ("removed", "-1"), ("added", "+2"))
    assert improved(made, texts.__getitem__) == Diff(lines, "", "2\n")
    assert improved(Improvement("crashed", "", {}, {}, "a", None), texts.__getitem__) is None
