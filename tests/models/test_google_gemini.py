"""Google's API through its own SDK, against a real server that speaks it and fails on demand."""

import pytest

from models.conformance import PROMPT
from models.served import KEY, ServedModelSuite, ask_options, needs
from openai_server import Fault, OpenAIServer
from other_servers import GoogleServer
from selftaught.core.address import working_at
from selftaught.core.contracts import Completion, LanguageModel
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.google_gemini import Gemini
from selftaught.models.served.retrying import FailedAttempt, RetryPolicy

pytestmark = needs("google.genai", extra="google")


class TestConformance(ServedModelSuite):
    server_class = GoogleServer
    key_variable = "GEMINI_API_KEY"

    def model_of(self, name: str, server: Endpoint, ask_options: AskOptions) -> LanguageModel:
        return Gemini(name, server, ask_options)


def served(server: OpenAIServer, **more: object) -> Gemini:
    return Gemini("small", Endpoint(server.base_url, KEY, "GEMINI_API_KEY", ""), ask_options(**more))


def test_a_prompt_goes_out_whole_and_its_answer_comes_back_with_its_cost() -> None:
    with GoogleServer(lambda request: "hello", key=KEY) as server:
        with working_at("/ask#0"):
            (completion,) = served(server, capabilities=Capabilities(seed=True), seed=1, max_output_tokens=9)([PROMPT])
    (request,) = server.requests
    assert 0 <= request["generationConfig"].pop("seed") < 2**31
    assert request == {
        "contents": [{"role": "user", "parts": [{"text": PROMPT.user}]}],
        "systemInstruction": {"role": "user", "parts": [{"text": PROMPT.system}]},
        "generationConfig": {"temperature": 0.7, "maxOutputTokens": 9},
    }
    assert completion == Completion("hello", 7, 5, "stop", "small", cached_tokens=1, reasoning_tokens=2)


def test_several_responses_come_from_one_call_where_the_model_gives_them() -> None:
    with GoogleServer(lambda request: "hello") as server:
        answers = served(server, capabilities=Capabilities(n=True))([PROMPT] * 3)
        assert [request["generationConfig"]["candidateCount"] for request in server.requests] == [3]
    assert [one.text for one in answers] == ["hello"] * 3
    assert [one.output_tokens for one in answers] == [5, 0, 0]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"candidates": [{"finishReason": "MAX_TOKENS", "content": {"parts": [{"text": "a"}]}}]}, ("a", "length")),
        ({"candidates": [{"finishReason": "SAFETY"}]}, ("", "content_filter")),
        ({"candidates": [{"content": {}}]}, ("", "")),
        ({"candidates": [], "promptFeedback": {"blockReason": "OTHER"}}, ("", "content_filter")),
        ({"candidates": [{"finishReason": "LANGUAGE"}]}, ("", "language")),
    ],
    ids=str,
)
def test_how_an_answer_ended_is_told_in_one_vocabulary(changed: dict[str, object], expected: tuple[str, str]) -> None:
    with GoogleServer(lambda request: "", faults=iter([Fault(changed=changed)])) as server:
        (completion,) = served(server)([PROMPT])
    assert (completion.text, completion.finish_reason) == expected


def test_the_server_is_waited_for_as_long_as_it_asks_in_the_body() -> None:
    with GoogleServer(lambda request: "hello", faults=iter([Fault(429)])) as server:
        told: list[FailedAttempt] = []
        served(server, retry_policy=RetryPolicy(first_seconds=0.001, failed=told.append))([PROMPT])
        assert [one.wait_seconds for one in told] == [0.05]


def test_a_key_that_is_no_good_is_told_as_one() -> None:
    fault = Fault(400, message="API key not valid. Please pass a valid API key.")
    with GoogleServer(lambda request: "", faults=iter([fault])) as server:
        with pytest.raises(ModelUnavailable, match="refused the key.*check GEMINI_API_KEY"):
            served(server)([PROMPT])
