"""What people do in their first hour, and what must come of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.support import QUICK, in_process, selftaught
from openai_server import OpenAIServer, improve_anything
from selftaught.sandbox.tiers import container

LOOP = "def improve_algorithm(s, utility, language_model):\n    while True: pass\n"
KEEP = "def improve_algorithm(s, utility, language_model):\n    return s\n"
TASK = '''"""Return a number. Write algorithm(x)."""
SEED = "def algorithm(x):\\n    return 0.5\\n"


def instances(rng, split):
    yield (rng.random(),), None


def grade(instance, answer):
    return max(0.0, min(1.0, float(answer)))
'''


def test_the_time_limit_ends_a_run_whose_improver_never_does(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    began = time.monotonic()
    command = ["run", "parity", "--improver", "loop.py", *QUICK, "--max-time", "2", "--out", "run"]
    done = selftaught(*command, cwd=tmp_path)
    assert done.returncode == 3 and "the time limit of 2 s is reached" in done.stderr
    assert time.monotonic() - began < 40
    told = json.loads(in_process("show", "run", "--json", cwd=tmp_path).stdout)
    assert (told["status"], told["note"]) == ("stopped", "the time limit of 2 s is reached")


def test_the_time_limit_ends_a_run_whose_model_never_answers(tmp_path: Path) -> None:
    began = time.monotonic()
    with OpenAIServer(improve_anything, seconds=100) as server:
        model = ["--model", "openai/m", "--base-url", server.base_url, "--max-time", "2", "--out", "run"]
        done = selftaught("run", "parity", *QUICK[2:], *model, cwd=tmp_path)
    assert done.returncode == 3 and "selftaught resume run" in done.stderr
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", ["improver.py", "program.py", "script.py"])
def test_a_task_may_be_called_as_another_input_is(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(TASK)
    stopped = in_process("run", name, *QUICK, "--depth", "1", "--max-calls", "3", "--out", "run", cwd=tmp_path)
    assert stopped.returncode == 3
    assert in_process("resume", "run", "--max-calls", "100", cwd=tmp_path).returncode == 0
    again = json.loads(in_process("replay", "run", "--json", cwd=tmp_path).stdout)
    assert again["differences"] == [] and again["served"] == again["responses"]  # nothing was asked for in two places


def test_a_run_that_is_worked_on_is_not_worked_on_twice(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    command = [sys.executable, "-m", "selftaught", "run", "parity", "--improver", "loop.py", *QUICK, "--out", "run"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
        while not (tmp_path / "run" / "run.sqlite").exists():
            time.sleep(0.05)
        done = in_process("resume", "run", cwd=tmp_path)
        assert done.returncode == 1 and "is being worked on by another process" in done.stderr
        assert in_process("show", "run", cwd=tmp_path).returncode == 0  # to look is no harm
        first.send_signal(signal.SIGKILL)
    done = in_process("resume", "run", "--max-time", "1", cwd=tmp_path)
    assert done.returncode == 3  # a lock does not outlive its process


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("finished")
    done = in_process("run", "parity", *QUICK, "--depth", "1", "--out", "runs/one", cwd=where)
    assert done.returncode == 0, done.stderr
    return where


def test_a_run_that_cannot_be_written_to_can_be_shown(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "runs" / "one", tmp_path / "one")
    for path in [*(tmp_path / "one").rglob("*"), tmp_path / "one"]:
        path.chmod(path.stat().st_mode & ~0o222)
    lesser = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 and shutil.which("setpriv") else []
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if lesser and not parent.stat().st_mode & 0o001:
            lesser = []  # nobody cannot come near it: then as ourselves
    for command in (["show", "one"], ["show", "one", "--json"], ["export", "one"]):
        whole = [*lesser, sys.executable, "-m", "selftaught", *command]
        done = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        if "Permission denied" in done.stderr and lesser:  # the interpreter itself is root's alone
            done = subprocess.run(whole[3:], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


def test_the_last_improver_is_of_the_last_run_that_has_one(finished: Path) -> None:
    (finished / "keep.py").write_text(KEEP)
    for _ in range(2):  # the second time the newest run is one of `improve`
        done = in_process("improve", "parity", "--improver", "last", *QUICK[:2], cwd=finished)
        assert done.returncode == 0, done.stderr
    program = in_process("export", "last", cwd=finished)
    assert program.returncode == 0 and "def algorithm" in program.stdout


@pytest.mark.parametrize("where", ["instances", "grade"])
def test_a_task_that_exits_is_the_tasks_error(where: str, tmp_path: Path) -> None:
    statement = "    raise SystemExit(3)\n"
    source = TASK.replace("    yield", f"{statement}    yield") if where == "instances" else TASK + statement
    source = source.replace("    return max(0.0, min(1.0, float(answer)))\n", "") if where == "grade" else source
    (tmp_path / "task.py").write_text(source)
    (tmp_path / "p.py").write_text("def algorithm(x):\n    return 1\n")
    done = in_process("score", "task.py", "p.py", cwd=tmp_path)
    assert "SystemExit" in done.stderr and "Traceback" not in done.stderr
    done = in_process("run", "task.py", *QUICK, "--out", "run", cwd=tmp_path)
    assert done.returncode == 2 and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--max-time", "inf"], "--max-time: wanted"),
        (["--max-time", "nan"], "--max-time: wanted"),
        (["--max-time", "-1"], "--max-time: wanted"),
        (["--model-calls", "99999999999999999999"], "--model-calls: wanted"),
        (["--accept", "foo"], "wanted paper or released or better or significant, got 'foo'"),
        (["--max-connections", "0"], "--max-connections: wanted"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(flags: list[str], said: str, tmp_path: Path) -> None:
    done = in_process("run", "three-sat", *QUICK, *flags, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("flags", [["--max-time", "-1"], ["--max-time", "nan"], ["--max-connections", "0"]])
def test_resume_refuses_what_run_refuses(flags: list[str], finished: Path) -> None:
    assert in_process("resume", "one", *flags, cwd=finished).returncode == 2


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "folder.py"])
def test_what_is_no_file_is_not_read(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder.py").mkdir()
    done = in_process("score", "three-sat", name, cwd=tmp_path)
    assert done.returncode == 2 and "not an ordinary file" in done.stderr


def test_a_tier_that_does_not_work_here_names_those_that_do(tmp_path: Path) -> None:
    if container.find()[0]:
        pytest.skip("a container engine answers here: that tier may work")
    (tmp_path / "p.py").write_text("def algorithm(f):\n    return []\n")
    done = in_process("score", "three-sat", "p.py", "--sandbox", "container", cwd=tmp_path)
    assert done.returncode == 4 and "Here works: --sandbox" in done.stderr


def test_a_full_disk_under_the_output_is_said_so(finished: Path) -> None:
    command = [sys.executable, "-m", "selftaught", "show", "one"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=finished, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and done.stderr.strip() == "selftaught: cannot write the output: no space left"


def test_a_terminal_without_unicode_still_shows_a_run(finished: Path) -> None:
    assert selftaught("show", "one", cwd=finished, timeout=60, PYTHONIOENCODING="ascii").returncode == 0


def test_json_of_a_replay_of_the_last_run_is_one_object(finished: Path) -> None:
    assert json.loads(in_process("replay", "one", "--json", cwd=finished).stdout)["differences"] == []
