"""Ten folders in OpenEvolve's format, written after its public description: each is scored, or fails in plain words."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task

LOAD = """
import importlib.util

def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program
"""


class Folder(NamedTuple):
    """Its files; a better program; and of the seed: how it ends, its number, what is told of it."""

    files: Mapping[str, str]
    better: str
    raw: float | None
    verdict: Verdict = Verdict.OK
    told: str = ""


MINIMIZATION = '''"""A search for the least value."""
import random
# EVOLVE-BLOCK-START
def search(tries=50):
    return min((random.uniform(-3, 3) for _ in range(tries)), key=value)
# EVOLVE-BLOCK-END

def value(x):
    return (x - 1) ** 2

def run_search():
    random.seed(5)
    x = search()
    return x, value(x)
'''
TRIALS = """
import concurrent.futures
import numpy as np

def with_timeout(function, seconds):
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        try:
            return pool.submit(function).result(timeout=seconds)
        except concurrent.futures.TimeoutError:
            raise TimeoutError("too slow")

def evaluate(program_path):
    try:
        program = load(program_path)
        values = [with_timeout(program.run_search, 5)[1] for _ in range(3)]
        return {"value_score": np.float64(1 / (1 + np.mean(values))), "reliability": True,
                "combined_score": np.float32(1.0) if np.mean(values) < 1e-6 else 0.5}
    except Exception as error:
        print("failed:", error)
        return {"value_score": 0.0, "combined_score": 0.0, "error": str(error)}
"""
STAGES = """
def evaluate_stage1(path):
    answer = load(path).solve(3)
    return {"runs": 1.0, "right": float(answer == 9), "error": "" if answer == 9 else f"3 gave {answer}"}

def evaluate_stage2(path):
    return evaluate(path)

def evaluate(path):
    program = load(path)
    return {"combined_score": sum(program.solve(n) == n * n for n in range(10)) / 10}
"""
RESULT = """
import numpy as np
from openevolve.evaluation_result import EvaluationResult

def evaluate(path):
    places = np.array(load(path).places())
    lost = np.nonzero(places < 0)[0]
    return EvaluationResult(
        metrics={"combined_score": float((places >= 0).mean()), "count": int(len(places))},
        artifacts={"lost": f"places {lost.tolist()} are below 0", "raw": b"bytes, too"},
    )
"""
BESIDE = """
import json, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scoring.rules import right

def evaluate(path):
    with open(os.path.join(os.path.dirname(__file__), "cases.json")) as file:
        cases = json.load(file)
    return {"score": right(load(path).double, cases)}
"""
SCIPY = """
from scipy.spatial.distance import pdist

def evaluate(path):
    points = load(path).points()
    return {"least_distance": float(pdist(points).min()), "combined_score": float(pdist(points).min())}
"""
PROCESS = """
import os, pickle, subprocess, sys, tempfile

def run(path, seconds):
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(f'''
import pickle, runpy, traceback
try:
    told = {{"radii": runpy.run_path({path!r})["pack"]()}}
except Exception as error:
    traceback.print_exc()
    told = {{"error": str(error)}}
with open({file.name!r} + ".results", "wb") as out:
    pickle.dump(told, out)
''')
    process = subprocess.Popen([sys.executable, file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise TimeoutError(f"more than {seconds} s")
    print(out.decode(), err.decode())
    with open(file.name + ".results", "rb") as results:
        told = pickle.load(results)
    os.unlink(file.name)
    if "error" in told:
        raise RuntimeError(told["error"])
    return told["radii"]

def evaluate(path):
    try:
        radii = run(path, SECONDS)
        return {"sum_radii": float(radii.sum()), "combined_score": float(radii.sum()) / 2}
    except Exception as error:
        return {"sum_radii": 0.0, "combined_score": 0.0, "error": f"{type(error).__name__}: {error}"}
"""
PACK = "import numpy as np\n\ndef pack():\n    return np.full(4, 0.25)\n"
PATTERN = """
import json

def evaluate(path):
    with open(path, encoding="utf-8") as file:
        try:
            settings = json.load(file)
        except ValueError as error:
            return {"combined_score": 0.0, "error": f"no JSON: {error}"}
    return {"combined_score": settings["depth"] / 10}
"""
FOLDERS = {
    "plain": Folder(
        {"evaluator.py": LOAD + TRIALS, "initial_program.py": MINIMIZATION},
        MINIMIZATION.replace("min((random.uniform(-3, 3) for _ in range(tries)), key=value)", "1.0"),
        0.5, told="value_score",
    ),
    "cascade": Folder(
        {"evaluator.py": LOAD + STAGES, "initial_program.py": "def solve(n):\n    return n + n\n",
         "config.yaml": "seed: 9\nevaluator:\n  cascade_evaluation: true\n  cascade_thresholds: [0.75, 0.9]\n"},
        "def solve(n):\n    return n * n\n", 0.5, told="evaluate_stage1 gave 0.5; the next stage wants 0.75",
    ),
    "result": Folder(
        {"evaluator.py": LOAD + RESULT, "initial_program.py": "def places():\n    return [1, -1, 2, -2]\n"},
        "def places():\n    return [1, 1]\n", 0.5, told="lost: places [1, 3] are below 0",
    ),
    "sibling": Folder(
        {"evaluator.py": LOAD + BESIDE, "initial_program.py": "def double(x):\n    return x + 1\n",
         "scoring/__init__.py": "", "cases.json": "[[1, 2], [2, 4]]",
         "scoring/rules.py": "def right(f, cases):\n    return sum(f(x) == y for x, y in cases) / len(cases)\n"},
        "def double(x):\n    return 2 * x\n", 0.5,
    ),
    "scipy": Folder(
        {"evaluator.py": LOAD + SCIPY,
         "initial_program.py": "from scipy.optimize import minimize\n\ndef points():\n"
                               "    x = minimize(lambda v: (v[0] - 3) ** 2, [0.0]).x[0]\n"
                               "    return [[0, 0], [round(x), 0], [0, 4]]\n"},
        "def points():\n    return [[0, 0], [9, 0]]\n", 3.0,
    ),
    "process": Folder(
        {"evaluator.py": PROCESS.replace("SECONDS", "60"), "initial_program.py": PACK},
        PACK.replace("0.25", "0.5"), 0.5,
    ),
    "crashing": Folder(
        {"evaluator.py": LOAD + "def evaluate(path):\n    return {'score': load(path).f()}\n",
         "initial_program.py": "def f():\n    return {}['gone']\n"},
        "def f():\n    return 1\n", None, Verdict.CRASHED, "KeyError: 'gone'",
    ),
    "hanging": Folder(
        {"evaluator.py": LOAD + "def evaluate(path):\n    return {'score': load(path).f()}\n",
         "initial_program.py": "def f():\n    while True:\n        pass\n",
         "config.yaml": "evaluator:\n  timeout: 8\n"},
        "def f():\n    return 1\n", None, Verdict.TIMED_OUT, "took more than 8 s",
    ),
    "printing": Folder(
        {"evaluator.py": LOAD + "def evaluate(path):\n    return {'score': load(path).f()}\n",
         "initial_program.py": "import sys\ndef f():\n    for _ in range(20):\n        print('x' * 1_000_000)\n"
                               "        sys.stderr.write('y' * 1_000_000)\n    print('the end')\n    return 0\n"},
        "def f():\n    return 1\n", 0.0, told="the end",
    ),
    "text": Folder(
        {"evaluator.py": PATTERN, "initial_program.json": '{"depth": 3, "naïve": "→"}\n',
         "config.yaml": "language: json\nfile_suffix: .json\nprompt:\n  system_message: Make it deeper.\n"},
        '{"depth": 7}\n', 0.3,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with open_sandbox("bubblewrap", 1) as opened:
        yield opened


def scored(jail: Jail, folder: Path, program: str | None = None) -> Score:
    spec = load_task(str(folder))
    return Judge(spec, jail, "val", 1, paid=True)(spec.seed if program is None else Program(program))


def written(files: Mapping[str, str], folder: Path) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_scored_or_fails_in_words_and_a_better_program_is_seen(
    jail: Jail, tmp_path: Path, name: str
) -> None:
    folder = FOLDERS[name]
    place = written(folder.files, tmp_path / name)
    seed, better = scored(jail, place), scored(jail, place, folder.better)
    assert (seed.verdict, seed.raw) == (folder.verdict, folder.raw), seed.note
    assert folder.told in seed.feedback + seed.note
    assert better.verdict is Verdict.OK, better.note
    assert better.value > seed.value


def test_a_subprocess_that_is_too_slow_is_the_evaluators_own_affair(jail: Jail, tmp_path: Path) -> None:
    slow = PACK.replace("    return", "    import time\n    time.sleep(600)\n    return")
    place = written({"evaluator.py": PROCESS.replace("SECONDS", "1"), "initial_program.py": slow}, tmp_path / "slow")
    score = scored(jail, place)
    assert (score.raw, score.verdict) == (0.0, Verdict.OK)
    assert "error: TimeoutError: more than 1 s" in score.feedback


def test_a_program_that_is_not_of_its_kind_is_what_the_evaluator_says(jail: Jail, tmp_path: Path) -> None:
    place = written(FOLDERS["text"].files, tmp_path / "text")
    score = scored(jail, place, "no JSON")
    assert (score.raw, score.verdict) == (0.0, Verdict.OK)
    assert "error: no JSON: Expecting value" in score.feedback
    assert load_task(str(place)).about == "Make it deeper."
