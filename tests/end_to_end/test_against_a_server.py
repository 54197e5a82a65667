"""A whole run against a real HTTP server that speaks OpenAI's protocol."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.support import in_process
from conftest import times
from nearness import TASK
from openai_server import OpenAIServer, improve_anything
from selftaught.runs.records import Answered
from selftaught.runs.store import Store


def predicted(*, depth: int, repeats: int, responses: int, measured: int) -> int:
    """Responses that the paper's seed asks for: for itself, for each proposal's meta-utility, for each measurement."""
    one_meta_utility = repeats * responses
    return depth * (responses + responses * one_meta_utility) + measured * one_meta_utility


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


def test_a_run_with_official_budgets_asks_for_as_many_responses_as_predicted(folder: Path) -> None:
    with OpenAIServer(improve_anything, key="sk-planted-key") as server:
        done = in_process(
            "run", "nearness.py", "--model", "openai/small", "--base-url", server.base_url, "--preset", "official",
            "--depth", "2", "--out", "runs/one", "--json", cwd=folder, OPENAI_API_KEY="sk-planted-key",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        expected = predicted(depth=2, repeats=5, responses=6, measured=3)
        assert expected == 462
        assert (len(server.requests), server.answered) == (expected, expected)
    shown = json.loads(done.stdout)
    assert shown["total"]["responses"] == expected
    assert shown["total"]["input_tokens"] > 0 and shown["total"]["uncounted"] == 0
    assert {request["temperature"] for request in server.requests} == {0.7}
    for file in (folder / "runs" / "one").rglob("*"):  # the key is nowhere
        assert not file.is_file() or b"sk-planted-key" not in file.read_bytes()
    assert "sk-planted-key" not in done.stdout + done.stderr


def test_everything_independent_waits_at_once(folder: Path) -> None:
    """Thirty calls of one meta-utility are in flight together; a batch of proposals more, up to the limit."""
    with OpenAIServer(improve_anything, seconds=0.2) as server:
        done = in_process(
            "run", "nearness.py", "--model", "openai/small", "--base-url", server.base_url, "--preset", "official",
            "--depth", "1", "--max-connections", "30", cwd=folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert server.most_in_flight == 30


def bought_more(log: Path, responses: int, child: subprocess.Popen[bytes]) -> bool:
    """Wait until the server gave so many responses more; False if the run ended before."""
    wanted = lines(log) + responses
    while child.poll() is None:
        if lines(log) >= wanted:
            return True
        time.sleep(0.01)
    return False


def lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_killed_at_random_moments_a_run_buys_no_recorded_response_twice(folder: Path) -> None:
    log = folder / "asked.log"
    command = [
        sys.executable,
        str(Path(__file__).parents[1] / "openai_server.py"),
        "--log",
        str(log),
        "--seconds",
        "0.02",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        connections, kills = 4, 0
        start = [
            "run", "nearness.py", "--model", "openai/small", "--base-url", url, "--depth", "2", "--repeats", "2",
            "--model-calls", "1", "--responses", "3", "--utility-calls", "4", "--improver", "paper-seed",
            "--max-connections", str(connections), "--out", "runs/one", "--seed", "1",
        ]  # fmt: skip
        chance = random.Random(1)
        arguments = start
        while True:
            whole = [sys.executable, "-m", "selftaught", *arguments]
            child = subprocess.Popen(whole, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if kills < times(3, 6) and bought_more(log, chance.randint(1, 3), child):
                child.send_signal(signal.SIGKILL)
                child.wait()
                kills += 1
                if (folder / "runs/one/run.sqlite").exists():
                    arguments = ["resume", "one"]
                continue
            child.wait(120)
            assert child.stderr is not None
            assert child.returncode == 0, child.stderr.read().decode()
            break
    finally:
        server.kill()
    assert kills >= times(2, 3)
    store = Store.open(folder / "runs/one/run.sqlite", writable=False)
    recorded = [record for record in store if isinstance(record, Answered)]
    bought = lines(log)
    expected = predicted(depth=2, repeats=2, responses=3, measured=3)
    assert len(recorded) == expected
    assert len({record.at for record in recorded}) == expected
    paid = sum(not record.shared for record in recorded)  # draws that compared improvers have in common are bought once
    assert paid < expected
    # What a kill cuts off in mid-air cannot be known to us: at most the calls in flight at that moment.
    assert paid <= bought <= paid + kills * connections


def test_a_model_that_stays_away_ends_the_run_and_it_resumes(folder: Path) -> None:
    with OpenAIServer(improve_anything) as server:
        port = int(re.findall(r":(\d+)/", server.base_url)[0])
    done = in_process(  # long before its patience ends
        "improve", "nearness.py", "--improver", "seed", "--model", "openai/small",
        "--base-url", f"http://127.0.0.1:{port}/v1", "--max-time", "2", "--out", "runs/one", cwd=folder,
    )  # fmt: skip
    assert done.returncode in (1, 3) and "selftaught resume runs/one" in done.stderr
    with OpenAIServer(improve_anything, port=port):
        assert in_process("resume", "one", cwd=folder).returncode == 0
