"""An experiment that is killed while a response is under way goes on, buys nothing twice, and comes out the same."""

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.support import env_of, in_process
from nearness import TASK
from openai_server import OpenAIServer
from selftaught.experiments.conducting import AT_ONCE, finished_cells
from selftaught.runs.records import Answered

SMALL = [
    "--model-calls",
    "3",
    "--responses",
    "2",
    "--utility-calls",
    "6",
    "--trials",
    "2",
    "--seed",
    "1:salt",
    "--no-probes",
]
BASELINES = ["baselines", "nearness.py", "--improvers", "best-of-n,greedy,refine", *SMALL]
CURVE = ["curve", "nearness.py", "--depth", "1", "--repeats", "2", *SMALL]


def answer(request: dict[str, Any]) -> str:
    """What is asked alike is answered alike, so that tables can be compared whatever came first."""
    digits = int(sha256(str(request["messages"]).encode()).hexdigest(), 16) % 1000
    program = f"def algorithm(x):\n    return 0.{digits:03}\n"
    return f"```python\n{program}```" if "def improve_algorithm" not in str(request["messages"]) else "no better one"


class Killing:
    """Answers, and kills who asks instead of giving certain answers, by their numbers."""

    def __init__(self, *deaths: int) -> None:
        self.deaths, self.asked = set(deaths), 0
        self.child: subprocess.Popen[bytes] | None = None

    def __call__(self, request: dict[str, Any]) -> str:
        self.asked += 1  # one connection: nobody else asks
        if self.asked in self.deaths and self.child is not None:
            os.kill(self.child.pid, signal.SIGKILL)
            self.child.wait()
        return answer(request)


@pytest.mark.parametrize(
    ("command", "deaths", "shares"),
    [pytest.param(BASELINES, (3, 9), True, id="arms"), pytest.param(CURVE, (4,), False, id="curve")],
)
def test_each_response_is_bought_once_and_the_tables_are_those_of_one_that_was_not_killed(
    command: list[str], deaths: tuple[int, ...], shares: bool, tmp_path: Path
) -> None:
    (tmp_path / "nearness.py").write_text(TASK)
    killing = Killing(*deaths)
    with OpenAIServer(answer) as whole, OpenAIServer(killing) as server:
        given = [*command, "--models", "openai/m", "--price", "1,2", "--max-connections", "1", "--json"]
        unbroken = in_process("experiment", *given, "--base-url", whole.base_url, "--out", "unbroken",
                              cwd=tmp_path, OPENAI_API_KEY="k")  # fmt: skip
        assert unbroken.returncode == 0, unbroken.stderr
        words = [sys.executable, "-m", "selftaught", "experiment", *given, "--base-url", server.base_url]
        for _ in killing.deaths:
            killing.child = subprocess.Popen(
                [*words, "--out", "killed"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=env_of({"OPENAI_API_KEY": "k"}), start_new_session=True,
            )  # fmt: skip
            assert killing.child.wait(120) == -signal.SIGKILL
        done = in_process(*words[3:], "--out", "killed", cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    expected, told = (json.loads(one.stdout) for one in (unbroken, done))
    assert told["tables"] == expected["tables"] and told["notes"] == expected["notes"]
    assert any("Common draws" in note for note in told["notes"]) == shares
    assert bought(tmp_path / "killed") == bought(tmp_path / "unbroken")
    lost = len(server.requests) - len(whole.requests)  # under way, or of another run and not on record yet
    assert len(deaths) <= lost <= AT_ONCE * len(deaths)


def bought(folder: Path) -> list[tuple[str, str]]:
    """What was bought, by trial and draw where arms share it, else by run and address. Nothing stands there twice."""
    found = [
        (name.rpartition("-")[2] if one.draw else name, one.draw or one.at)
        for name, outcome in finished_cells(folder).items()
        for one in outcome.records
        if isinstance(one, Answered) and not one.shared and one.model == "m"
    ]
    assert len(set(found)) == len(found)
    return sorted(found)
