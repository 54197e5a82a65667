"""What a run computes depends on its folder and on the package's code, and not on which package that is by accident."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import selftaught
from cli.support import QUICK
from cli.support import in_process as command

RUN = ["run", "parity", *QUICK, "--depth", "1", "--seed", "7", "--out", "r"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped when it had asked a little: to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    done = command(*RUN, "--max-calls", "3", cwd=folder)
    assert done.returncode == 3, done.stderr
    return folder / "r"


@pytest.fixture
def run(begun: Path, tmp_path: Path) -> Path:
    return shutil.copytree(begun, tmp_path / "r")


@pytest.fixture(scope="module")
def gone_on_here(begun: Path) -> list[list[str]]:
    """The figures of that run, when it has gone on under the code that it was begun with."""
    shutil.copytree(begun, begun.parent / "same")
    here = command("resume", "same", "--max-calls", "1000", cwd=begun.parent)
    assert "keeps its own text" not in here.stderr
    return figures(here.stdout)


def changed(folder: Path, change: Callable[[str], str], *files: str) -> str:
    """A copy of the package, of which these files are others; what PYTHONPATH has to say for it."""
    package = Path(selftaught.__file__).parent
    shutil.copytree(package, folder / "other" / "selftaught", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "other" / "selftaught" / file for file in files):
        path.write_text(change(path.read_text()))
    return str(folder / "other")


def with_package(package: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": package}
    words = [sys.executable, "-m", "selftaught", *arguments]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)


def halved(text: str) -> str:
    return text.replace("def grade(", "def _grade(", 1) + (
        "\n\ndef grade(instance, answer):\n    return 0.5 * _grade(instance, answer)\n"
    )


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("tasks/parity_with_noise.py", halved),
        ("tasks/probes/parity_with_noise.py", lambda text: text + "\nFORMS = {}\n"),
        ("seeds/meta_utility.txt", lambda text: text + "\n# another line\n"),
    ],
    ids=["what a task imports", "its probes", "the meta-utility's text"],
)
def test_texts_are_the_runs_own(
    run: Path, gone_on_here: list[list[str]], file: str, change: Callable[[str], str]
) -> None:
    package = changed(run.parent, change, file)
    gone_on = with_package(package, "resume", "r", "--max-calls", "1000", cwd=run.parent)
    assert gone_on.returncode == 0, gone_on.stderr
    assert "the run keeps its own text" in gone_on.stderr and Path(file).stem in gone_on.stderr
    assert figures(gone_on.stdout) == gone_on_here != []
    replayed = with_package(package, "replay", "r", cwd=run.parent)
    assert "All results are as recorded" in replayed.stdout


def figures(table: str) -> list[list[str]]:
    """Of each step: the improver, val and test, and how it came."""
    return [line.split()[:8] for line in table.splitlines() if line[:1].isdigit()]


def test_other_code_is_refused_with_the_way_to_go_on(run: Path) -> None:
    package = changed(run.parent, lambda text: text + "\n# changed\n", "core/acceptance.py")
    refused = with_package(package, "resume", "r", "--max-calls", "1000", cwd=run.parent)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    for words in ("selftaught 0.", "with other code", "pip install selftaught==", "--other-version"):
        assert words in refused.stderr
    replayed = with_package(package, "replay", "r", cwd=run.parent)
    assert "results may differ" in replayed.stderr
    gone_on = with_package(package, "resume", "r", "--max-calls", "1000", "--other-version", cwd=run.parent)
    assert gone_on.returncode == 0, gone_on.stderr
    assert with_package(package, "resume", "r", cwd=run.parent).returncode == 0  # it is the run's code now


def test_code_that_decides_nothing_may_be_another(run: Path) -> None:
    files = ("cli/printing.py", "report/tables.py", "tasks/bounds/parity.py", "seeds/greedy.py")
    package = changed(run.parent, lambda text: text + "\n# changed\n", *files)
    assert with_package(package, "resume", "r", "--max-calls", "1000", cwd=run.parent).returncode == 0


def test_a_run_of_0_1_0_is_refused_with_the_way_to_go_on(tmp_path: Path) -> None:
    with tarfile.open(Path(__file__).parents[1] / "data" / "run-of-0.1.0.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    refused = command("resume", "run", cwd=tmp_path)
    assert refused.returncode == 1
    assert "selftaught 0.1.0" in refused.stderr and "--other-version" in refused.stderr


def test_a_recording_with_a_text_that_is_not_ours_is_not_executed(run: Path) -> None:
    text = "raise SystemExit('executed')\n"
    shutil.copytree(run, run.parent / "forged")
    (run.parent / "forged" / "inputs" / "selftaught.tasks.parity_with_noise.py").write_text(text)
    assert command("export", "forged", "--what", "recording", "--out", "f", cwd=run.parent).returncode == 0
    refused = command("replay", "f", cwd=run.parent)
    assert refused.returncode == 2
    assert "selftaught.tasks.parity_with_noise" in refused.stderr and "--trust-tasks" in refused.stderr
