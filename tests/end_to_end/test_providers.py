"""Whole runs on models of every kind, by the command line: what a user does, and what goes wrong with it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.support import in_process
from nearness import TASK
from openai_server import Fault, OpenAIServer
from other_servers import AnthropicServer, GoogleServer
from selftaught.runs.records import Answered, Tried
from selftaught.runs.store import Store

ANSWER = "```python\ndef algorithm(x):\n    return 0.75\n```"
SMALL = ("--responses", "3", "--model-calls", "1", "--out", "one", "--json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


def answers(folder: Path) -> list[Answered]:
    return [record for record in Store.open(folder / "one" / "run.sqlite") if isinstance(record, Answered)]


@pytest.mark.parametrize(
    ("server_class", "model", "key"),
    [
        (AnthropicServer, "anthropic/claude-sonnet-5", "ANTHROPIC_API_KEY"),
        (GoogleServer, "google/gemini-2.5-flash", "GEMINI_API_KEY"),
        (OpenAIServer, "openrouter/meta/llama", "OPENROUTER_API_KEY"),
        (OpenAIServer, "vllm/qwen", "VLLM_API_KEY"),
    ],
)
def test_each_provider_improves_a_program(folder: Path, server_class: type[OpenAIServer], model: str, key: str) -> None:
    with server_class(lambda request: ANSWER, key="sk-planted") as server:
        done = in_process(
            "improve", "nearness.py", "--model", model, "--base-url", server.base_url, *SMALL,
            "--temperature-policy", "drop", cwd=folder, **{key: "sk-planted"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "return 0.75" in (folder / "one" / "improved.py").read_text()
    told = [re.findall(r"temperature=[\d.]+", record.dropped) for record in answers(folder)]
    assert told == [["temperature=0.7"] if "claude" in model else []] * 3
    for file in (folder / "one").rglob("*"):
        assert not file.is_file() or b"sk-planted" not in file.read_bytes()
    assert "sk-planted" not in done.stdout + done.stderr


def test_a_model_that_stays_away_ends_the_run_with_a_line_and_the_run_goes_on(folder: Path) -> None:
    faults = iter([None, Fault(body="cut"), Fault(401)])
    with OpenAIServer(lambda request: ANSWER, faults=faults) as server:
        command = ("improve", "nearness.py", "--model", "vllm/small", "--base-url", server.base_url, *SMALL)
        done = in_process(*command, "--max-connections", "1", "--capability", "n=no", cwd=folder)
        assert done.returncode == 1
        assert "refused the key (401)" in done.stderr and "VLLM_API_KEY" in done.stderr
        assert "continue with: selftaught resume one" in done.stderr and "Traceback" not in done.stderr
        assert len(server.requests) == 3
        more = in_process("resume", "one", "--json", cwd=folder)
        assert more.returncode == 0, more.stderr
        assert len(server.requests) == 5  # three responses; none of them asked for again
    failed = [record.error for record in Store.open(folder / "one" / "run.sqlite") if isinstance(record, Tried)]
    assert ["broke off" in failed[0], "401" in failed[1]] == [True, True]


def test_a_resume_may_drop_the_temperature_that_ended_the_run(folder: Path) -> None:
    fault = Fault(400, message="Unsupported value: 'temperature' does not support 0.7")
    with OpenAIServer(lambda request: ANSWER, faults=iter([fault] * 3)) as server:
        command = ("improve", "nearness.py", "--model", "openai/new", "--base-url", server.base_url, *SMALL)
        done = in_process(*command, cwd=folder)
        assert done.returncode == 1 and "--capability temperature=no --temperature-policy drop" in done.stderr
        told = ("--capability", "temperature=no", "--temperature-policy", "drop")
        server.faults = iter([])
        more = in_process("resume", "one", *told, "--json", cwd=folder)
        assert more.returncode == 0, more.stderr
    assert {record.dropped for record in answers(folder)} == {"temperature=0.7"}


def test_a_relay_is_answered_by_files_across_a_restart(folder: Path) -> None:
    box = folder / "box"
    command = [sys.executable, "-m", "selftaught", "improve", "nearness.py", "--model", "relay:box", *SMALL]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        while len(list(box.glob("*.prompt.txt"))) < 3 and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)  # nobody has answered
        _, said = child.communicate(timeout=120)
    assert child.returncode == 130, said
    asked = sorted(path.name for path in box.glob("*.prompt.txt"))
    assert len(asked) == 3
    told = [json.loads((box / name.replace(".txt", ".json")).read_text()) for name in asked]
    assert {(one["role"], one["task"], one["t"]) for one in told} == {("solution", "nearness/val", 0)}
    assert len({(one["run"], one["application"]) for one in told}) == 1 and told[0]["run"].startswith("one-")
    assert all(one["address"].startswith(f"{one['application']}/ask:") for one in told)
    for name in asked:
        (box / name.replace(".prompt.", ".reply.")).write_text(ANSWER)
    more = in_process("resume", "one", "--json", cwd=folder)
    assert more.returncode == 0, more.stderr
    assert sorted(path.name for path in box.glob("*.prompt.txt")) == asked
    assert "return 0.75" in (folder / "one" / "improved.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "mistral/x"), "anthropic/MODEL"),
        (("--model", "openrouter/x"), "OPENROUTER_API_KEY"),
        (("--model", "openai/gpt-5"), "--temperature-policy drop"),
        (("--model", "vllm/x", "--capability", "temperature=hot"), "--capability temperature=no"),
        (("--model", "vllm/x", "--temperature-policy", "ignore"), "--temperature-policy: wanted"),
        (("--model", "vllm/x", "--timeout", "0"), "--timeout: wanted"),
        (("--model", "vllm/x", "--requests-per-minute", "0"), "--requests-per-minute: wanted"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_anything_is_spent(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = in_process("improve", "nearness.py", *arguments, *SMALL, cwd=folder, OPENAI_API_KEY="sk-x")
    assert done.returncode in (1, 2) and said in done.stderr
    assert done.stderr.count("\n") == 1 and "sk-x" not in done.stderr
    assert not (folder / "one").exists()


def test_responses_that_a_model_gives_together_are_one_call(folder: Path) -> None:
    with OpenAIServer(lambda request: ANSWER) as server:
        command = ("improve", "nearness.py", "--model", "vllm/small", "--base-url", server.base_url, *SMALL)
        done = in_process(
            *command, "--improver", "seed", "--requests-per-minute", "100", cwd=folder
        )  # the seed asks for the same three times
        assert done.returncode == 0, done.stderr
        assert [request["n"] for request in server.requests] == [3]
    assert len(answers(folder)) == 3
