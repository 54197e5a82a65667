"""The commands as a user runs them: real processes, real sandbox, the models `mutate` and `scripted`."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.support import QUICK, in_process, selftaught
from selftaught.cli import demo
from selftaught.runs.provenance import without_provenance

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def sorting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's own task in it."""
    folder = tmp_path_factory.mktemp("cli")
    shutil.copy(EXAMPLES / "sorting_task.py", folder / "sorting.py")
    return folder


@pytest.fixture(scope="module")
def a_run(sorting: Path) -> Path:
    """A finished run on that task."""
    done = selftaught("run", "sorting.py", *QUICK, "--depth", "1", "--seed", "3", "--out", "runs/one", cwd=sorting)
    assert done.returncode == 0, done.stderr
    return sorting / "runs" / "one"


def test_a_run_ends_with_a_table_and_says_where_the_best_improver_is(a_run: Path, sorting: Path) -> None:
    shown = in_process("show", "one", cwd=sorting)
    assert shown.returncode == 0
    assert "verdict" in shown.stdout and "Acceptance policy: better" in shown.stdout
    assert f"Best improver: {Path('runs/one/best_improver.py')}" in shown.stdout
    assert (a_run / "best_improver.py").read_text().startswith(("def", "from", "import"))


def test_json_is_one_versioned_object_on_stdout(a_run: Path, sorting: Path) -> None:
    shown = json.loads(in_process("show", "one", "--json", cwd=sorting).stdout)
    assert shown["schema"] == "selftaught.run/1"
    assert [step["t"] for step in shown["steps"]] == [0, 1]
    assert shown["status"] == "finished" and re.fullmatch(r"3:[0-9a-f]{16}", shown["config"]["seed"])
    assert shown["sessions"][0]["tier"] in ("bubblewrap", "landlock")
    listed = json.loads(in_process("runs", "--json", cwd=sorting).stdout)["runs"]
    assert "one" in [run["run"] for run in listed]
    assert json.loads(in_process("tasks", "--json", cwd=sorting).stdout)["schema"] == "selftaught.tasks/1"
    machine = json.loads(in_process("doctor", "--json", cwd=sorting).stdout)
    assert machine["sandbox"] and machine["packages"]["scipy"]  # which the tests install


def test_the_same_seed_repeats_a_run_exactly(a_run: Path, sorting: Path) -> None:
    again = in_process("run", "sorting.py", *QUICK, "--depth", "1", "--seed", "3", "--out", "runs/two", cwd=sorting)
    assert again.returncode == 0, again.stderr
    one, two = (json.loads(in_process("show", name, "--json", cwd=sorting).stdout) for name in ("one", "two"))

    def without_clocks(run: dict[str, object]) -> list[object]:
        steps = run["steps"]
        assert isinstance(steps, list)
        return [(s["improver"], s["val"], s["test"], s["accepted"], s["verdict"]) for s in steps]

    assert without_clocks(one) == without_clocks(two)
    shutil.rmtree(sorting / "runs" / "two")


def test_programs_can_be_taken_out_of_a_run(a_run: Path, sorting: Path) -> None:
    for what in ("best-improver", "improver-0", "improver-1"):
        assert "improve_algorithm" in in_process("export", "one", "--what", what, cwd=sorting).stdout
    assert "def algorithm" in in_process("export", "one", "--what", "solution-0", cwd=sorting).stdout
    in_process("export", "one", "--out", "kept.py", cwd=sorting)
    assert without_provenance((sorting / "kept.py").read_text()) == (a_run / "best_improver.py").read_text()


def test_a_report_is_one_file_that_needs_nothing_else(a_run: Path, sorting: Path) -> None:
    done = in_process("report", "one", cwd=sorting)
    assert done.returncode == 0, done.stderr
    html = Path(sorting / done.stdout.strip()).read_text()
    assert html.startswith("<!doctype html>") and "http://" not in html.replace("http://www.w3.org", "")
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", html)


def test_a_copied_run_is_shown_and_resumed_elsewhere(a_run: Path, tmp_path: Path) -> None:
    shutil.copytree(a_run, tmp_path / "copy")
    done = selftaught("resume", str(tmp_path / "copy"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Acceptance policy" in done.stdout


def test_an_improver_of_a_run_improves_a_program_of_ones_own(a_run: Path, sorting: Path) -> None:
    (sorting / "mine.py").write_text("def algorithm(numbers):\n    return numbers[::-1]\n")
    done = in_process(
        "improve",
        "sorting.py",
        "--program",
        "mine.py",
        "--improver",
        "one",
        *QUICK[:2],
        "--out",
        "runs/better",
        cwd=sorting,
    )
    assert done.returncode == 0, done.stderr
    assert "sorting/val:" in done.stdout and "sorting/test:" in done.stdout
    assert "def algorithm" in (sorting / "runs/better/improved.py").read_text()
    assert (
        in_process("export", "better", "--what", "solution-0", cwd=sorting).stdout == (sorting / "mine.py").read_text()
    )


def test_an_improver_in_the_papers_interface_runs_unchanged(sorting: Path) -> None:
    published = EXAMPLES / "improver_t4_style.py"
    done = in_process("improve", "sorting.py", "--improver", str(published), "--model", "mutate", "--json", cwd=sorting)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["improvement"]["verdict"] == "ok"
    assert found["total"]["responses"] == 18  # three rounds of six


def test_a_score_says_how_it_came_about(sorting: Path) -> None:
    (sorting / "good.py").write_text("def algorithm(numbers):\n    return sorted(numbers)\n")
    scored = json.loads(in_process("score", "sorting.py", "good.py", "--split", "test", "--json", cwd=sorting).stdout)
    assert (scored["value"], scored["verdict"], scored["split"]) == (1.0, "ok", "test")
    (sorting / "slow.py").write_text("def algorithm(numbers):\n    while True: pass\n")
    scored = json.loads(in_process("score", "sorting.py", "slow.py", "--json", cwd=sorting).stdout)
    assert (scored["value"], scored["verdict"]) == (0.0, "timed out")


def test_scripted_answers_from_a_file(sorting: Path) -> None:
    rules = {"rules": [{"responses": ["```python\ndef algorithm(numbers):\n    return sorted(numbers)\n```"]}]}
    (sorting / "script.json").write_text(json.dumps(rules))
    done = in_process("improve", "sorting.py", "--model", "scripted", "--script", "script.json", "--json", cwd=sorting)
    assert json.loads(done.stdout)["improvement"]["after"] == {"sorting/val": 1.0, "sorting/test": 1.0}


def test_auto_says_which_model_it_took_and_why(sorting: Path) -> None:
    done = in_process("improve", "sorting.py", *QUICK[4:], "--out", "runs/auto", cwd=sorting)
    assert "model: mutate (no model is configured, no key is set, no Ollama answers)" in done.stderr


def test_a_time_limit_stops_with_3_and_the_run_resumes(sorting: Path) -> None:
    out = ["--out", "runs/timed"]
    done = in_process("run", "string-grid-distance", *QUICK, "--max-time", "0.05", "--depth", "1", *out, cwd=sorting)
    assert done.returncode == 3, done.stderr
    assert "time limit of 0.05 s is reached" in done.stderr and "selftaught resume runs/timed" in done.stderr
    assert in_process("resume", "timed", cwd=sorting).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_cleanly_with_130_and_the_run_resumes(sorting: Path, number: signal.Signals) -> None:
    script = {
        "rules": [{"responses": ["```python\ndef algorithm(numbers):\n    return []\n```"]}],
        "delay_seconds": 0.3,
    }
    (sorting / "slow.json").write_text(json.dumps(script))
    out = f"runs/interrupted-{number.name}"
    command = [sys.executable, "-m", "selftaught", "run", "sorting.py", *QUICK[2:], "--model", "scripted"]
    child = subprocess.Popen(
        [*command, "--script", "slow.json", "--depth", "2", "--out", out],
        cwd=sorting,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (sorting / out / "run.sqlite").exists():
        time.sleep(0.02)
    time.sleep(0.4)
    child.send_signal(number)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    assert f"continue with: selftaught resume {out}" in said and "Traceback" not in said
    assert selftaught("resume", out, cwd=sorting).returncode == 0


def test_unsafe_is_loud_and_on_record(sorting: Path) -> None:
    done = selftaught(
        "run", "sorting.py", *QUICK, "--depth", "1", "--sandbox", "unsafe", "--out", "runs/unsafe", cwd=sorting
    )
    assert done.returncode == 0 and "WARNING: --sandbox unsafe" in done.stderr
    shown = json.loads(in_process("show", "unsafe", "--json", cwd=sorting).stdout)
    assert shown["sessions"][0]["tier"] == "unsafe"


def test_the_demo_without_a_model_really_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With smaller budgets than it has."""
    for name, smaller in (("repeats", 1), ("depth", 1), ("responses", 2), ("utility_calls", 3)):
        monkeypatch.setitem(demo.MUTATE, name, smaller)
    done = in_process("demo", "--mutate", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Acceptance policy: better" in done.stdout and "improver" in done.stdout
