"""The table of built-in tasks: complete, true to the tasks, and the same in the package and on the page about it."""

import json
import re
from pathlib import Path

import pytest

from selftaught.cli import task_list
from selftaught.tasks.bounds.known import KNOWN
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.loading import PAPER, load_task, task_names
from selftaught.tasks.measured import MEASURED
from selftaught.tasks.spec import Instance

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()


def test_every_task_has_a_row_and_every_one_of_the_paper_a_harder_level() -> None:
    assert sorted(MEASURED) == sorted([*task_names(), *(f"{name}@hard" for name in PAPER)])
    assert {name for name, told in MEASURED.items() if told.solved} == set(PAPER)


@pytest.mark.parametrize("name", MEASURED)
def test_a_row_s_best_is_the_task_s_own_bound(name: str) -> None:
    assert load_task(name).bound == MEASURED[name].best
    assert load_task(name).name == name


@pytest.mark.parametrize("name", [name for name in MEASURED if name not in PAPER])
def test_the_bound_of_a_task_with_headroom_says_whence_it_is(name: str) -> None:
    bound = load_bound(load_task(name))
    assert (bound.kind, bound.about) == KNOWN[name]
    assert bound.best(Instance(())) == MEASURED[name].best


def test_the_page_has_the_same_figures() -> None:
    number = r"([0-9.]+)"
    row = rf"^\| `([a-z@-]+)` \|(?:.*?\|)?? {number} \| (?:{number} \| )?{number}(?: \([a-zA-Z ]+\))? \|$"
    rows = re.findall(row, PAGE, re.MULTILINE)
    assert [(name, float(seed), float(best)) for name, seed, _, best in rows] == [
        (name, told.seed, told.best)
        for solved in (False, True)
        for name, told in MEASURED.items()
        if told.solved is solved
    ]
    good = {name: float(value) for name, _, value, _ in rows if value}
    assert good == {name: told.good for name, told in MEASURED.items() if not told.solved}


def test_the_table_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    task_list.show(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[1 : 1 + len(MEASURED)]] == list(MEASURED)


def test_json_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    task_list.show(as_json=True)
    rows = {row["task"]: row for row in json.loads(capsys.readouterr().out)["tasks"]}
    assert rows["tsp"]["best"] == MEASURED["tsp"].best and rows["tsp"]["about"].startswith("Find a short round trip")
