"""`--fidelity` from the flag to the record and the report, and `selftaught bound`."""

import json
import tomllib
from pathlib import Path

import pytest

from cli.support import QUICK, in_process

COLUMN = "import numpy\ndef algorithm(a, b, c): return numpy.zeros((20, 1), dtype=int)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fidelity")
    (made / "column.py").write_text(COLUMN)
    return made


def test_a_released_run_is_on_record_and_in_every_report_and_is_resumed_as_one(folder: Path) -> None:
    started = ["run", "string-grid-distance", *QUICK, "--depth", "1", "--fidelity", "released", "--out", "runs/r"]
    done = in_process(*started, cwd=folder)
    assert done.returncode == 0, done.stderr
    line = "Fidelity: released (instances and scores of the paper's released code, including its flaws)."
    assert line in done.stdout
    assert tomllib.loads((folder / "runs/r/config.toml").read_text())["fidelity"] == "released"
    kept = (folder / "runs/r/inputs/string-grid-distance.py").read_text()
    assert "The released ones" in kept
    assert line in in_process("resume", "r", cwd=folder).stdout
    shown = json.loads(in_process("show", "r", "--json", cwd=folder).stdout)
    assert shown["config"]["fidelity"] == "released"
    assert round(shown["steps"][0]["test"]["mean"], 4) == 0.4389  # the seed's, as in Table 1 of the paper
    in_process("report", "r", cwd=folder)
    assert "Fidelity: released" in (folder / "runs/r/report.html").read_text()


def test_under_the_preset_paper_one_failed_call_decides_and_a_resumed_run_keeps_to_it(folder: Path) -> None:
    small = ["--repeats", "1", "--model-calls", "1", "--responses", "1", "--utility-calls", "1", "--depth", "1"]
    started = ["run", "maxcut", "--preset", "paper", *small, "--model", "mutate", "--no-probes", "--out", "runs/p"]
    done = in_process(*started, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Fidelity: paper (as honest, but one failed call can decide a whole score, as in the paper)." in done.stdout
    assert in_process("resume", "p", "--depth", "2", cwd=folder).returncode == 0
    scores = json.loads(in_process("show", "p", "--json", cwd=folder).stdout)["steps"]
    assert [step["val"]["mean"] for step in scores] == [0.0, 0.0, 0.0]
    done = in_process("replay", "p", cwd=folder)
    assert done.returncode == 0, done.stdout


def test_a_run_is_honest_unless_told_otherwise(folder: Path) -> None:
    done = in_process("improve", "parity", "--model", "mutate", "--out", "runs/h", cwd=folder)
    assert "Fidelity: honest (scores from 0 to 1, on this run's own instances)." in done.stdout


def test_the_same_program_scores_by_fidelity(folder: Path) -> None:
    for fidelity, low, high in (("released", 10.55, 10.55), ("honest", 0.2, 0.8)):
        command = ["score", "parity", "column.py", "--split", "test", "--fidelity", fidelity, "--json"]
        scored = json.loads(in_process(*command, cwd=folder).stdout)
        assert low - 1e-9 <= scored["value"] <= high + 1e-9 and scored["fidelity"] == fidelity
    told = in_process("score", "parity", "column.py", "--fidelity", "released", cwd=folder).stdout
    first, seed, gain, whence = told.splitlines()
    assert gain.startswith("against the seed, instance by instance: ")
    assert (
        first.startswith("parity/val: 10.0500 ± ") and first.endswith("  ok") and seed.startswith("the task's seed: ")
    )
    assert whence.startswith("fidelity: released; instances: the released ones;")


def test_a_bound_says_how_far_the_seed_is_from_the_best(folder: Path) -> None:
    done = in_process("bound", "three-sat", "--instances", "8", "--seed", "5", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["schema"], found["kind"], found["fidelity"]) == ("selftaught.bound/1", "exact", "honest")
    assert [(row["split"], row["instances"], row["reference"]) for row in found["splits"]] == [
        ("val", 8, 1.0),
        ("test", 8, 1.0),
    ]
    assert all(row["gap"] == pytest.approx(1 - row["seed_score"]) for row in found["splits"])


def test_a_bound_says_which_instances_it_is_about(folder: Path) -> None:
    honest = in_process("bound", "parity", "--seed", "5", cwd=folder).stdout
    assert "val-like, 20" in honest and "parity: the reference is exact. Decoding over all 1024 sets" in honest
    assert "drawn for this command: no run has them, not even one with this seed" in honest
    released = in_process("bound", "string-grid-distance", "--fidelity", "released", cwd=folder).stdout
    assert "0.4829" in released and "0.4389" in released and "instances: the released ones" in released


def test_a_bound_s_instances_are_not_those_of_a_run_with_its_seed(folder: Path) -> None:
    """The seed of the grid returns t, so that its score tells instances apart."""
    (folder / "t.py").write_text("def algorithm(t, distance):\n    return t\n")
    bound = json.loads(in_process("bound", "string-grid-distance", "--seed", "5", "--json", cwd=folder).stdout)
    for row in bound["splits"]:
        command = ["score", "string-grid-distance", "t.py", "--split", row["split"], "--seed", "5", "--json"]
        assert json.loads(in_process(*command, cwd=folder).stdout)["value"] != row["seed_score"]
