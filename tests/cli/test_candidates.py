"""What a run tried can be looked at: candidates, responses, one text, two compared, in text and in JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.support import in_process
from selftaught.report.candidates import idea_of

TASK = '''"""Write algorithm(n), which returns a number: the larger, the better."""
SEED = "def algorithm(n):\\n    return 0.25\\n"


def instances(rng, split):
    for _ in range(4):
        yield (rng.random(),), None


def grade(instance, answer):
    return min(1.0, float(answer))


def explain(instance, answer):
    return "larger is better"
'''
HOSTILE = "\x1b]0;gotcha\x07<script>alert(1)</script>"
GOOD, BROKEN = "def algorithm(n):\n    return 0.75\n", "def algorithm(n):\n    return 1 / 0\n"
RESPONSES = [
    f"## Plan: return more.\n\n```python\n{GOOD}```\n",
    f"Then fail {HOSTILE}.\n```python\n{BROKEN}```\n",
    "No.",
]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("tried")
    (where / "larger.py").write_text(TASK)
    (where / "s.json").write_text(json.dumps({"rules": [{"responses": RESPONSES, "order": "cycle"}]}))
    scripted = ["--model", "scripted", "--script", "s.json", "--improver", "seed", "--responses", "3"]
    done = in_process("improve", "larger.py", *scripted, "--no-probes", "--out", "runs/one", cwd=where)
    assert done.returncode == 0, done.stderr
    assert "-    return 0.25\n+    return 0.75\n" in done.stdout  # what became better, at the end
    assert "selftaught show runs/one --candidates" in done.stdout
    return where


def listed(where: Path, what: str) -> list[dict[str, Any]]:
    told: dict[str, Any] = json.loads(in_process("show", "one", f"--{what}", "--json", cwd=where).stdout)
    assert told["schema"] == f"selftaught.{what}/1"
    rows: list[dict[str, Any]] = told[what]
    return rows


def tried(where: Path) -> list[dict[str, Any]]:
    """The seed, the good and the broken one: what is scored at once comes on record in any order."""
    found = {one["value"]: one for one in listed(where, "candidates")}
    return [found[value] for value in (0.25, 0.75, 0.0)]


def test_every_candidate_has_its_score_error_verdict_parent_and_idea(where: Path) -> None:
    seed, good, broken = tried(where)
    assert (seed["value"], seed["parent"], seed["idea"]) == (0.25, "", "")
    assert (good["value"], good["error"], good["verdict"], good["made"]) == (0.75, 0.0, "ok", True)
    assert good["parent"] == broken["parent"] == seed["program"] and good["idea"] == "Plan: return more."
    assert broken["verdict"] == "crashed" and "ZeroDivisionError" in broken["note"]
    shown = in_process("show", "one", "--candidates", cwd=where).stdout
    for one in (seed, good, broken):
        assert one["program"][:8] in shown
    assert "taken" in shown and "Plan: return more." in shown and "\x1b" not in shown


def test_every_response_is_listed_with_why_it_holds_no_program(where: Path) -> None:
    assert sorted(one["no_program"] for one in listed(where, "responses")) == ["", "", "no code in it"]
    shown = in_process("show", "one", "--responses", cwd=where).stdout
    assert "3 responses, 1 of them without a program" in shown and "no code in it" in shown


def test_one_candidate_is_shown_with_the_prompt_the_response_and_the_feedback(where: Path) -> None:
    _, good, _ = tried(where)
    shown = in_process("show", "one", good["program"][:8], cwd=where).stdout
    for part in ("return 0.25", "## Plan: return more.", GOOD, "larger: 0.75 ± 0, ok", "grades by instance: 0.75"):
        assert part in shown.replace("larger/val", "larger"), part
    told = json.loads(in_process("show", "one", good["program"], "--json", cwd=where).stdout)
    assert told["text"] == GOOD and told["candidates"] == [{k: v for k, v in good.items() if k != "idea"}]
    assert told["texts"][good["response"]] == RESPONSES[0]


def test_a_response_is_shown_after_its_prompt_and_cannot_steer_the_terminal(where: Path) -> None:
    hostile = next(one for one in tried(where) if one["value"] == 0.0)
    shown = in_process("show", "one", hostile["response"][:12], cwd=where).stdout
    assert shown.index("return 0.25") < shown.index("Then fail ‹U+001B›]0;gotcha")
    assert "\x1b" not in shown and "\x07" not in shown


def test_two_programs_are_compared_and_one_is_exported_whole(where: Path) -> None:
    seed, good, _ = (one["program"] for one in tried(where))
    shown = in_process("diff", "one", seed[:8], good[:8], cwd=where).stdout
    assert "-    return 0.25\n+    return 0.75\n" in shown
    assert in_process("diff", "one", seed, seed, cwd=where).stdout == "The same text.\n"
    assert in_process("export", "one", "--what", good[:10], cwd=where).stdout == GOOD


def test_the_report_has_every_candidate_the_best_with_their_texts(where: Path) -> None:
    file = Path(in_process("report", "one", "--out", "one.html", cwd=where).stdout.strip())
    html = (where / file).read_text()
    for one in listed(where, "candidates"):
        assert one["program"][:8] in html
    assert html.index("return 0.75") < html.index("return 1 / 0") and "<script>alert" not in html
    exported = in_process("export", "one", "--what", "solution-2", cwd=where)
    assert exported.stdout == BROKEN, exported.stderr


@pytest.mark.parametrize(
    ("response", "idea"),
    [
        ("# An *idea*\nin two lines\n```python\nx\n```\nand more", "An *idea* in two lines"),
        ("```python\nx = 1\n```\nIt sorts.", "It sorts."),
        ("```python\nx = 1", ""),
        ("", ""),
    ],
)
def test_the_idea_is_what_the_model_says_beside_its_program(response: str, idea: str) -> None:
    assert idea_of(response) == idea


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "one", "xyz"], "'xyz' is not an id: wanted at least 4 of its characters, from 0 to 9 and a to f"),
        (["show", "one", "ab"], "'ab' is not an id"),
        (["show", "one", "0" * 64], "one has no text 0000"),
        (["show", "one", "abcd", "--candidates"], "wanted only one of ID, --candidates and --responses"),
        (["diff", "one", "0" * 8, "1" * 8], "one has no text 00000000"),
        (["export", "one", "--what", "0" * 8], "one has no text 00000000"),
        (["export", "one", "--what", "best"], "or an id of `show --candidates`"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(where: Path, arguments: list[str], said: str) -> None:
    done = in_process(*arguments, cwd=where)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
