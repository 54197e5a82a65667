"""A run that asks two providers, of which one is down: what the other answered is kept, and nothing is bought twice."""

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.support import in_process
from nearness import TASK
from openai_server import Fault, OpenAIServer, improve_anything
from other_servers import AnthropicServer
from selftaught.runs.records import Answered, Tried
from selftaught.runs.store import Store

RUN = (
    "run", "nearness.py", "--depth", "1", "--preset", "quick", "--improver", "seed", "--no-probes", "--out", "r",
    "--improver-model", "anthropic/claude-3-opus", "--task-model", "vllm/small", "--capability", "n=no",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


@pytest.fixture
def port() -> int:
    """One at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def up() -> Iterator[OpenAIServer]:
    with OpenAIServer(improve_anything) as server:
        yield server


def where(up: OpenAIServer, port: int) -> dict[str, str]:
    return {
        "VLLM_BASE_URL": up.base_url,
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "sk-planted",
    }


def on_record(folder: Path) -> tuple[list[Answered], list[Tried]]:
    """The responses that were bought, and the attempts that failed."""
    with Store.open(folder / "r" / "run.sqlite", writable=False) as store:
        told = list(store)
    return [r for r in told if isinstance(r, Answered) and not r.shared], [r for r in told if isinstance(r, Tried)]


@pytest.mark.parametrize("down", ["refuses", "overloaded"])
def test_one_that_stays_down_ends_the_run_and_a_resume_buys_only_what_is_missing(
    folder: Path, up: OpenAIServer, port: int, down: str
) -> None:
    if down == "refuses":
        done = in_process(*RUN, cwd=folder, **where(up, port))
        said = f"http://127.0.0.1:{port} cannot be reached: [Errno 111] Connection refused; is it running?"
    else:
        with AnthropicServer(improve_anything, faults=itertools.repeat(Fault(529)), port=port):
            done = in_process(*RUN, "--patience", "2", cwd=folder, **where(up, port))
        said = f"http://127.0.0.1:{port} answered 529: a fault of the test's"
    assert done.returncode == 1 and "Traceback" not in done.stderr
    last = " ".join(done.stderr.split())
    assert said in last and "selftaught resume r" in last
    assert up.base_url not in last[last.index(said) :]
    answered, tried = on_record(folder)
    assert {record.role for record in answered} == {"solution"} and {record.role for record in tried} == {"improver"}
    assert len(answered) == len(up.requests) > 0

    with AnthropicServer(improve_anything, port=port) as back:
        more = in_process("resume", "r", cwd=folder, **where(up, port))
        assert more.returncode == 0, more.stderr
        answered, _ = on_record(folder)
        of = [record.role for record in answered]
        assert (of.count("solution"), of.count("improver")) == (len(up.requests), len(back.requests))
        assert len(back.requests) > 0


def test_one_that_is_down_for_a_while_is_waited_for(folder: Path, up: OpenAIServer, port: int) -> None:
    with AnthropicServer(improve_anything, faults=iter([Fault(529), Fault(503)]), port=port) as server:
        done = in_process(*RUN, "--max-connections", "1", cwd=folder, **where(up, port))
        assert done.returncode == 0, done.stderr
        answered, tried = on_record(folder)
        assert [(record.role, record.failure) for record in tried] == [("improver", "529"), ("improver", "503")]
        assert len(answered) == len(up.requests) + len(server.requests) - 2
