"""Hostile text is read beside this process: what takes too much is not read, and costs no thread here its time."""

import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from selftaught.bounded import CPU_SECONDS, NotRead, Reader
from selftaught.core.contracts import Prompt
from selftaught.experiments.bypass import by_tree
from selftaught.experiments.strategies import circumventions
from selftaught.models.mutate import Mutate

SLOW = 'x = f"' + "{a}" * 60_000 + '"\n'
"""Python 3.11 takes time with the square of it; later ones are quick, and give their answer."""


@pytest.fixture
def reader() -> "Reader":
    return Reader()


def endless() -> None:
    while True:
        pass


def large() -> bytes:
    return bytes(2 << 30)


def wrong() -> None:
    raise LookupError("ours")


def doubled(text: str) -> str:
    return text * 2


def test_a_function_gives_what_it_gives_here(reader: Reader) -> None:
    assert reader.call("test_bounded:doubled", "\ud800é") == "\ud800é\ud800é"
    reader.close()


@pytest.mark.parametrize("too_much", ["endless", "large"])
def test_what_takes_too_much_is_not_read_and_the_next_is(reader: Reader, too_much: str) -> None:
    with pytest.raises(NotRead):
        reader.call(f"test_bounded:{too_much}")
    assert reader.call("test_bounded:doubled", "a") == "aa"
    reader.close()


def test_a_forked_process_has_a_reader_of_its_own(reader: Reader) -> None:
    """One that was killed between its question and the answer would leave the answer to the next."""
    ours = reader.call("os:getpid")
    child = os.fork()
    if child == 0:
        os._exit(int(reader.call("os:getpid") == ours))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert reader.call("os:getpid") == ours
    reader.close()


def test_what_a_call_took_is_known_to_its_thread_alone(reader: Reader) -> None:
    with pytest.raises(NotRead):
        reader.call("test_bounded:endless")
    taken = reader.cpu_seconds_of_this_thread
    reader.call("test_bounded:doubled", "a" * 1_000_000)
    others: list[float] = []
    other = threading.Thread(target=lambda: others.append(reader.cpu_seconds_of_this_thread))
    other.start()
    other.join()
    assert (taken, others) == (CPU_SECONDS, [0.0])
    assert reader.cpu_seconds_of_this_thread > taken
    reader.close()


def test_a_fault_of_ours_is_raised(reader: Reader) -> None:
    with pytest.raises(RuntimeError, match="LookupError: ours"):
        reader.call("test_bounded:wrong")
    reader.close()


def test_other_threads_go_on_meanwhile(reader: Reader) -> None:
    over, counted = threading.Event(), 0

    def count() -> None:
        nonlocal counted
        while not over.wait(0.001):
            counted += 1

    counting = threading.Thread(target=count)
    counting.start()
    with pytest.raises(NotRead):
        reader.call("test_bounded:endless")
    over.set()
    counting.join()
    assert counted > 50
    reader.close()


HOST = """
import os, sys, threading
from selftaught.bounded import READER
def ask():
    print(READER.call("os:getpid"), flush=True)
asking = threading.Thread(target=ask)  # which ends, and the process with it is the reader's no more
asking.start()
asking.join()
print(READER.call("os:getpid"), flush=True)
sys.stdin.read()
"""


def test_a_stopped_reader_does_not_outlive_its_host() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout
        first, second = (int(host.stdout.readline()) for _ in range(2))
        assert first == second
        reader = os.pidfd_open(first)
        os.kill(first, signal.SIGSTOP)
        host.kill()
    try:
        assert select.select([reader], [], [], 20.0)[0], "it is still there"
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(reader, signal.SIGKILL)
        os.close(reader)


def test_the_model_mutate_does_not_parse_its_prompt_here(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = Prompt("x", f"```python\ndef algorithm(n):\n    return n\n{SLOW}```\n", 0.7)
    with monkeypatch.context() as patched:
        patched.setattr("ast.parse", wrong)
        (completion,) = Mutate(1)([prompt])
    assert completion.text.startswith(
        ("The program in the prompt cannot be read", "There is no Python program", "Idea: ")
    )


def test_experiments_do_not_parse_programs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ast.parse", wrong)
    source = (
        "def improve_algorithm(s, u, l):\n    u.uses = 0\n    return max(l.prompt('x', s), key=lambda c: u(c, False))\n"
    )
    assert by_tree(source).bypassed
    assert circumventions(source, []) == ("budget writes",)
    assert circumventions(SLOW * 3 + source, []) == ()
