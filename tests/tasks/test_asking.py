"""Programs that ask a language model: counted, capped, on record, asked for once."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import selftaught
from cli.support import in_process
from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.core.errors import ModelUnavailable, RunStopped, UsageError
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import PROGRAM, Answered
from selftaught.runs.store import Store
from selftaught.sandbox.jail import Jail
from selftaught.tasks.contract import template
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import TaskSpec

BETTER = """```python
def algorithm(message, language_model):
    (answer,) = language_model.prompt("", f"Answer with one word, billing, delivery or other: {message}", 1, 0.0)
    return answer
```"""
RIGHT = {message: label for split in ("val", "test") for message, label in {
    "val": [("You took the money twice.", "billing"), ("The parcel came with a hole in it.", "delivery"),
            ("Do you have a shop in Leeds?", "other"), ("Where is my refund for the parcel?", "billing")],
    "test": [("My card was refused, why?", "billing"), ("It was left in the rain.", "delivery"),
             ("How old is your company?", "other"), ("The driver wanted money from me.", "delivery")],
}[split]}  # fmt: skip


class Counting:
    """Answers with the prompt's length, and counts."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.prompts += prompts
        return [Completion(str(len(prompt.user))) for prompt in prompts]


def task(folder: Path, seed: str, more: str = "", body: str = "") -> TaskSpec:
    file = folder / "asks.py"
    grade = body or "def grade(instance, answer):\n    return float(answer == instance.hidden)\n"
    file.write_text(
        f'"""Lengths."""\nASKS_MODEL = True\n{more}\nSEED = {seed!r}\n'
        f'def instances(rng, split):\n    yield ("abc",), "3"\n    yield ("abcd",), "4"\n{grade}\n'
    )
    return load_task(str(file))


def scored(jail: Jail, spec: TaskSpec, model: Counting) -> Score:
    return Judge(spec, jail, "val", 1, paid=True, model=model)(spec.seed)


def test_the_budget_holds_for_each_call_anew(sandbox: Jail, tmp_path: Path) -> None:
    seed = """
import program
def algorithm(text, language_model):
    told = []
    for _ in range(3):
        try:
            told += language_model.prompt("", text, 2)
        except Exception as error:
            told.append(type(error).__name__)
    assert language_model.times_used == 2
    return told[0] if told == [str(len(text))] * 4 + ["BudgetExceeded"] else str(told)
"""
    model = Counting()
    score = scored(sandbox, task(tmp_path, seed, "MODEL_CALLS = 2\nRESPONSES = 2"), model)
    assert (score.value, score.verdict, score.note) == (1.0, Verdict.OK, "")
    assert [prompt.user for prompt in model.prompts] == ["abc"] * 4 + ["abcd"] * 4


def test_a_program_has_the_model_and_nothing_else(sandbox: Jail, tmp_path: Path) -> None:
    seed = """
def algorithm(text, language_model, *more):
    return language_model._ask("utility", "x") if not more else "more"
"""
    score = scored(sandbox, task(tmp_path, seed), Counting())
    assert (score.value, score.verdict) == (0.0, Verdict.PROTOCOL_ERROR)


def test_a_conversation_by_play(sandbox: Jail, tmp_path: Path) -> None:
    seed = 'def algorithm(text, language_model):\n    return language_model.prompt("", text)[0]\n'
    body = "def play(instance, call):\n    return float(call('abc') + call.seed('abcd') == '34')\n"
    model = Counting()
    assert scored(sandbox, task(tmp_path, seed, "MODEL_CALLS = 1", body), model).value == 1.0
    assert len(model.prompts) == 4


@pytest.mark.parametrize("body", ["", "def play(instance, call):\n    return float(call('abc') == '3')\n"])
@pytest.mark.parametrize("error", [ModelUnavailable("it is gone"), RunStopped("a cap")])
def test_a_failure_of_ours_is_no_bad_answer(sandbox: Jail, tmp_path: Path, body: str, error: Exception) -> None:
    class Failing(Counting):
        def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
            raise error

    seed = """
def algorithm(text, language_model):
    try:
        return language_model.prompt("", text)[0]
    except BaseException:
        return "caught"
"""
    with pytest.raises(type(error), match=str(error)):
        scored(sandbox, task(tmp_path, seed, body=body), Failing())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("MODEL_CALLS = 0", "wanted a whole number from 1 to 1000"),
        ("MODEL_CALLS = True", "wanted a whole number"),
        ("RESPONSES = 2.5", "wanted a whole number"),
        ("ASKS_MODEL = 1", "wanted True or False"),
        ("DIRECTION = 'minimize'", "without BASELINE"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        task(tmp_path, "def algorithm(text, language_model): ...", more)


def test_a_workshop_has_no_way_to_a_model(tmp_path: Path) -> None:
    (tmp_path / "whole.py").write_text('"""X."""\nASKS_MODEL = True\nSEED = "1"\ndef evaluate(path): return 1\n')
    with pytest.raises(UsageError, match="ASKS_MODEL, but no instances"):
        load_task(str(tmp_path / "whole.py"))


# ------------------------------------------------------------------------------------------------------ whole runs


def test_from_new_to_a_better_prompt_each_question_on_record_and_asked_once(tmp_path: Path) -> None:
    (tmp_path / "sorting.py").write_text(template("prompt"))
    asked: list[str] = []

    def program_or_answer(prompt: Prompt) -> str:
        asked.append(prompt.user)
        if "def algorithm" in prompt.user:
            return BETTER
        message = prompt.user.rpartition("other: ")[2]
        return RIGHT.get(message, "I see.")

    def improve(**settings: object) -> selftaught.Result:
        return selftaught.improve(
            str(tmp_path / "sorting.py"), model=program_or_answer, improver="seed", model_calls=1, responses=1,
            out=tmp_path / "run", **settings,  # type: ignore[arg-type]
        )  # fmt: skip

    with pytest.raises(RunStopped, match="max_calls"):  # the seed's eight questions, and one for a program
        improve(max_calls=9)
    assert len(asked) == 9
    result = improve(max_calls=200)
    assert (float(result.score or 0), float(result.test or 0)) == (1.0, 1.0)
    with Store.open(RunFolder(tmp_path / "run").store, writable=False) as store:
        roles = [record.role for record in store if isinstance(record, Answered)]
    assert len(roles) == len(asked)  # none was asked twice
    assert roles.count(PROGRAM) == len(asked) - 1
    assert {entry.role for entry in result.run.ledger} == {PROGRAM, "solution"}
    assert not result.run.no_program  # an answer to a program need not hold one
    before = len(asked)
    again = in_process("replay", "run", cwd=tmp_path)
    assert "All results are as recorded" in again.stdout, again.stdout + again.stderr
    assert len(asked) == before


def test_another_model_for_programs_and_what_it_can_cost(tmp_path: Path) -> None:
    assert in_process("new", "sorting", "--kind", "prompt", cwd=tmp_path).returncode == 0
    rules = [{"contains": [message, "one word"], "responses": [label]} for message, label in RIGHT.items()]
    script = {
        "rules": [*rules, {"contains": ["def algorithm"], "responses": [BETTER]}, {"contains": [], "responses": ["?"]}]
    }
    (tmp_path / "script.json").write_text(json.dumps(script))
    words = ["--model", "mutate", "--program-model", "scripted", "--script", "script.json", "--responses", "2"]
    done = in_process("improve", "sorting.py", *words, "--out", "run", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert "program   scripted" in done.stdout and "solution  mutate" in done.stdout
    told = json.loads(in_process("improve", "sorting.py", *words, "--dry-run", "--json", cwd=tmp_path).stdout)
    assert [share["role"] for share in told["shares"]] == ["solution", "program"]
    assert told["shares"][1]["most"]["calls"] == 26 * 8 * 2 * 4  # scorings, instances, calls, responses
    (tmp_path / "better.py").write_text(BETTER.strip("`").removeprefix("python\n"))
    score = ["score", "sorting.py", "better.py", "--json"]
    assert in_process(*score, cwd=tmp_path).stderr.endswith("run, improve and score have --model\n")
    (tmp_path / "words.json").write_text(json.dumps({"rules": [{"contains": [], "responses": ["billing"]}]}))
    mutated = json.loads(in_process(*score, "--model", "mutate", cwd=tmp_path).stdout)
    assert (mutated["score"], mutated["verdict"]) == (0.0, "ok")
    checked = in_process("check", "sorting.py", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert "one scoring may make 8 model calls" in checked.stdout
    for words in (["bound", "sorting.py"], ["probe", "sorting.py", "better.py"]):
        refused = in_process(*words, cwd=tmp_path)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False), refused.stderr


def test_a_program_without_a_model_is_told_so(sandbox: Jail, tmp_path: Path) -> None:
    spec = task(tmp_path, "def algorithm(text, language_model): ...")
    with pytest.raises(UsageError, match="ask a language model, but no model is given"):
        Judge(spec, sandbox, "val", 1)(Program(spec.seed.source))
