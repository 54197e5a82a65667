"""Each improver by its name on the command line, in this process: the real sandbox, the model `mutate`."""

import json
import shutil
from pathlib import Path

import pytest

from cli.support import in_process
from seeds.support import seed_text
from selftaught.wiring.inputs import improver_names

SORTING = Path(__file__).parents[1] / "examples" / "sorting_task.py"
QUICK = ["--model", "mutate", "--preset", "quick", "--seed", "3", "--json"]


@pytest.mark.parametrize("name", improver_names())
def test_an_improver_is_known_by_its_name(name: str, tmp_path: Path) -> None:
    shutil.copy(SORTING, tmp_path / "sorting.py")
    done = in_process("improve", "sorting.py", "--improver", name, *QUICK, "--out", "runs/it", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["improvement"]["verdict"] == "ok"
    assert (tmp_path / "runs/it/inputs/initial.improver.py").read_text() == seed_text(name)


@pytest.mark.parametrize("name", improver_names())
def test_an_improver_improves_itself(name: str, tmp_path: Path) -> None:
    shutil.copy(SORTING, tmp_path / "sorting.py")
    done = in_process("run", "sorting.py", "--improver", name, *QUICK, "--depth", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    measured, applied = json.loads(done.stdout)["steps"]
    assert (measured["verdict"], applied["verdict"]) == ("ok", "ok")
    assert applied["proposed"] and applied["spent"]["responses"] > 0
