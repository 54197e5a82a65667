"""What a candidate costs, one after the other: `python benchmarks/candidates.py`. Prints medians; judges nothing.

A server on this machine answers at once (benchmarks/instant_server.py); a candidate is one response, one program, one
evaluation that computes nothing, and whatever else there is between one question to the server and the next. Taken are

- `selftaught improve`, isolated and durable: every program in a sandbox of its own, every response on the platter
  before the next question;
- OpenEvolve with a population of 50, and with its default of 1,000, whole programs for answers, else as it comes: no
  isolation, and a checkpoint every 100 iterations. It is installed from PyPI into an environment of its own.

Each in turn, `--rounds` times; the ratios are of one round. OpenEvolve's cost grows until its population is full, so
that `--candidates` decides the figure for 1,000.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from instant_server import serving, times_asked
from quick_task import TASK

from models import compiled

HOME = Path(tempfile.gettempdir()) / "selftaught-openevolve"
_WARM = 20
"""Candidates at the start that are not counted: imports, connections, compiled bytecode."""

IMPROVER = """from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, value = initial_solution, utility(initial_solution)
    for _ in range(%d):
        response = language_model.prompt("You are an expert.", "Improve this program:\\n" + best, 1, 0.7)[0]
        program = extract_code(response)
        score = utility(program)
        if score > value:
            best, value = program, score
    return best
"""
EVALUATOR = """import importlib.util, random
def evaluate(path):
    spec = importlib.util.spec_from_file_location("candidate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {"combined_score": float(module.algorithm(random.random()))}
"""
SEED = "# EVOLVE-BLOCK-START\ndef algorithm(x):\n    return 0.25\n# EVOLVE-BLOCK-END\n"
CONFIG = """diff_based_evolution: false
log_level: ERROR
llm:
  primary_model: small
  api_base: %s
  api_key: none
database:
  population_size: %d
"""


def ours(url: str, candidates: int, more: list[str]) -> list[str]:
    """In the current folder."""
    Path("number.py").write_text(TASK)
    Path("asks.py").write_text(IMPROVER % candidates)
    return [
        sys.executable, "-m", "selftaught", "improve", "number.py", "--improver", "asks.py", "--model",
        "openai/small", "--base-url", url, "--model-calls", str(candidates), "--responses", "1", "--utility-calls",
        str(candidates + 1), "--no-probes", "--out", "run", *more,
    ]  # fmt: skip


def openevolve(url: str, candidates: int, population: int) -> list[str]:
    """Installed where it is not, in the current folder."""
    python = HOME / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "openevolve"], check=True)
    Path("seed.py").write_text(SEED)
    Path("evaluator.py").write_text(EVALUATOR)
    Path("config.yaml").write_text(CONFIG % (url, population))
    return [
        str(HOME / "bin" / "openevolve-run"), "seed.py", "evaluator.py", "--config", "config.yaml", "--iterations",
        str(candidates), "--output", "out",
    ]  # fmt: skip


def version_of_openevolve() -> str:
    told = "from importlib.metadata import version; print(version('openevolve'))"
    return subprocess.run([HOME / "bin" / "python", "-c", told], check=True, capture_output=True, text=True).stdout


def milliseconds(command: Callable[[str], list[str]]) -> tuple[float, float]:
    """Of one candidate: from one question to the server to the next, on average; and of CPU, the start's in it."""
    with tempfile.TemporaryDirectory() as folder, serving() as url:
        words = _inside(Path(folder), lambda: command(url))
        before = _cpu_seconds()
        done = subprocess.run(words, cwd=folder, env=compiled(), capture_output=True, text=True)
        computed = _cpu_seconds() - before
        times = times_asked(url)
    if len(times) < 2 * _WARM:
        raise SystemExit(
            f"{words[0]} asked {len(times)} times and ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return 1000 * (times[-1] - times[_WARM]) / (len(times) - 1 - _WARM), 1000 * computed / len(times)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _inside(folder: Path, work: Callable[[], list[str]]) -> list[str]:
    import contextlib

    with contextlib.chdir(folder):
        return work()


def main() -> None:
    """Ours, and OpenEvolve twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without OpenEvolve")
    parser.add_argument("--more", action="append", default=[], metavar="FLAG", help="to selftaught, as --more=--flag")
    given = parser.parse_args()
    count = given.candidates
    rows: dict[str, Callable[[str], list[str]]] = {"selftaught": lambda url: ours(url, count, given.more)}
    if not given.alone:
        rows |= {
            "OpenEvolve, population 50": lambda url: openevolve(url, count, 50),
            "OpenEvolve, population 1000": lambda url: openevolve(url, count, 1000),
        }
    took: dict[str, list[float]] = {name: [] for name in rows}
    computed: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(given.rounds):
        for name, command in rows.items():
            for figures, each in zip((took, computed), milliseconds(command), strict=True):
                figures[name].append(each)
    beside = "" if given.alone else f", OpenEvolve {version_of_openevolve().strip()}"
    print(f"{count} candidates one by one, {given.rounds} rounds; selftaught {version('selftaught')}{beside}")
    for name, times in took.items():
        line = f"{name:<28}{statistics.median(times):7.2f} ms a candidate ({min(times):.2f} to {max(times):.2f})"
        line += f", {statistics.median(computed[name]):.1f} ms of CPU"
        if name != "selftaught":
            ratios = [a / b for a, b in zip(took["selftaught"], times, strict=True)]
            line += f"; selftaught takes {statistics.median(ratios):.2f} times that"
        print(line)


if __name__ == "__main__":
    main()
