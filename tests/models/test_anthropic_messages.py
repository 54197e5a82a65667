"""Anthropic's API through its own SDK, against a real server that speaks it and fails on demand."""

import pytest

from models.conformance import PROMPT
from models.served import KEY, ServedModelSuite, ask_options, needs
from openai_server import Fault, OpenAIServer
from other_servers import AnthropicServer
from selftaught.core.contracts import Completion, LanguageModel, Prompt
from selftaught.core.errors import UsageError
from selftaught.models.served.anthropic_messages import Anthropic
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.endpoint import Endpoint

pytestmark = needs("anthropic", extra="anthropic")


class TestConformance(ServedModelSuite):
    server_class = AnthropicServer
    key_variable = "ANTHROPIC_API_KEY"
    takes_n = False

    def model_of(self, name: str, server: Endpoint, ask_options: AskOptions) -> LanguageModel:
        return Anthropic(name, server, ask_options)


def served(server: OpenAIServer, **more: object) -> Anthropic:
    return Anthropic("small", Endpoint(server.base_url, KEY, "ANTHROPIC_API_KEY", ""), ask_options(**more))


def test_a_prompt_goes_out_whole_and_its_answer_comes_back_with_its_cost() -> None:
    with AnthropicServer(lambda request: "hello", key=KEY) as server:
        (completion,) = served(server)([PROMPT])
    (request,) = server.requests
    assert request == {
        "model": "small",
        "max_tokens": 16_384,
        "system": PROMPT.system,
        "messages": [{"role": "user", "content": PROMPT.user}],
        "temperature": 0.7,
    }
    assert completion == Completion("hello", 10, 5, "stop", "small", cached_tokens=3)


def test_where_no_temperature_is_told_the_newest_version_of_the_api_is_spoken() -> None:
    with AnthropicServer(lambda request: "hello", key=KEY) as server:
        takes = Capabilities(temperature=None)
        served(server, capabilities=takes, temperature_policy="drop", max_output_tokens=100)([Prompt("", "Hi", 0.7)])
    assert server.requests == [{"model": "small", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}]
    assert server.headers[0]["anthropic-version"] > "2023-06-01"


def test_a_model_that_takes_no_temperature_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match="accepts no temperature.*`temperature_policy=drop`"):
        Anthropic("new", Endpoint("http://localhost", KEY), AskOptions(Capabilities(temperature=None)))


@pytest.mark.parametrize(
    ("reason", "expected"), [("max_tokens", "length"), ("refusal", "content_filter"), ("pause_turn", "pause_turn")]
)
def test_how_an_answer_ended_is_told_in_one_vocabulary(reason: str, expected: str) -> None:
    fault = Fault(changed={"stop_reason": reason, "content": [], "usage": {"output_tokens_details": None}})
    with AnthropicServer(lambda request: "", faults=iter([fault])) as server:
        assert served(server)([PROMPT]) == [Completion("", None, None, expected, "small")]


def test_what_was_thought_is_counted() -> None:
    usage = {"input_tokens": 1, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 8}}
    with AnthropicServer(lambda request: "", faults=iter([Fault(changed={"usage": usage})])) as server:
        assert served(server)([PROMPT])[0].reasoning_tokens == 8
