"""`--race LEVEL`: what cannot win any more gets no more repeats, and it is said what that saved."""

import json
from pathlib import Path

import pytest

from cli.support import in_process
from nearness import TASK

IMPROVER = """from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    responses = language_model.prompt("expert", initial_solution, n_responses=2)
    return max(map(extract_code, responses), key=utility)
"""
BROKEN = "def improve_algorithm(initial_solution, utility, language_model):\n    raise ValueError('no')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def fenced(program: str) -> str:
        return f"```python\n{program}```"

    rules = [
        {"contains": ["def improve_algorithm"], "responses": [fenced(BROKEN), fenced(IMPROVER + "# again\n")],
         "order": "cycle"},
        {"responses": [fenced("def algorithm(x):\n    return 0.9\n")]},
    ]  # fmt: skip
    (tmp_path / "script.json").write_text(json.dumps({"rules": rules}))
    (tmp_path / "nearness.py").write_text(TASK)
    (tmp_path / "improver.py").write_text(IMPROVER)
    return tmp_path


RUN = [
    "run", "nearness.py", "--improver", "improver.py", "--model", "scripted", "--script", "script.json", "--depth", "1",
    "--repeats", "8", "--model-calls", "2", "--responses", "2", "--utility-calls", "2", "--seed", "1", "--no-probes",
]  # fmt: skip


def test_a_candidate_that_fails_is_stopped_early_and_one_that_does_not_is_not(folder: Path) -> None:
    done = in_process(*RUN, "--race", "0.05", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Racing: 1 candidate was stopped, after 2 of 8 applications; 6 were saved." in done.stdout
    again = in_process("replay", next((folder / "runs").iterdir()).name, cwd=folder)
    assert "All results are as recorded." in again.stdout


def test_without_racing_every_candidate_is_applied_to_all(folder: Path) -> None:
    done = in_process(*RUN, cwd=folder)
    assert done.returncode == 0 and "Racing" not in done.stdout


@pytest.mark.parametrize("level", ["0", "1", "-0.1", "soon"])
def test_what_is_no_level_is_refused(folder: Path, level: str) -> None:
    done = in_process(*RUN, "--race", level, cwd=folder)
    assert done.returncode == 2 and "race" in done.stderr
