"""Improvers are listed, kept with where they come from, and taken by name anywhere."""

import json
from pathlib import Path

import pytest

from cli.support import QUICK, in_process
from selftaught.core.contracts import Program
from selftaught.runs.provenance import Provenance, provenance_of, with_provenance, without_provenance
from selftaught.wiring.inputs import load_improver

IMPROVER = 'def improve_algorithm(initial_solution, utility, language_model):\n    """Keep it: as it is."""\n    return initial_solution\n'  # noqa: E501
TOLD = Provenance(
    name="I_1", program=Program(IMPROVER).id, run="r", t=1, came_from="seed", trained_on=["parity"], model="m",
    fidelity="honest", version="0", time=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("improvers")
    done = in_process("run", "parity", *QUICK, "--depth", "1", "--out", "it", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_one_of_a_run_is_kept_listed_and_taken_as_the_same_program(where: Path, tmp_path: Path) -> None:
    data = str(tmp_path)
    kept = in_process("export", "it", "--keep", "mine", cwd=where, XDG_DATA_HOME=data)
    assert (kept.returncode, "--improver mine" in kept.stderr) == (0, True), kept.stderr
    rows = json.loads(in_process("improvers", "--json", cwd=where, XDG_DATA_HOME=data).stdout)["improvers"]
    built_in = [row["name"] for row in rows if row["from"] == "built in"]
    assert {"seed", "refine", "genetic"} <= set(built_in)
    assert all(row["about"] for row in rows if row["from"] == "built in")
    (mine,) = (row for row in rows if row["name"] == "mine")
    assert (mine["trained_on"], mine["model"], mine["run"]) == (["parity"], "mutate", "it")
    steps = json.loads(in_process("show", "it", "--json", cwd=where).stdout)["steps"]
    best = max(steps, key=lambda step: (step["val"]["mean"], -step["t"]))
    assert mine["from"] == f"I_{best['t']} of it"
    for split in ("val", "test"):
        assert (mine[split]["mean"], mine[split]["seed"]) == (best[split]["mean"], steps[0][split]["mean"])
    text = in_process("improvers", cwd=where, XDG_DATA_HOME=data).stdout
    assert f"{mine['val']['seed']:.3f} → {mine['val']['mean']:.3f}" in text

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = ["improve", "parity", "--model", "mutate", "--model-calls", "1", "--responses", "1", "--improver", "mine"]
    done = in_process(*words, "--out", "run", cwd=elsewhere, XDG_DATA_HOME=data)
    assert (elsewhere / "run").is_dir(), done.stderr
    taken = (elsewhere / "run" / "inputs" / "initial.improver.py").read_text()
    assert taken == (where / "it" / "best_improver.py").read_text()


def test_a_file_that_is_exported_tells_of_its_run_and_loads_as_the_program(where: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    assert in_process("export", "it", "--out", str(file), cwd=where).returncode == 0
    told = provenance_of(file.read_text())
    assert told is not None and (told.run, told.came_from, told.trained_on) == ("it", "seed", ["parity"])
    assert load_improver(str(file), tmp_path).id == told.program
    assert in_process("export", "it", cwd=where).stdout == (where / "it" / "best_improver.py").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "seed"], "seed is the name of a built-in improver"),
        (["--keep", "../x"], "an improver cannot be called '../x'"),
        (["--keep", "last"], "cannot be called 'last'"),
        (["--keep", "x", "--out", "y"], "wanted only one of --out and --keep"),
        (["--keep", "x", "--what", "recording"], "there is no 'recording' to export"),
        (["--keep", "x", "--what", "solution-0"], "solution-0 is not a measured improver of this run"),
    ],
)
def test_what_cannot_be_kept_is_named(where: Path, tmp_path: Path, words: list[str], said: str) -> None:
    done = in_process("export", "it", *words, cwd=where, XDG_DATA_HOME=str(tmp_path))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not list(tmp_path.glob("selftaught/improvers/*"))


def test_one_that_is_kept_already_is_not_overwritten(where: Path, tmp_path: Path) -> None:
    for code in (0, 2):
        done = in_process("export", "it", "--keep", "one", cwd=where, XDG_DATA_HOME=str(tmp_path))
        assert done.returncode == code, done.stderr
    assert "exists already" in done.stderr


def test_damaged_and_foreign_files_are_listed_and_hide_no_other(tmp_path: Path) -> None:
    kept = tmp_path / "selftaught" / "improvers"
    kept.mkdir(parents=True)
    (kept / "plain.py").write_text(IMPROVER)
    (kept / "told.py").write_text(with_provenance(IMPROVER, TOLD))
    (kept / "other.py").write_text(with_provenance(IMPROVER + "# changed\n", TOLD))
    (kept / "broken.py").write_text("# selftaught.improver/1 {nothing\n" + IMPROVER)
    (kept / "bytes.py").write_bytes(b"\xff")
    (kept / "text.py").write_text("no Python")
    found = in_process("improvers", "--json", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    rows = {row["name"]: row for row in json.loads(found.stdout)["improvers"] if row["from"] != "built in"}
    assert {name: row["from"] for name, row in rows.items()} == {
        "plain": "kept", "told": "I_1 of r", "other": "kept", "broken": "kept", "bytes": "kept", "text": "kept",
    }  # fmt: skip
    assert (rows["told"]["about"], rows["text"]["about"]) == ("Keep it", "")
    assert "not UTF-8" in rows["bytes"]["trouble"]


def test_what_is_told_is_no_part_of_the_program() -> None:
    assert without_provenance(with_provenance(IMPROVER, TOLD)) == IMPROVER == without_provenance(IMPROVER)
    assert provenance_of(with_provenance(IMPROVER, TOLD)) == TOLD
    assert provenance_of(IMPROVER) is None
