"""What the user knows of a problem is shown to the model beside the description, kept in the run, and replayed."""

import json
from pathlib import Path

import pytest

import selftaught
from cli.support import in_process
from selftaught.core.errors import UsageError

KNOWN = 'Keys repeat: a table helps. Do not use """sorted""" \\ here.'
TASK = '''"""Add one."""

SEED = "def algorithm(n):\\n    return n\\n"
INSTRUCTIONS = "Numbers are small."


def instances(rng, split):
    yield (1 if split == "val" else 2,), None


def grade(instance, answer):
    return float(answer == instance.args[0] + 1)
'''
ANSWER = "```python\ndef algorithm(n):\n    return n + 1\n```"


@pytest.mark.parametrize("utility_text", ["source", "words"])
def test_a_model_is_shown_the_tasks_own_and_those_of_the_run(tmp_path: Path, utility_text: str) -> None:
    (tmp_path / "add.py").write_text(TASK)
    (tmp_path / "known.md").write_text("Negative ones are not there.\n")
    asked: list[str] = []

    def model(prompt: selftaught.Prompt) -> str:
        asked.append(prompt.user)
        return ANSWER

    known = str(tmp_path / "known.md")
    result = selftaught.improve(
        str(tmp_path / "add.py"),
        model=model,
        out=tmp_path / "run",
        instructions=known,
        improver="seed",
        utility_text=utility_text,
    )
    assert result.score == 1.0
    wanted = "Add one.\n\nInstructions:\nNumbers are small.\n\nNegative ones are not there.\n"
    assert asked
    assert all(wanted in prompt for prompt in asked)


def test_a_run_keeps_them_and_is_repeated_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(TASK)
    (tmp_path / "known.md").write_text(KNOWN)
    script = {"rules": [{"contains": ["Keys repeat: a table helps."], "responses": [ANSWER]}]}
    (tmp_path / "script.json").write_text(json.dumps(script))
    words = ["--model", "scripted", "--script", "script.json", "--improver", "seed", "--model-calls", "1"]
    done = in_process(
        "improve", "add.py", "--instructions", "known.md", *words, "--max-calls", "1", "--out", "run", cwd=tmp_path
    )
    assert "resume" in done.stderr
    (tmp_path / "known.md").unlink()
    done = in_process("resume", "run", "--max-calls", "100", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0.000 → 1.000" in done.stdout
    assert "All results are as recorded" in in_process("replay", "run", cwd=tmp_path).stdout
    kept = tmp_path / "run" / "inputs" / "instructions.given.txt"
    assert kept.read_text() == KNOWN
    kept.chmod(0o600)
    kept.write_text("Others.")
    assert "instructions.given.txt" in in_process("resume", "run", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot read no.md"), (b" \n", "has no instructions"), (b"\xff", "not UTF-8")]
)
def test_a_file_without_instructions_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "no.md").write_bytes(content)
    done = in_process("improve", "parity", "--instructions", "no.md", "--model", "mutate", cwd=tmp_path)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "runs").exists()


def test_instructions_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "add.py").write_text(TASK.replace('"Numbers are small."', "3"))
    with pytest.raises(UsageError, match="INSTRUCTIONS is 3; wanted a text"):
        selftaught.improve(str(tmp_path / "add.py"), model="mutate", out=tmp_path / "run")
