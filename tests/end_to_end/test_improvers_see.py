"""Feedback and salvage as a user meets them: through the command, the record, a replay and another run's recording."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.support import in_process
from selftaught.core.contracts import Program
from selftaught.report.candidates import candidates
from selftaught.runs.records import prompt_parts
from selftaught.runs.store import Store

SORTING = '''"""Sort a list of integers, ascending. Write algorithm(numbers), which returns the sorted list."""
SEED = "def algorithm(numbers):\\n    return numbers\\n"
CPU_SECONDS = 0.06
def instances(rng, split):
    for _ in range(8):
        yield ([rng.randint(0, 99) for _ in range(rng.randint(2, 30))],), None
def grade(instance, answer):
    (numbers,), _ = instance
    return float(answer == sorted(numbers))
'''
SORTED = "def algorithm(numbers):\n    return sorted(numbers)\n"
TIMED = """\
import time

def algorithm(numbers):
    end = time.process_time() + 0.05 * (time.time_ns() // 1000 % 8) / 8  # no two runs take equally long
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
    return ["improve", "sorting.py", "--improver", "improver.py", "--seed", "7:00000001", *BUDGETS]


SCRIPTED = ["--model", "scripted", "--script", "script.json"]


def records(run: Path) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{run}/run.sqlite?mode=ro", uri=True) as store:
        return [json.loads(body) for (body,) in store.execute("SELECT body FROM records ORDER BY seq")]


def test_a_run_whose_prompts_hold_times_is_repeated_and_answered_from_its_recording(tmp_path: Path) -> None:
    command = prepared(tmp_path, SHOWS_FEEDBACK, fenced(TIMED), fenced(TIMED + "# again\n"))
    done = in_process(*command, *SCRIPTED, "--out", "first", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    scored = [r for r in records(tmp_path / "first") if r["kind"] == "scored" and r["utility"].endswith("/val")]
    assert all(record["feedback"] and len(record["grades"]) == 8 for record in scored)
    again = in_process("replay", "first", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["differences"] == [], again.stdout
    assert in_process("export", "first", "--what", "recording", "--out", "one.recording", cwd=tmp_path).returncode == 0
    other = in_process(*command, "--model", "replay:one.recording", "--out", "other", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    assert (tmp_path / "other/improved.py").read_text() == (tmp_path / "first/improved.py").read_text()


GREEDY = """\
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    best, score = initial_solution, utility(initial_solution)
    for step in range(ROUNDS):
        for text in language_model.prompt("X", "Improve:\\n" + best + utility.str, n_responses=2):
            code = extract_code(text)
            if code and (new := utility(code)) > score:
                best, score = code, new
    return RETURNED
"""


@pytest.mark.parametrize(
    ("rounds", "returned", "said"),
    [("9", "best", "BudgetExceeded"), ("1", "(score, best)", "returned a list"), ("1", "1 / 0", "ZeroDivisionError")],
)
def test_what_an_improver_had_found_when_it_failed_is_handed_over(
    rounds: str, returned: str, said: str, tmp_path: Path
) -> None:
    improver = GREEDY.replace("ROUNDS", rounds).replace("RETURNED", returned)
    done = in_process(*prepared(tmp_path, improver, fenced(SORTED)), *SCRIPTED, "--out", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r/improved.py").read_text() == SORTED
    assert said in done.stdout and "The result is the best program that it scored." in done.stdout
    told = json.loads(in_process("show", "r", "--json", cwd=tmp_path).stdout)["improvement"]
    assert (told["source"], told["after"]["sorting/val"]) == ("scored", 1.0)
    assert in_process("replay", "r", cwd=tmp_path).returncode == 0


def test_responses_that_were_bought_and_never_scored_are_scored_in_the_end(tmp_path: Path) -> None:
    forgetful = """\
def improve_algorithm(initial_solution, utility, language_model):
    language_model.prompt("X", "Improve this: " + initial_solution, n_responses=2)
    return initial_solution
"""
    command = prepared(tmp_path, forgetful, "no idea", fenced(SORTED))
    done = in_process(*command, *SCRIPTED, "--out", "r", cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "r/improved.py").read_text() == SORTED
    assert "The result is a program from a response that it did not score." in done.stdout


def test_no_more_of_them_than_the_budget_of_scores_has_left(tmp_path: Path) -> None:
    spender = """\
def improve_algorithm(initial_solution, utility, language_model):
    language_model.prompt("X", "Improve this: " + initial_solution, n_responses=2)
    utility.batch([initial_solution] * utility.budget)
    return initial_solution
"""
    command = prepared(tmp_path, spender, fenced(SORTED))
    done = in_process(*command, *SCRIPTED, "--out", "r", cwd=tmp_path)
    assert done.returncode == 0 and "sorted" not in (tmp_path / "r/improved.py").read_text()


def test_a_finished_improve_goes_on_with_more_budget(tmp_path: Path) -> None:
    once = GREEDY.replace("ROUNDS", "1").replace("RETURNED", "best")
    poor = "def algorithm(numbers):\n    return sorted(numbers) if len(numbers) < 15 else numbers\n"
    command = prepared(tmp_path, once, "nothing", fenced(poor), fenced(SORTED))
    (tmp_path / "script.json").write_text(
        json.dumps({"rules": [{"contains": ["< 15"], "responses": [fenced(SORTED)]},
                              {"contains": [], "responses": [fenced(poor)]}]})
    )  # fmt: skip
    assert in_process(*command, *SCRIPTED, "--out", "r", cwd=tmp_path).returncode == 0
    assert "< 15" in (tmp_path / "r/improved.py").read_text()
    refused = in_process("resume", "r", "--model-calls", "1", cwd=tmp_path)
    assert refused.returncode == 2 and "model_calls: wanted at least the 2 that the run has, got 1" in refused.stderr
    done = in_process("resume", "r", "--model-calls", "4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r/improved.py").read_text() == SORTED
    applied = [r for r in records(tmp_path / "r") if r["kind"] == "applied"]
    assert [record["model_calls"] for record in applied] == [1, 1]
    before = len(records(tmp_path / "r"))
    assert in_process("resume", "r", cwd=tmp_path).returncode == 0  # nothing is left to do: two records of the start
    assert len(records(tmp_path / "r")) == before + 2
    replayed = in_process("replay", "r", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout


def test_a_finished_run_is_made_deeper(tmp_path: Path) -> None:
    prepared(tmp_path, SHOWS_FEEDBACK, "nothing")
    run = ["run", "sorting.py", "--model", "mutate", "--depth", "1", "--repeats", "1", "--seed", "3", "--out", "r"]
    done = in_process(
        *run, "--model-calls", "1", "--responses", "2", "--utility-calls", "3", "--no-probes", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    first = records(tmp_path / "r")
    deeper = in_process("resume", "r", "--depth", "2", "--json", cwd=tmp_path)
    assert deeper.returncode == 0, deeper.stderr
    told = json.loads(deeper.stdout)
    assert [step["t"] for step in told["steps"]] == [0, 1, 2] and told["config"]["depth"] == 2
    assert records(tmp_path / "r")[: len(first)] == first
    assert json.loads(in_process("show", "r", "--json", cwd=tmp_path).stdout)["config"]["depth"] == 2
    for flags, said in ((["--depth", "1"], "wanted at least the 2"), (["--model-calls", "9"], "cannot be changed")):
        refused = in_process("resume", "r", *flags, cwd=tmp_path)
        assert refused.returncode == 2 and said in refused.stderr, refused.stderr
    assert in_process("replay", "r", cwd=tmp_path).returncode == 0


def test_every_candidate_is_on_record_with_parent_round_prompt_and_response(tmp_path: Path) -> None:
    poor = "def algorithm(numbers):\n    return sorted(numbers) if len(numbers) < 15 else numbers\n"
    improver = GREEDY.replace("ROUNDS", "2").replace("RETURNED", "best")
    command = prepared(tmp_path, improver)
    rules = [{"contains": ["< 15"], "responses": [fenced(SORTED)]}, {"contains": [], "responses": [fenced(poor)]}]
    (tmp_path / "script.json").write_text(json.dumps({"rules": rules}))
    assert in_process(*command, *SCRIPTED, "--out", "r", cwd=tmp_path).returncode == 0
    store = Store.open(tmp_path / "r/run.sqlite", writable=False)
    found = candidates(store)
    seed, half, whole = (
        Program(source).id for source in ("def algorithm(numbers):\n    return numbers\n", poor, SORTED)
    )
    assert [(c.program, c.round, c.parent, c.times, c.made) for c in found] == [
        (seed, 0, "", 1, False), (half, 1, seed, 2, False), (whole, 2, half, 2, True),
    ]  # fmt: skip
    assert [store.text(c.response) for c in found[1:]] == [fenced(poor), fenced(SORTED)]
    assert all(poor in prompt_parts(store.text(c.prompt))[1] for c in found[2:])
    assert all(store.text(c.feedback).startswith(f"score {c.value:.4f}") and len(c.grades) == 8 for c in found)
    store.close()


def test_a_proposal_waits_for_a_person_and_the_answer_is_repeated(tmp_path: Path) -> None:
    better = "def improve_algorithm(initial_solution, utility, language_model):\n    return SORTED\n"
    proposal = better.replace("SORTED", repr(SORTED))
    prepared(tmp_path, "def improve_algorithm(s, u, l):\n    return l.prompt('X', 'better: ' + s)[0]\n", proposal)
    command = ["run", "sorting.py", "--improver", "improver.py", *SCRIPTED, "--depth", "1", "--repeats", "2", *BUDGETS]
    (tmp_path / "answer.json").write_text(json.dumps({"approved": False, "note": "not today"}))

    def answer() -> None:
        while not (tmp_path / "r/approval/t1.json").is_file():
            if over.wait(0.05):
                return
        (tmp_path / "answer.json").replace(tmp_path / "r/approval/t1.answer.json")

    over = threading.Event()
    person = threading.Thread(target=answer)
    person.start()
    done = in_process(*command, "--approve", "--out", "r", cwd=tmp_path)
    over.set()
    person.join()
    assert done.returncode == 0 and "waiting for approval" in done.stderr, done.stderr
    question = json.loads((tmp_path / "r/approval/t1.json").read_text())
    assert (question["proposed_val"], any("sorted(numbers)" in line for line in question["diff"])) == (1.0, True)
    told = [r for r in records(tmp_path / "r") if r["kind"] in ("approved", "stepped")]
    assert [(r["kind"], r.get("approved"), r.get("note")) for r in told[1:]] == [
        ("approved", False, "not today"), ("stepped", False, ""),
    ]  # fmt: skip
    assert "not approved, kept" in done.stdout
    assert in_process("replay", "r", cwd=tmp_path).returncode == 0
