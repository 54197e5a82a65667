"""Plugins by entry points: the example package, installed as a stranger's is, and ones that are wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught import plugins
from selftaught.core.errors import UsageError

EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, in a folder of its own."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(EXAMPLE)]
    subprocess.run(pip, check=True, capture_output=True)
    return target


def selftaught(*arguments: str, site: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "selftaught", *arguments]
    env = {**os.environ, "PYTHONPATH": str(site), "OLLAMA_HOST": "127.0.0.1:9"}
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False, timeout=150)


def test_the_example_package_brings_one_of_each_kind(installed: Path, tmp_path: Path) -> None:
    done = selftaught("plugins", "--json", site=installed, cwd=tmp_path)
    found = json.loads(done.stdout)["plugins"]
    assert {one["kind"] for one in found if one["package"] == "selftaught-example"} == set(plugins.KINDS)
    assert done.returncode == 0 and not any(one["trouble"] for one in found)


def test_a_run_uses_one_of_each_kind(installed: Path, tmp_path: Path) -> None:
    asked = ["--model", "echo/0.75", "--improver", "patient", "--sandbox", "plain-lock", "--executor", "one-worker"]
    done = selftaught("improve", "nearness", *asked, "--no-probes", "--out", "r", site=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "return 0.75" in (tmp_path / "r" / "improved.py").read_text() and "plain-lock" in done.stderr
    (tmp_path / "r" / "improved.py").unlink()
    again = selftaught("resume", "r", site=installed, cwd=tmp_path)
    assert again.returncode == 0, again.stderr


def write(site: Path, entries: str, module: str = "") -> None:
    """A package that is installed in `site` by hand."""
    info = site / "wrong-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wrong\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entries)
    (site / "wrong_module.py").write_text(module)


@pytest.mark.parametrize(
    ("kind", "value", "module", "said"),
    [
        ("models", "wrong_module:make", "raise RuntimeError('no GPU')", "cannot be loaded: RuntimeError('no GPU')"),
        ("models", "wrong_module:make", "make = 3", "is int; of selftaught.models wanted a function"),
        ("tasks", "wrong_module:TASK", "TASK = '/nowhere.py'", "is str; of selftaught.tasks wanted a module"),
        ("improvers", "no_such_module", "", "No module named 'no_such_module'"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named(
    kind: str, value: str, module: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, f"[selftaught.{kind}]\nbad-one = {value}\n", module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wrong_module", raising=False)
    assert plugins.names(kind) == ["bad-one"]
    with pytest.raises(UsageError, match="bad-one") as wrong:
        plugins.find(kind, "bad-one")
    assert said in str(wrong.value)
    assert [one.trouble for one in plugins.listed({})] == [str(wrong.value)]


def test_a_plugin_cannot_take_a_name_that_is_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "[selftaught.tasks]\nthree-sat = wrong_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wrong_module", raising=False)
    (found,) = plugins.listed({"tasks": ["three-sat"]})
    assert found.trouble == "this name is built in, which comes first" and found.package == "wrong"
