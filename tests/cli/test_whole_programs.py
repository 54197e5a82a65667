"""Tasks that judge whole programs, from `new` to an improved result."""

import json
import subprocess
from pathlib import Path

from cli.support import in_process

FENCE = "```"
FASTER = f"{FENCE}python\ndef f(n):\n    return n * (n - 1) // 2\n{FENCE}"


def script(at: Path, *responses: str) -> str:
    at.write_text(json.dumps({"rules": [{"contains": [], "responses": list(responses)}]}))
    return str(at)


def test_a_folder_of_openevolves_is_improved_and_every_result_says_what_it_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "initial_program.py").write_text("def f():\n    return 1.0\n")
    (folder / "evaluator.py").write_text(
        "import runpy\ndef evaluate(path):\n    return {'combined_score': runpy.run_path(path)['f']()}\n"
    )
    answers = script(tmp_path / "script.json", f"{FENCE}python\ndef f():\n    return 2.0\n{FENCE}")
    words = ["--model", "scripted", "--script", answers, "--improver", "seed", "--out", "run"]
    done = in_process("improve", str(folder), *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "in the task's own number 1 → 2" in done.stdout
    assert "No sealed test" in done.stdout
    assert "return 2.0" in (tmp_path / "run" / "improved.py").read_text()
    assert "All results are as recorded" in in_process("replay", "run", cwd=tmp_path).stdout
    told = in_process("score", str(folder), "run/improved.py", cwd=tmp_path).stdout
    assert ("No sealed test" in told, "instances" in told, "--seed" in told) == (True, False, False)
    assert (
        "has no sealed test"
        in in_process("score", str(folder), "run/improved.py", "--split", "test", cwd=tmp_path).stderr
    )


def test_a_function_of_a_repository_is_improved_to_a_patch_that_applies(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text("def f(n):\n    return sum(k for k in range(n))\n")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    answers = script(tmp_path / "script.json", FASTER)
    check = 'python -c "from mod import f; assert f(1_500_000) == 1124999250000"'
    words = ["--model", "scripted", "--script", answers, "--improver", "seed", "--model-calls", "1", "--responses", "1"]
    done = in_process("improve", "mod.py::f", "--check", check, *words, "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "No sealed test" in done.stdout
    assert "n * (n - 1) // 2" not in (tmp_path / "mod.py").read_text()
    subprocess.run(["git", "apply", "run/improved.patch"], cwd=tmp_path, check=True)
    assert "n * (n - 1) // 2" in (tmp_path / "mod.py").read_text()
    subprocess.run(["git", "checkout", "-q", "mod.py"], cwd=tmp_path, check=True)
    done = in_process("improve", "mod.py::f", "--check", check, *words, "--in-place", "--out", "again", cwd=tmp_path)
    assert done.returncode == 0 and "wrote mod.py" in done.stderr
    assert "n * (n - 1) // 2" in (tmp_path / "mod.py").read_text()
