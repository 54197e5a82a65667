"""Models that fail as no single request shows: one that hangs, one of two that is down, answers that are mixed up."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.conformance import PROMPT
from models.served import ask_options
from openai_server import Fault, OpenAIServer
from selftaught.core.contracts import Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped
from selftaught.models.calling import Called
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.retrying import RetryPolicy
from selftaught.models.waiting import Waiting


@pytest.fixture
def never() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_function_that_hangs_is_given_up_after_the_timeout(never: threading.Event) -> None:
    def hang(prompt: Prompt) -> str:
        never.wait()
        return "late"

    policy = RetryPolicy(attempts=2, first_seconds=0.01)
    with pytest.raises(ModelUnavailable, match=r"hang gave no answer in 0.2 s \(2 attempts\)"):
        Called(hang, ask_options=AskOptions(timeout_seconds=0.2, retry_policy=policy))([PROMPT])


def test_while_a_function_hangs_it_is_said_and_a_stop_ends_the_wait(never: threading.Event) -> None:
    asked, stop = threading.Event(), threading.Event()

    def hang(prompt: Prompt) -> str:
        asked.set()
        never.wait()
        return "late"

    def stopped() -> None:
        if stop.is_set():
            raise RunStopped("enough")

    waiting = Waiting()
    options = AskOptions(retry_policy=RetryPolicy(stop=stopped), waiting=waiting)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(Called(hang, ask_options=options), [PROMPT])
        asked.wait()
        assert [wait.what for wait in waiting.all()] == ["answers of hang"]
        stop.set()
        with pytest.raises(RunStopped):
            call.result(60)


def chat(server: str, **more: Any) -> OpenAIChat:
    return OpenAIChat("small", Endpoint(server), ask_options(**more))


def test_of_two_providers_one_that_is_down_does_not_hold_the_other() -> None:
    with OpenAIServer(lambda request: "hello") as up, OpenAIServer(lambda request: "", faults=_always(503)) as down:
        failing = threading.Event()
        over = threading.Event()

        def stop() -> None:
            if over.is_set():
                raise RunStopped("enough")

        policy = RetryPolicy(first_seconds=0.01, failed=lambda attempt: failing.set(), stop=stop)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(chat(down.base_url, retry_policy=policy), [PROMPT])
            failing.wait()
            assert [one.text for one in chat(up.base_url)([PROMPT] * 20)] == ["hello"] * 20
            over.set()
            with pytest.raises(RunStopped):
                waiting.result(60)


def _always(status: int) -> Iterator[Fault]:
    while True:
        yield Fault(status)


def test_each_answer_is_of_the_request_that_asked_for_it() -> None:
    """However they are timed: those that were asked first come last."""
    with OpenAIServer(
        lambda request: str(request["messages"][-1]["content"]).upper(), faults=_slower_first()
    ) as server:
        answers = chat(server.base_url)([Prompt("", f"p{number}", 0.5) for number in range(12)])
    assert [one.text for one in answers] == [f"P{number}" for number in range(12)]


def _slower_first() -> Iterator[Fault]:
    for number in range(12):
        yield Fault(seconds=(12 - number) / 40)


@pytest.mark.parametrize("after", [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", b"x" * 5000])
def test_what_a_server_sends_after_an_answer_is_no_answer_to_the_next_request(after: bytes) -> None:
    """Left over in the connection, it would be read as the next one's."""
    with OpenAIServer(
        lambda request: str(request["messages"][-1]["content"]), faults=iter([Fault(more=after)])
    ) as server:
        model = chat(server.base_url)
        assert [model([Prompt("", text, 0.5)])[0].text for text in ("one", "two", "three")] == ["one", "two", "three"]
