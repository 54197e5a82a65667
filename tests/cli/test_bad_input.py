"""Every bad input has one clear line, the right exit code, no traceback, and loses nothing."""

import itertools
import json
import re
from pathlib import Path

import pytest

from cli.support import QUICK, in_process, selftaught
from openai_server import Fault, OpenAIServer

IMPROVER = "def improve_algorithm(initial_solution, utility, language_model):\n    "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bad")
    (made / "broken.py").write_text("def algorithm(:\n")
    (made / "other.py").write_text("def something(x):\n    return x\n")
    (made / "binary.py").write_bytes(b"\xff\xfe\x00")
    (made / "huge.py").write_bytes(b"#" * 2_000_000)
    (made / "older.py").write_text(
        "from language_model import LanguageModel\n\ndef improve_algorithm(s, utility_text, utility):\n    return s\n"
    )
    (made / "older_too.py").write_text("def improve_algorithm(s, utility_str, utility):\n    return s\n")
    (made / "not.toml").write_text("this is = = not toml")
    (made / "unknown.toml").write_text("deepth = 3\n")
    (made / "wrong.toml").write_text('depth = "three"\n')
    (made / "not.json").write_text("{")
    (made / "empty").mkdir()
    (made / "damaged").mkdir()
    (made / "damaged" / "run.sqlite").write_bytes(b"no database at all, but a file of some length " * 200)
    (made / "full").mkdir()
    (made / "full" / "something").write_text("here")
    (made / "no_docstring.py").write_text("SEED = ''\ndef instances(rng, split): ...\ndef grade(i, a): ...\n")
    return made


RUN = ["run", "three-sat"]
TASK = "string-grid-distance"  # the quickest to score


LINES: list[tuple[list[str], int, str]] = [
    (["run", "tree-sat"], 2, "did you mean 'three-sat'?"),
    (["run", "missing.py"], 2, "missing.py"),
    (["run", "broken.py"], 2, "broken.py"),
    (["run", "no_docstring.py"], 2, "docstring"),
    (["run", "three-sat", "three-sat"], 2, "listed twice"),
    ([*RUN, "--depth", "0"], 2, "--depth: wanted a whole number of at least 1, got 0"),
    ([*RUN, "--repeats", "-3"], 2, "--repeats: wanted a whole number of at least 1, got -3"),
    ([*RUN, "--model-calls", "0"], 2, "--model-calls"),
    ([*RUN, "--responses", "-1"], 2, "--responses"),
    ([*RUN, "--utility-calls", "0"], 2, "--utility-calls"),
    ([*RUN, "--max-time", "-1"], 2, "--max-time: wanted a number above 0.0"),
    ([*RUN, "--seed", "-1"], 2, "seed"),
    ([*RUN, "--depth", "many"], 2, "Invalid value for '--depth'"),
    ([*RUN, "--accept", "never"], 2, "accept"),
    ([*RUN, "--executor", "rey", "--dry-run"], 2, "no executor is called 'rey'; there are local, ray, ray:HOST:PORT"),
    ([*RUN, "--sandbox", "landlok", "--dry-run"], 2, "no sandbox is called 'landlok'; did you mean 'landlock'?"),
    (["experiment", "baselines", "three-sat", "--sandbox", "landlok", "--dry-run"], 2, "did you mean 'landlock'?"),
    ([*RUN, "--fidelity", "true"], 2, "fidelity: wanted honest or paper or released, got 'true'"),
    (["run", "no_docstring.py", "--fidelity", "released"], 2, "there is no released way to score it"),
    (["improve", "mine.py", "--fidelity", "released"], 2, "--fidelity released is for maxcut, modified-qap"),
    ([*RUN, "--preset", "papr"], 2, "did you mean 'paper'?"),
    ([*RUN, "--sandbox", "bubblewarp"], 2, "did you mean 'bubblewrap'?"),
    ([*RUN, "--improver", "sed"], 2, "did you mean 'seed'?"),
    ([*RUN, "--improver", "other.py"], 2, "has no function improve_algorithm; it defines something"),
    ([*RUN, "--improver", "broken.py"], 2, "is not Python"),
    ([*RUN, "--improver", "older.py"], 2, "older interface of the paper's appendix (line 1: from language_model"),
    ([*RUN, "--improver", "older_too.py"], 2, "(line 1: def improve_algorithm(s, utility_str, utility))"),
    ([*RUN, "--model", "mutant"], 2, "did you mean 'mutate'?"),
    ([*RUN, "--model", "scripted"], 2, "--script FILE.json"),
    ([*RUN, "--model", "scripted", "--script", "not.json"], 2, "script"),
    ([*RUN, "--model", "openai/x"], 1, "OPENAI_API_KEY"),
    ([*RUN, "--model", "openai/x", "--base-url", "localhost:1"], 2, "http://"),
    ([*RUN, "--config", "missing.toml"], 2, "cannot read missing.toml"),
    ([*RUN, "--config", "not.toml"], 2, "is not TOML"),
    ([*RUN, "--config", "unknown.toml"], 2, "no setting is called 'deepth'; did you mean 'depth'?"),
    ([*RUN, "--config", "wrong.toml"], 2, "depth: wanted a whole number, got 'three'"),
    ([*RUN, "--out", "/sys/run"], 2, "cannot make the run folder /sys/run"),  # where even root writes nothing
    ([*RUN, "--out", "full"], 2, "full exists and is not an empty folder"),
    (["improve", "three-sat", "--program", "broken.py"], 2, "broken.py is not Python"),
    (["improve", "three-sat", "--program", "other.py"], 2, "has no function algorithm; it defines something"),
    (["score", "three-sat", "broken.py"], 2, "broken.py is not Python"),
    (["score", "three-sat", "missing.py"], 2, "cannot read missing.py"),
    (["score", "three-sat", "binary.py"], 2, "binary.py is not UTF-8 text"),
    (["score", "three-sat", "huge.py"], 2, "2000000 bytes"),
    (["score", "three-sat", "other.py"], 2, "has no function algorithm"),
    (["score", "three-sat", "other.py", "--split", "train"], 2, "there are val and test"),
    (["score", "three-sat", "other.py", "--fidelity", "true"], 2, "there are honest, paper, released"),
    (["bound", "tree-sat"], 2, "did you mean 'three-sat'?"),
    (["bound", "three-sat", "--instances", "0"], 2, "--instances is 0; wanted 1 or more"),
    (["bound", "three-sat", "--fidelity", "true"], 2, "there are honest, paper, released"),
    (["resume"], 2, "there is no run in runs/ yet"),
    (["resume", "empty"], 2, "empty is not a run folder"),
    (["resume", "nowhere"], 2, "no run is called 'nowhere'"),
    (["show", "damaged"], 1, "damaged"),
    (["report", "empty"], 2, "is not a run folder"),
    (["export", "nowhere"], 2, "no run is called"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), LINES)
def test_one_clear_line(folder: Path, arguments: list[str], code: int, said: str) -> None:
    done = in_process(*arguments, cwd=folder)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert not (folder / "runs").exists(), "a run that could not start left something behind"


@pytest.mark.parametrize("arguments", [line[0] for line in LINES[::10]])
def test_a_process_of_its_own_says_the_same(folder: Path, arguments: list[str]) -> None:
    one, other = selftaught(*arguments, cwd=folder), in_process(*arguments, cwd=folder)
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


def test_verbose_shows_where_it_came_from(folder: Path) -> None:
    assert "Traceback" in selftaught("-v", "run", "tree-sat", cwd=folder).stderr


@pytest.mark.parametrize(
    ("body", "verdict", "note"),
    [
        ("return None", "no program", "returned a NoneType"),
        ("return 3.5", "no program", "returned a float"),
        ("return '  '", "no program", "returned empty text"),
        ("return 'x' * 100_000_000", "output too large", "100000"),
        ("raise ValueError('no')", "crashed", "ValueError: no"),
        ("return utility(3)", "crashed", "BadRequest"),
        ("return language_model.prompt('e', 'm', n_responses=10**9)[0]", "crashed", "BudgetExceeded"),
    ],
)
def test_an_improver_that_goes_wrong_is_a_result(tmp_path: Path, body: str, verdict: str, note: str) -> None:
    (tmp_path / "improver.py").write_text(IMPROVER + body + "\n")
    done = in_process("improve", TASK, "--improver", "improver.py", *QUICK[:2], cwd=tmp_path)
    assert done.returncode == 1, done.stderr  # on record, and nothing for a script to go on with
    assert f"The improver made no program: {verdict}." in done.stdout and note in done.stdout


@pytest.mark.parametrize("response", ["", "no code here", "```python\n", "```python\ndef algorithm(x:", "```\n\n```"])
def test_a_model_without_a_usable_answer_says_so_and_fails(tmp_path: Path, response: str) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"rules": [{"responses": [response]}]}))
    scripted = ["--model", "scripted", "--script", "script.json"]
    done = in_process("improve", "parity", "--improver", "seed", *scripted, cwd=tmp_path)
    assert done.returncode == 1, done.stderr  # nothing can be used: no result for a script to go on with
    assert re.search(r"None of \d+ responses? can be used:", done.stdout)
    assert "No improvement" not in done.stdout  # nothing was tried


@pytest.mark.parametrize("said", ["maximum context length is 8192 tokens", "flagged by our content filter"])
def test_prompts_that_are_all_too_long_or_refused_are_told_and_end_no_run(tmp_path: Path, said: str) -> None:
    with OpenAIServer(lambda request: "", faults=itertools.repeat(Fault(400, message=said))) as server:
        given = ["--model", "openai/x", "--base-url", server.base_url, "--out", "r", "--preset", "quick"]
        given += ["--improver", "seed"]
        done = in_process("improve", "parity", *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr  # what a prompt is like is the improver's affair, and an answer
    assert re.search(r"None of \d+ responses? can be used:", done.stdout)
    assert "No improvement" not in done.stdout
    told = json.loads(in_process("show", "r", "--json", cwd=tmp_path).stdout)
    assert told["status"] == "finished"  # prompts are written by improvers: none of them ends a run


def test_an_unreachable_model_ends_the_run_and_it_resumes(tmp_path: Path) -> None:
    unreachable = ["--model", "openai/x", "--base-url", "http://127.0.0.1:9"]
    done = selftaught("improve", TASK, *unreachable, "--max-time", "1", "--out", "runs/one", cwd=tmp_path)
    assert done.returncode in (1, 3) and "resume runs/one" in done.stderr and "Traceback" not in done.stderr


def test_a_changed_input_is_named(tmp_path: Path) -> None:
    assert (
        in_process("improve", TASK, *QUICK[:2], "--improver", "seed", "--out", "runs/one", cwd=tmp_path).returncode == 0
    )
    file = tmp_path / "runs/one/inputs/initial.improver.py"
    file.write_text(file.read_text() + "# changed\n")
    done = in_process("resume", "one", cwd=tmp_path)
    assert done.returncode == 1 and "inputs/initial.improver.py was changed" in done.stderr
