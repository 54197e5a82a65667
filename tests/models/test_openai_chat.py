"""The OpenAI-compatible model, against a real HTTP server that fails on demand."""

import itertools
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

import pytest

from models.conformance import PROMPT
from models.served import ServedModelSuite
from openai_server import Fault, OpenAIServer
from selftaught.core.address import working_at
from selftaught.core.contracts import Completion, LanguageModel, Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped, UsageError
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.retrying import RetryPolicy

KEY = "sk-very-secret"
HASTY = RetryPolicy(attempts=4, first_seconds=0.01, longest_seconds=0.3)


def chat(server: OpenAIServer | str, model: str = "small", **more: Any) -> OpenAIChat:
    url = server if isinstance(server, str) else server.base_url
    return OpenAIChat(model, Endpoint(url, KEY), AskOptions(**{"retry_policy": HASTY, "timeout_seconds": 5, **more}))


def faulty(*faults: Fault | None) -> OpenAIServer:
    return OpenAIServer(lambda request: "hello", faults=iter(faults))


class TestConformance(ServedModelSuite):
    server_class = OpenAIServer
    key_variable = "OPENAI_API_KEY"
    ends_in = "/v1"

    def model_of(self, name: str, server: Endpoint, ask_options: AskOptions) -> LanguageModel:
        return OpenAIChat(name, server, ask_options)


def test_a_prompt_goes_out_whole_and_its_answer_comes_back_with_its_cost() -> None:
    with OpenAIServer(lambda request: "hello") as server:
        (completion,) = chat(server)([PROMPT])
    (request,) = server.requests
    assert request["messages"] == [
        {"role": "system", "content": PROMPT.system},
        {"role": "user", "content": PROMPT.user},
    ]
    assert (request["model"], request["temperature"], "n" in request) == ("small", 0.7, False)
    assert completion == Completion("hello", len(str(request["messages"])) // 4, 1, "stop", "small")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(raw='{"error": {"message": "upstream is overloaded"}}'),
        Fault(changed={"choices": [None]}),
        Fault(changed={"choices": {"a": 1}}),
        Fault(changed={"choices": [{"finish_reason": "stop"}]}),
        Fault(changed={"choices": [{"message": "hello"}]}),
        Fault(changed={"choices": [{"message": {"content": 5}}]}),
    ],
    ids=lambda fault: str(fault)[:160],
)
def test_what_servers_make_of_a_failure_is_tried_again(fault: Fault) -> None:
    with faulty(fault, fault) as server:
        assert chat(server)([PROMPT])[0].text == "hello"
        assert len(server.requests) == 3


def test_patience_has_an_end() -> None:
    with faulty(*[Fault(500)] * 10) as server:
        with pytest.raises(ModelUnavailable, match=r"answered 500.*\(4 attempts\)"):
            chat(server)([PROMPT])
        assert len(server.requests) == 4


def test_the_server_is_waited_for_as_long_as_it_asks() -> None:
    with faulty(Fault(429, {"retry-after": "0.25"})) as server:
        began = time.monotonic()
        chat(server)([PROMPT])
        assert time.monotonic() - began >= 0.25


def test_a_date_to_wait_for_is_understood() -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    with faulty(Fault(429, {"retry-after": format_datetime(soon, usegmt=True)})) as server:
        chat(server, retry_policy=RetryPolicy(first_seconds=0.001, longest_seconds=0.2))([PROMPT])
        assert datetime.now(UTC) >= soon - timedelta(milliseconds=100)


def test_an_empty_account_is_not_waited_for() -> None:
    with faulty(Fault(429, message="You exceeded your quota", code="insufficient_quota")) as server:
        with pytest.raises(ModelUnavailable, match="no credit"):
            chat(server)([PROMPT])
        assert len(server.requests) == 1


def test_a_server_that_asks_for_too_long_a_rest_ends_the_run_at_once() -> None:
    with faulty(Fault(429, {"retry-after": "3600"})) as server:
        with pytest.raises(ModelUnavailable, match="429.*it asks for a pause of 3600 s"):
            chat(server)([PROMPT])
        assert len(server.requests) == 1


def test_the_seconds_of_an_answer_are_its_own_calls() -> None:
    """Neither the failed attempt's nor the wait's."""
    failed_at: list[float] = []
    with OpenAIServer(lambda request: "hello", faults=iter([Fault(500, seconds=0.2)])) as server:
        retry_policy = RetryPolicy(first_seconds=1.0, failed=lambda *told: failed_at.append(time.monotonic()))
        (answer,) = chat(server, retry_policy=retry_policy)([PROMPT])
        since_the_failure = time.monotonic() - failed_at[0]
    assert answer.seconds is not None and 0 < answer.seconds <= since_the_failure - 0.75


def test_a_stop_ends_a_long_wait() -> None:
    def stop() -> None:
        raise RunStopped("enough")

    with faulty(Fault(429, {"retry-after": "50"})) as server:
        retry_policy = RetryPolicy(longest_seconds=60, stop=stop)
        with pytest.raises(RunStopped, match="enough"):
            chat(server, retry_policy=retry_policy)([PROMPT])


def test_calls_that_queue_when_the_run_is_stopped_are_not_made() -> None:
    stopped = threading.Event()

    def stop() -> None:
        if stopped.is_set():
            raise RunStopped("enough")

    with OpenAIServer(lambda request: "hello" if stopped.wait(60) else None) as server:
        model = chat(server, max_connections=2, timeout_seconds=60, retry_policy=RetryPolicy(stop=stop))
        with ThreadPoolExecutor(12) as threads:
            asked = [threads.submit(model, [PROMPT]) for _ in range(12)]
            while len(server.requests) < 2:
                time.sleep(0.01)
            stopped.set()
        ends = [call.exception() for call in asked]
        assert len(server.requests) == 2
        assert [type(end) for end in ends if end] == [RunStopped] * 10


def test_several_prompts_are_asked_at_once_and_answered_in_order() -> None:
    all_there = threading.Barrier(8)

    def echo(request: dict[str, Any]) -> str:
        all_there.wait(60)
        return str(request["messages"][1]["content"])

    with OpenAIServer(echo) as server:
        model = chat(server, timeout_seconds=60)
        texts = [c.text for c in model([Prompt("", str(number), 0.7) for number in range(8)])]
    assert texts == list("01234567")


def test_an_empty_answer_is_an_answer() -> None:
    with OpenAIServer(lambda request: None) as server:
        assert chat(server)([PROMPT])[0].text == ""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"usage": None}, Completion("hello", None, None, "stop", "small")),
        ({"usage": {"prompt_tokens": "9", "completion_tokens": -1}}, Completion("hello", None, None, "stop", "small")),
        ({"usage": [], "model": None}, Completion("hello", None, None, "stop", "small")),
        (
            {"usage": {"prompt_tokens": 1}, "choices": [{"message": {"content": [{"type": "text", "text": "a"}]}}]},
            Completion("a", 1, None, "", "small"),
        ),
        (
            {"usage": {}, "choices": [{"finish_reason": "content_filter", "message": {"refusal": "no"}}]},
            Completion("", None, None, "content_filter", "small"),
        ),
        ({"usage": {}, "choices": [{"message": {"content": "a\ud800b"}}]}, Completion("a?b", None, None, "", "small")),
    ],
    ids=str,
)
def test_what_servers_make_of_the_protocol(changed: dict[str, object], expected: Completion) -> None:
    with faulty(Fault(changed=changed)) as server:
        assert chat(server)([PROMPT]) == [expected]


def test_more_choices_than_asked_for_are_not_taken_silently() -> None:
    with faulty(Fault(body="two choices")) as server, pytest.raises(ModelUnavailable, match="2 choices; one was asked"):
        chat(server)([PROMPT])


def test_a_refused_key_is_said_and_never_shown() -> None:
    with OpenAIServer(lambda request: "hello", key="another") as server:
        with pytest.raises(ModelUnavailable, match="refused the key") as caught:
            chat(server)([PROMPT])
    assert KEY not in str(caught.value) and "OPENAI_API_KEY" in str(caught.value)


@pytest.mark.parametrize("padding", [0, 230, 255, 270])
@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_key_that_the_server_repeats_is_not_told(status: int, padding: int) -> None:
    """Nor the half of it that stands where the message is cut."""
    said = "x" * padding + f" Incorrect API key provided: {KEY}"
    with faulty(*[Fault(status, message=said)] * 4) as server, pytest.raises(ModelUnavailable) as caught:
        chat(server)([PROMPT])
    assert KEY[:6] not in str(caught.value)


@pytest.mark.parametrize("key", ["ключ", "sk-\nx", "sk-\x00"])
def test_a_key_that_cannot_be_sent_is_refused_at_once(key: str) -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as caught:
        Endpoint("http://localhost/v1", key)
    assert key not in str(caught.value)


def test_an_unreachable_server_is_named_with_a_hint() -> None:
    model = chat("http://127.0.0.1:9", retry_policy=RetryPolicy(attempts=1))
    with pytest.raises(
        ModelUnavailable, match=r"127.0.0.1:9 cannot be reached: .*; is it running\? Most base URLs end in /v1"
    ):
        model([PROMPT])


def test_calls_in_flight_are_bounded_and_as_many_as_allowed() -> None:
    with OpenAIServer(lambda request: "hello", seconds=0.1) as server:
        model = chat(server, max_connections=8)
        threads = [threading.Thread(target=model, args=([PROMPT],)) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.most_in_flight == 8


def test_a_fifth_of_all_calls_may_fail() -> None:
    chance = random.Random(1)
    kinds = [Fault(429), Fault(500), Fault(502), Fault(body="cut"), Fault(body="truncated")]
    faults = (chance.choice(kinds) if chance.random() < 0.2 else None for _ in itertools.count())
    with OpenAIServer(lambda request: "hello", faults=faults) as server:
        model = chat(server, retry_policy=RetryPolicy(attempts=8, first_seconds=0.001, longest_seconds=0.01))
        assert [model([PROMPT])[0].text for _ in range(300)] == ["hello"] * 300


def test_equal_prompts_are_one_call_where_the_model_gives_several_responses() -> None:
    with OpenAIServer(lambda request: request["messages"][1]["content"]) as server:
        prompts = [Prompt("", user, 0.7) for user in "abaaaaaaaaab"]
        answers = chat(server, capabilities=Capabilities(n=True))(prompts)
        assert [one.text for one in answers] == list("abaaaaaaaaab")
        assert sorted(request.get("n", 1) for request in server.requests) == [2, 2, 8]
        spent = sum(one.input_tokens or 0 for one in answers)  # each call's, once
        assert spent == sum(len(str(request["messages"])) // 4 for request in server.requests)


@pytest.mark.parametrize(("body", "given"), [("one choice", 1), ("two choices", 2)])
def test_another_number_of_responses_than_asked_for_is_said_with_what_to_do(body: str, given: int) -> None:
    with faulty(Fault(body=body)) as server:
        model = chat(server, capabilities=Capabilities(n=True))
        with pytest.raises(ModelUnavailable, match=rf"gave {given} choices; 3 were asked for.*`capability=n=no`"):
            model([PROMPT] * 3)
        assert len(server.requests) == 1


def test_an_answer_that_was_cut_by_its_limit_says_so() -> None:
    changed = {"choices": [{"finish_reason": "length", "message": {"content": "def f("}}]}
    with faulty(Fault(changed=changed)) as server:
        takes = Capabilities(token_limit="max_completion_tokens")
        (completion,) = chat(server, capabilities=takes, max_output_tokens=3)([PROMPT])
        assert (completion.text, completion.finish_reason) == ("def f(", "length")
        assert server.requests[0]["max_completion_tokens"] == 3


def test_draws_have_seeds_of_their_own_that_repeat_with_the_run() -> None:
    def seeds(run: int, *addresses: str) -> list[int]:
        with OpenAIServer(lambda request: "hi") as server:
            for address in addresses:
                with working_at(address):
                    chat(server, capabilities=Capabilities(seed=True), seed=run)([PROMPT])
            return [request["seed"] for request in server.requests]

    assert seeds(1, "/a#0", "/a#1") == seeds(1, "/a#0", "/a#1")
    assert len({*seeds(1, "/a#0", "/a#1"), *seeds(2, "/a#0", "/a#1")}) == 4
    with OpenAIServer(lambda request: "hi") as server:  # outside of a run there is nothing to repeat
        chat(server, capabilities=Capabilities(seed=True), seed=1)([PROMPT])
        assert "seed" not in server.requests[0]


def test_what_was_cached_reasoned_and_paid_is_told() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens_details": {"reasoning_tokens": 6}}
    usage = {"prompt_tokens": 9, "completion_tokens": 8, "cost": 0.25, **details}
    with faulty(Fault(changed={"usage": usage})) as server:
        expected = Completion("hello", 9, 8, "stop", "small", cached_tokens=5, reasoning_tokens=6, cost=0.25)
        assert chat(server)([PROMPT]) == [expected]


@pytest.mark.parametrize("cost", ["1", -1, True, None, [], 1e400])
def test_a_cost_that_is_none_is_not_taken(cost: object) -> None:
    with faulty(Fault(changed={"usage": {"cost": cost}})) as server:
        assert chat(server)([PROMPT])[0].cost is None


@pytest.mark.parametrize("policy", ["clamp", "drop"])
def test_a_temperature_beyond_what_the_model_takes_is_clamped_and_told(policy: Literal["clamp", "drop"]) -> None:
    with OpenAIServer(lambda request: "hi") as server:
        model = chat(server, capabilities=Capabilities(temperature=1.0), temperature_policy=policy)
        cool, clamped = model([PROMPT, Prompt("", "Hi", 1.5)])
        assert (cool.dropped, clamped.dropped) == ("", "temperature=1.5 as 1")
        assert sorted(request["temperature"] for request in server.requests) == [0.7, 1.0]


def test_a_larger_answer_than_any_is_not_read_to_its_end() -> None:
    with faulty(Fault(raw=" " * (65 << 20))) as server, pytest.raises(ModelUnavailable, match="more than 64 MiB"):
        chat(server, timeout_seconds=60, retry_policy=RetryPolicy(attempts=1))([PROMPT])
