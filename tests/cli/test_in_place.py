"""`improve --in-place` writes what is better over the user's own file, and nothing else over it."""

import json
import stat
from pathlib import Path

import pytest

from cli.support import in_process
from nearness import TASK

POOR = "def algorithm(x):\n    return 0.25\n"
BETTER = "```python\ndef algorithm(x):\n    return 0.75\n```"
WORDS = ["--model", "scripted", "--script", "script.json", "--improver", "seed", "--model-calls", "1", "--no-probes"]


def improved(folder: Path, response: str, *more: str) -> tuple[int, str]:
    (folder / "nearness.py").write_text(TASK)
    (folder / "script.json").write_text(json.dumps({"rules": [{"responses": [response]}]}))
    done = in_process("improve", "nearness.py", *WORDS, "--responses", "1", *more, "--out", "run", cwd=folder)
    return done.returncode, done.stderr


def test_what_is_better_is_written_over_the_program(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(POOR)
    mine.chmod(0o640)
    code, said = improved(tmp_path, BETTER, "--program", "mine.py", "--in-place")
    assert (code, "wrote mine.py" in said) == (0, True), said
    assert "0.75" in mine.read_text() and stat.S_IMODE(mine.stat().st_mode) == 0o640


def test_without_it_the_program_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(POOR)
    assert improved(tmp_path, BETTER, "--program", "mine.py")[0] == 0
    assert (tmp_path / "mine.py").read_text() == POOR


def test_what_is_no_better_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(POOR)
    worse = BETTER.replace("0.75", "0.0")
    _, said = improved(tmp_path, worse, "--program", "mine.py", "--in-place")
    assert "mine.py is unchanged: no better program was found" in said
    assert (tmp_path / "mine.py").read_text() == POOR


@pytest.mark.parametrize(
    ("more", "said"), [((), "--in-place needs a file"), (("--program", "nosuch.py"), "cannot read nosuch.py")]
)
def test_without_a_file_it_is_refused_before_anything_is_spent(
    tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    code, told = improved(tmp_path, BETTER, *more, "--in-place")
    assert (code, said in told) == (2, True), told
    assert not (tmp_path / "run").exists()
