"""Feedback and salvage as a user meets them: through the command, the record, a replay and another run's recording."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from cli.support import selftaught

SORTING = '''"""Sort a list of integers, ascending. Write algorithm(numbers), which returns the sorted list."""
SEED = "def algorithm(numbers):\\n    return numbers\\n"
CPU_SECONDS = 0.2
def instances(rng, split):
    for _ in range(5):
        yield ([rng.randint(0, 99) for _ in range(rng.randint(2, 30))],), None
def grade(instance, answer):
    (numbers,), _ = instance
    return float(answer == sorted(numbers))
'''
SORTED = "def algorithm(numbers):\n    return sorted(numbers)\n"
TIMED = """\
import time

def algorithm(numbers):
    end = time.process_time() + 0.15 * (time.time_ns() // 1000 % 8) / 8  # no two runs take equally long
    while time.process_time() < end:
        pass
    return numbers
"""
SHOWS_FEEDBACK = """\
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    best, top = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        message = f"Improve:\\n{best}\\nIt was scored: {utility.feedback(best)}"
        for response in language_model.prompt("You are an expert.", message, n_responses=2):
            code = extract_code(response)
            if code and utility(code) >= top:
                best, top = code, utility(code)
    return best
"""
BUDGETS = ["--model-calls", "2", "--responses", "2", "--utility-calls", "9", "--no-probes"]


def fenced(code: str) -> str:
    return f"```python\n{code}```\n"


def prepared(folder: Path, improver: str, *responses: str) -> list[str]:
    (folder / "sorting.py").write_text(SORTING)
    (folder / "improver.py").write_text(improver)
    rules = [{"contains": [], "responses": responses, "order": "cycle"}]
    (folder / "script.json").write_text(json.dumps({"rules": rules}))
    return ["improve", "sorting.py", "--improver", "improver.py", "--seed", "7", *BUDGETS]


SCRIPTED = ["--model", "scripted", "--script", "script.json"]


def records(run: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{run}/run.sqlite?mode=ro", uri=True) as store:
        return [json.loads(body) for (body,) in store.execute("SELECT body FROM records ORDER BY seq")]


def test_a_run_whose_prompts_hold_times_is_repeated_and_answered_from_its_recording(tmp_path: Path) -> None:
    command = prepared(tmp_path, SHOWS_FEEDBACK, fenced(TIMED), fenced(TIMED + "# again\n"))
    done = selftaught(*command, *SCRIPTED, "--out", "first", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    scored = [r for r in records(tmp_path / "first") if r["kind"] == "scored" and r["utility"].endswith("/val")]
    assert all(record["feedback"] and len(record["grades"]) == 5 for record in scored)
    again = selftaught("replay", "first", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["differences"] == [], again.stdout
    assert selftaught("export", "first", "--what", "recording", "--out", "one.recording", cwd=tmp_path).returncode == 0
    other = selftaught(*command, "--model", "replay:one.recording", "--out", "other", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    assert (tmp_path / "other/improved.py").read_text() == (tmp_path / "first/improved.py").read_text()
