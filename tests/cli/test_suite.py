"""`selftaught experiment suite`, end to end with scripted answers, on two of its quick tasks."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.support import in_process
from selftaught.experiments.suite_version import REFERENCE, SCALE, reference_of

TASKS = ["formulas", "online-bin-packing"]
SMALL = ["--trials", "1", "--model-calls", "1", "--responses", "2", "--utility-calls", "3", "--no-probes"]
MODEL = ["--models", "scripted", "--script", "script.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a model that knows the reference program of one task, and nothing of the other."""
    good = f"```python\n{reference_of('formulas')}\n```"
    rules = [{"contains": ["formula"], "responses": [good, "none"], "order": "cycle"}, {"responses": ["none"]}]
    (tmp_path / "script.json").write_text(json.dumps({"rules": rules}))
    (tmp_path / "idle.py").write_text("def improve_algorithm(s, utility, language_model):\n    return s\n")
    return tmp_path


def suite(folder: Path, *arguments: str) -> Any:
    done = in_process("experiment", "suite", *arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_suite_from_its_first_start_to_its_files(folder: Path) -> None:
    begun = ["modern", *TASKS, *SMALL, *MODEL, "--improvers", "idle.py", "--seed", "5", "--out", "it"]
    told = suite(folder, *begun)
    means = {row["improver"]: row["mean"] for row in told["tables"]["suite"]}
    assert list(means) == ["best-of-n", "greedy", "refine", "idle.py", REFERENCE]
    assert means["idle.py"] == 0 < means["best-of-n"] < means[REFERENCE]
    of_tasks = {row["task"]: row for row in told["tables"]["tasks"]}
    assert of_tasks["formulas"]["best"] == of_tasks["formulas"]["reference"] > of_tasks["formulas"]["initial"]
    assert of_tasks["online-bin-packing"]["best improver"] is None
    assert [of_tasks[task]["v1 reference"] for task in TASKS] == [SCALE[task][1] for task in TASKS]
    assert {file.name for file in (folder / "it").glob("*.[cs][sv][vg]")} == {
        "suite.csv", "tasks.csv", "scores.csv", "suite.svg"
    }  # fmt: skip
    assert len((folder / "it" / "scores.csv").read_text().splitlines()) == 1 + 5 * len(TASKS)

    assert suite(folder, "--out", "it") == told  # all of it is on record
    assert suite(folder, *begun, "--models", "scripted") == told  # in the same words, too: its salt was kept
    other = in_process("experiment", "suite", "--seed", "5:anothersalt", "--out", "it", cwd=folder)
    assert other.returncode == 2 and "seed was '5:" in other.stderr
    renamed = in_process("experiment", "suite", "--improvers", "seed", "--out", "it", cwd=folder)
    assert renamed.returncode == 2 and "improvers was" in renamed.stderr


def test_equal_seeds_get_other_instances_in_each_result(folder: Path) -> None:
    """A salt is drawn for each; who gives one repeats a result, and that stands in it."""
    command = ["modern", "formulas", *SMALL, *MODEL, "--improvers", "idle.py"]
    first, second = (suite(folder, *command, "--seed", "5", "--out", name) for name in ("a", "b"))
    seeds = [told["parameters"]["seed"] for told in (first, second)]
    assert seeds[0] != seeds[1] and all(seed.startswith("5:") for seed in seeds)
    assert first["tables"]["tasks"] != second["tables"]["tasks"]
    again = suite(folder, *command, "--seed", seeds[0], "--out", "c")
    assert again["tables"]["tasks"] == first["tables"]["tasks"]
    assert again["titles"]["suite"].startswith("modern 1, salt given, quick")
    assert any("The salt was given" in note for note in again["notes"])


def test_a_dry_run_names_every_arm(folder: Path) -> None:
    done = in_process("experiment", "suite", *MODEL, "--improvers", "seed", "--dry-run", "--json", cwd=folder)
    told = json.loads(done.stdout)
    assert [part["what"] for part in told["parts"]][:4] == ["best-of-n", "greedy", "refine", "seed"]
    assert not (folder / "experiments").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old"], "no suite is called 'old'; there is modern"),
        (["modern", "maxcut"], "maxcut is not a task of the suite modern; it has autoconvolution"),
        (["modern", "tsp", "tsp"], "the task tsp is listed twice"),
        (["--improvers", REFERENCE], "is the suite's own name for the reference programs"),
        (["--improvers", "gredy"], "no improver is called 'gredy'; did you mean 'greedy'?"),
        (["--improver", "greedy"], "it has no effect in suite"),
        (["--against", "seed"], "--against seed: wanted one of the improvers"),
        (["--size", "huge"], "--size: wanted quick or standard or full, got 'huge'"),
        (["--sandbox", "unsafe"], "--sandbox unsafe does not isolate: a suite needs a sandbox that does"),
        (["--out", "it"], "to start one there, name its tasks: selftaught experiment suite modern --out it"),
    ],
)
def test_bad_input_is_told_before_anything_is_made(arguments: list[str], said: str, folder: Path) -> None:
    done = in_process("experiment", "suite", *arguments, *MODEL, cwd=folder)
    assert done.returncode == 2 and said.lower() in done.stderr.lower() and "Traceback" not in done.stderr
    assert not (folder / "experiments").exists() and not (folder / "it").exists()
