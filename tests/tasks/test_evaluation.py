"""Programs that are judged as wholes: evaluate(path), folders in OpenEvolve's format, a function in a repository."""

import ast
import secrets
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import NoSandbox, TaskError, UsageError
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.jail import Jail
from selftaught.tasks.contract import template
from selftaught.tasks.evaluation import changed_outside
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import TaskSpec


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with open_sandbox("bubblewrap", 1) as opened:
        yield opened


def scored(jail: Jail, spec: TaskSpec, program: str | None = None, *, paid: bool = True) -> Score:
    return Judge(spec, jail, "val", 1, paid=paid)(spec.seed if program is None else Program(program))


def task(folder: Path, body: str, seed: str = "7", more: str = "") -> TaskSpec:
    file = folder / "whole.py"
    file.write_text(f'"""A number."""\n{more}\nSEED = {seed!r}\ndef evaluate(path):\n{body}\n')
    return load_task(str(file))


def test_the_templates_run_as_they_are_and_a_better_program_scores_more(jail: Jail, tmp_path: Path) -> None:
    better = {"program": 'print(*range(1, 101), sep="\\n")', "text": r"(19|20)\d\d-(0[1-9]|1[0-2])-([0-2][1-9]|3[01])"}
    for kind, program in better.items():
        (tmp_path / f"{kind}.py").write_text(template(kind))
        spec = load_task(str(tmp_path / f"{kind}.py"))
        seed, more = scored(jail, spec), scored(jail, spec, program)
        assert (seed.verdict, more.verdict) == (Verdict.OK, Verdict.OK)
        assert more.value > seed.value


def test_an_evaluator_may_write_and_start_processes_and_sees_nothing_else(jail: Jail, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    body = f"""\
    import os, socket, subprocess, sys
    open("scratch", "w").write("x")
    said = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout
    reached = []
    for name in ("{tmp_path}/secret", "/etc/shadow", "/root/.bashrc"):
        reached += [name] if os.path.exists(name) else []
    try:
        socket.create_connection(("127.0.0.1", 22), 1)
        reached.append("network")
    except OSError:
        pass
    try:
        open(path + "/../../etc/new", "w")
        reached.append("written outside")
    except OSError:
        pass
    reached += [name for name in os.environ if "KEY" in name or "TOKEN" in name]
    return {{"score": float(said), "reached": ",".join(reached)}}"""
    score = scored(jail, task(tmp_path, body))
    assert score.value == 1.0
    assert score.feedback.endswith("\nreached:")


@pytest.mark.parametrize(
    ("body", "verdict", "note"),
    [
        ("    raise KeyError('gone')", Verdict.CRASHED, "KeyError: 'gone' (selftaught_task.py, line 5)"),
        (
            "    return None",
            Verdict.CRASHED,
            "1 of 1 crashed: TypeError: evaluate gave None; wanted a finite number, or a dict with one as score",
        ),
        ("    return float('nan')", Verdict.CRASHED, "evaluate gave nan"),
        ("    return 'good'", Verdict.CRASHED, "evaluate gave 'good'"),
        ("    return {'words': 'x'}", Verdict.CRASHED, "evaluate gave {'words': 'x'}"),
        ("    import os; os._exit(3)", Verdict.CRASHED, "the evaluation ended with exit code 3"),
        ("    import os; os.kill(os.getpid(), 9)", Verdict.CRASHED, "the evaluation died of signal 9"),
        ("    import time; time.sleep(60)", Verdict.TIMED_OUT, "took more than 1 s"),
        ("    while True: pass", Verdict.TIMED_OUT, ""),
        ("    x = bytearray(8 << 30)", Verdict.CRASHED, ""),
    ],
)
def test_what_an_evaluator_fails_at_is_a_verdict(
    jail: Jail, tmp_path: Path, body: str, verdict: Verdict, note: str
) -> None:
    seconds = 1.0 if verdict is Verdict.TIMED_OUT else 60.0
    score = scored(jail, task(tmp_path, body, more=f"WALL_SECONDS = {seconds}"))
    assert (score.value, score.verdict) == (0.0, verdict)
    assert note in score.note
    assert score.note.count(note or score.note) == 1
    assert "workshop.py" not in score.note


def test_a_flood_of_output_is_cut_and_its_end_is_told(jail: Jail, tmp_path: Path) -> None:
    body = "    for _ in range(100):\n        print('x' * 1_000_000)\n    print('the end')\n    return 0.5"
    score = scored(jail, task(tmp_path, body))
    assert score.value == 0.5
    assert "the end" in score.feedback


def test_what_an_evaluator_leaves_running_ends_with_it(jail: Jail, tmp_path: Path) -> None:
    length = str(10_000_000 + secrets.randbelow(1_000_000))
    body = f"    import subprocess\n    subprocess.Popen(['sleep', '{length}'], start_new_session=True)\n    return 1"
    assert scored(jail, task(tmp_path, body)).value == 1.0
    for _ in range(100):  # the kernel ends them a moment after
        running = subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout
        if f"sleep {length}" not in running:
            return
        time.sleep(0.1)
    pytest.fail("it still runs")


def test_a_forked_process_that_stays_delays_no_result_and_their_number_is_bounded(jail: Jail, tmp_path: Path) -> None:
    body = """\
    import os, time
    count = 0
    try:
        while count < 1000:
            if os.fork() == 0:
                time.sleep(600)
            count += 1
    except OSError:
        pass
    return {"score": 1, "count": count}"""
    score = scored(jail, task(tmp_path, body))
    assert (score.value, score.verdict) == (1.0, Verdict.OK)
    assert score.numbers["count"] < 200


def test_another_language(jail: Jail, tmp_path: Path) -> None:
    body = """\
    import subprocess
    subprocess.run(["gcc", "-o", "built", path], check=True)
    return float(subprocess.run(["./built"], capture_output=True, text=True).stdout)"""
    seed = '#include <stdio.h>\nint main(void) { puts("0.25"); }\n'
    assert scored(jail, task(tmp_path, body, seed, 'SUFFIX = ".c"')).value == 0.25


def test_a_sandbox_that_bounds_no_processes_refuses(tmp_path: Path) -> None:
    spec = task(tmp_path, "    return 1")
    with open_sandbox("landlock", 1) as jail, pytest.raises(NoSandbox, match="install bubblewrap"):
        scored(jail, spec)


# ------------------------------------------------------------------------------------------------------- markers

MARKED = "import a\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\nrun()\n"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (MARKED.replace("x = 1", "x = 2\ny = 3"), ""),
        (MARKED.replace("run()", "run()  "), ""),
        (MARKED.replace("import a", "import b"), "line 1 outside"),
        (MARKED + "more()\n", "were added or left out"),
        ("x = 2\n", "line 1 outside"),
    ],
)
def test_only_what_is_between_the_markers_changes(program: str, told: str) -> None:
    assert (told in changed_outside(MARKED, program)) if told else changed_outside(MARKED, program) == ""


@pytest.mark.parametrize("seed", ["# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-END\n# EVOLVE-BLOCK-START\n",
                                  "# EVOLVE-BLOCK-START\n" * 2 + "# EVOLVE-BLOCK-END\n" * 2])  # fmt: skip
def test_markers_that_do_not_pair_are_named(tmp_path: Path, seed: str) -> None:
    with pytest.raises(UsageError, match="do not pair"):
        task(tmp_path, "    return 1", seed)


def test_a_seed_that_no_improver_could_hand_over_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its SEED has 1,000,003 characters; a program may have 1,000,000"):
        task(tmp_path, "    return 1", "# " + "x" * 1_000_000 + "\n")


# ---------------------------------------------------------------------------------------------- folders of OpenEvolve

LOAD = """\
import importlib.util
def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""
PLAIN = LOAD + "def evaluate(path):\n    return {'combined_score': load(path).f(), 'other': 2}\n"
RESULT = LOAD + (
    "from openevolve.evaluation_result import EvaluationResult\ndef evaluate(path):\n"
    "    return EvaluationResult(metrics={'combined_score': load(path).f()}, artifacts={'hint': 'go higher'})\n"
)
CASCADE = LOAD + (
    "def evaluate_stage1(path):\n    return {'combined_score': load(path).f()}\n"
    "def evaluate_stage2(path):\n    return {'combined_score': 10.0}\ndef evaluate(path):\n    return {'score': -1}\n"
)
SIBLING = LOAD + "from beside import twice\ndef evaluate(path):\n    return {'a': twice(load(path).f()), 'b': 0}\n"
PROCESS = "import subprocess, sys\ndef evaluate(path):\n" + (
    "    code = f'exec(open({path!r}).read()); print(f())'\n"
    "    return {'score': float(subprocess.run([sys.executable, '-c', code], capture_output=True, timeout=5).stdout)}\n"
)


def folder(at: Path, evaluator: str, config: str = "", program: str = "def f():\n    return 0.75\n") -> TaskSpec:
    at.mkdir(exist_ok=True)
    (at / "initial_program.py").write_text(program)
    (at / "evaluator.py").write_text(evaluator)
    (at / "beside.py").write_text("def twice(x):\n    return 2 * x\n")
    if config:
        (at / "config.yaml").write_text(config)
    return load_task(str(at))


@pytest.mark.parametrize(
    ("evaluator", "raw"), [(PLAIN, 0.75), (RESULT, 0.75), (CASCADE, 10.0), (SIBLING, 0.75), (PROCESS, 0.75)]
)
def test_a_folder_is_scored_as_its_evaluator_does(jail: Jail, tmp_path: Path, evaluator: str, raw: float) -> None:
    assert scored(jail, folder(tmp_path / "mine", evaluator)).raw == raw


def test_artifacts_are_told_to_improvers(jail: Jail, tmp_path: Path) -> None:
    assert "hint: go higher" in scored(jail, folder(tmp_path / "mine", RESULT)).feedback


def test_a_stage_below_its_threshold_is_the_last(jail: Jail, tmp_path: Path) -> None:
    spec = folder(tmp_path / "mine", CASCADE, "evaluator:\n  cascade_thresholds: [0.8]\n")
    score = scored(jail, spec)
    assert score.raw == 0.75
    assert "the next stage wants 0.8" in score.feedback


def test_a_config_is_taken_as_far_as_it_applies_and_the_rest_is_named(tmp_path: Path) -> None:
    config = "max_iterations: 9\nprompt:\n  system_message: Be bold.\nevaluator:\n  timeout: 7\n  unknown: 1\n"
    spec = folder(tmp_path / "mine", PLAIN, config)
    assert spec.about == "Be bold."
    assert spec.evaluation is not None
    assert spec.evaluation.wall_seconds == 7.0
    (note,) = spec.notes
    assert note.endswith("have no effect here: evaluator.unknown, max_iterations")


def test_a_folder_that_is_none_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wanted initial_program.py and evaluator.py"):
        load_task(str(tmp_path))


# ------------------------------------------------------------------------------------------ a function in a repository

MODULE = '''"""A module."""


class C:
    @staticmethod
    def f(n):
        return n * n


x = 1
'''
CHECK = 'python -c "from pkg.mod import C; assert C.f(7) == 49"'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "pkg" / "mod.py").write_text(MODULE)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_function_is_scored_by_the_speed_up_of_its_check(jail: Jail, repository: Path) -> None:
    spec = load_task("src/pkg/mod.py::C.f", check=CHECK)
    same = scored(jail, spec)
    assert (same.verdict, len(same.raw_grades)) == (Verdict.OK, 3)
    assert same.raw_error is not None
    wrong = scored(jail, spec, "@staticmethod\ndef f(n):\n    return 0\n")
    assert (wrong.value, wrong.verdict) == (0.0, Verdict.CRASHED)
    assert "the check failed with exit code 1" in wrong.note


def test_a_model_is_shown_the_docstring_the_signature_and_the_calls(repository: Path) -> None:
    documented = MODULE.replace("def f(n):", 'def f(n: int = 3) -> int:\n        """Its square."""')
    (repository / "src" / "pkg" / "mod.py").write_text(documented)
    (repository / "src" / "pkg" / "use.py").write_text("from pkg.mod import C\n\nprint(C.f(7), half(2))\n" * 20)
    (repository / "odd.py").write_bytes(b"C.f(\xff)\n")
    subprocess.run(["git", "add", "."], check=True)
    about = load_task("src/pkg/mod.py::C.f", check=CHECK).about
    assert "Make def f(n: int=3) of src/pkg/mod.py faster" in about
    assert "Its docstring: Its square." in about
    assert about.count("print(C.f(7), half(2))") == 11  # twelve lines, of which the first is the other file's
    assert "src/pkg/use.py:3: print(C.f(7), half(2))" in about
    assert "mod.py:" not in about.partition("Where it is called:")[2]


def test_a_repository_that_is_too_large_to_copy_is_named(repository: Path) -> None:
    for number in range(10_000):
        (repository / f"{number}.txt").touch()
    subprocess.run(["git", "add", "."], check=True)
    with pytest.raises(UsageError, match="git tracks 10,001 files in .*at most 10,000"):
        load_task("src/pkg/mod.py::C.f", check=CHECK)


def test_a_function_may_have_a_score_of_its_own(jail: Jail, repository: Path) -> None:
    spec = load_task("src/pkg/mod.py::C.f", check=CHECK, score='python -c "import pkg.mod; print(pkg.mod.C.f(3))"')
    assert scored(jail, spec).raw == 9.0


def test_a_check_that_fails_before_any_change_costs_nothing(jail: Jail, repository: Path) -> None:
    spec = load_task("src/pkg/mod.py::C.f", check="echo so it is >&2; exit 3")
    with pytest.raises(TaskError, match="failed with exit code 3, before any change: so it is"):
        scored(jail, spec, paid=False)


@pytest.mark.parametrize("text", [MODULE, MODULE.replace("\n", "\r\n"), MODULE.replace("    ", "\t")])
def test_the_result_is_a_patch_that_applies(repository: Path, text: str) -> None:
    (repository / "src/pkg/mod.py").write_bytes(text.encode())
    spec = load_task("src/pkg/mod.py::C.f", check=CHECK)
    assert spec.evaluation is not None
    patch = spec.evaluation.patch("@staticmethod\ndef f(n):\n    return n**2\n", spec.seed.source)
    (repository / "p.patch").write_bytes(patch.encode())
    subprocess.run(["git", "apply", "p.patch"], check=True)
    assert b"return n**2" in (repository / "src/pkg/mod.py").read_bytes()
    assert spec.evaluation.patch(spec.seed.source, spec.seed.source) == ""


@pytest.mark.parametrize(
    ("name", "check", "told"),
    [
        ("src/pkg/mod.py::C.g", "true", "has no function C.g; it defines f"),
        ("src/pkg/none.py::f", "true", "there is no file"),
        ("src/pkg/mod.py::C.f", None, "needs a check"),
        ("src/pkg/new.py::f", "true", "is not tracked by git"),
        ("src/pkg/odd.py::f", "true", "is not UTF-8 text"),
        ("/proc/self/status::f", "true", "is not in a git repository"),
    ],
)
def test_what_cannot_be_improved_is_named(repository: Path, name: str, check: str | None, told: str) -> None:
    (repository / "src/pkg/new.py").write_text("def f(): ...\n")
    (repository / "src/pkg/odd.py").write_bytes(b"# \xff\n")
    with pytest.raises(UsageError, match=told):
        load_task(name, check=check)


@pytest.mark.parametrize("name", ["workshop.py", "lock.py"])
def test_an_older_python_of_a_repository_reads_what_runs_there(name: str) -> None:
    """Nothing newer than Python 3.9 in its syntax, and no annotation that is evaluated."""
    source = (files("selftaught.guest") / name).read_text(encoding="utf-8")
    assert "from __future__ import annotations" in source
    ast.parse(source, feature_version=(3, 9))
