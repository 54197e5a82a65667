"""What every model behind a server must do, whatever it speaks: subclass, override `server_class` and `model_of`."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from models.conformance import PROMPT, LanguageModelSuite
from openai_server import Fault, OpenAIServer
from selftaught.core.contracts import LanguageModel
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.asking import Manner
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.patience import Patience

KEY = "sk-very-secret"
HASTY = Patience(attempts=4, first_seconds=0.01, longest_seconds=0.3, busy_attempts=4)

MAY_PASS = [
    Fault(429),
    Fault(429, {"retry-after": "0"}),
    Fault(429, {"retry-after-ms": "20"}),
    Fault(500),
    Fault(502),
    Fault(503),
    Fault(529),
    Fault(408),
    Fault(body="cut"),
    Fault(body="reset"),
    Fault(body="truncated"),
    Fault(body="no choices"),
    Fault(raw=""),
    Fault(raw="null"),
    Fault(raw="[]"),
    Fault(raw="<html>"),
    Fault(raw='{"choices": ' + "[" * 100_000),
    Fault(502, message="<html>"),
]


def manner(**more: Any) -> Manner:
    return Manner(**{"patience": HASTY, "timeout_seconds": 5.0, **more})


class ServedModelSuite(LanguageModelSuite):
    """The law of `LanguageModel` where a server can fail."""

    server_class: type[OpenAIServer]
    key_variable: str
    ends_in = ""

    def model_of(self, name: str, server: Endpoint, manner: Manner) -> LanguageModel:
        raise NotImplementedError

    def at(self, server: OpenAIServer | str, name: str = "small", **more: Any) -> LanguageModel:
        url = server if isinstance(server, str) else server.base_url
        return self.model_of(name, Endpoint(url, KEY, self.key_variable, self.ends_in), manner(**more))

    def faulty(self, *faults: Fault | None, **more: Any) -> OpenAIServer:
        return self.server_class(lambda request: "hello", faults=iter(faults), **more)

    @pytest.fixture
    def model(self) -> Iterator[LanguageModel]:
        with self.server_class(lambda request: "hello", key=KEY) as server:
            yield self.at(server)

    @pytest.mark.parametrize("fault", MAY_PASS, ids=lambda fault: str(fault)[:120])
    def test_what_may_pass_is_tried_again(self, fault: Fault) -> None:
        with self.faulty(fault, fault) as server:
            assert self.at(server)([PROMPT])[0].text == "hello"
            assert len(server.requests) == 3

    @pytest.mark.parametrize("status", [400, 402, 403, 404, 422])
    def test_what_cannot_succeed_is_not_tried_again(self, status: int) -> None:
        with self.faulty(Fault(status, message="not like this")) as server:
            with pytest.raises(ModelUnavailable, match=rf"{status}\)?: .*not like this"):
                self.at(server)([PROMPT])
            assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [301, 307, 308])
    def test_a_redirect_does_not_take_the_key_elsewhere(self, status: int) -> None:
        with self.server_class(lambda request: "hello") as other:
            elsewhere = Fault(status, {"location": f"{other.base_url}/chat/completions"}, message="over there")
            with self.faulty(*[elsewhere] * 4) as server:
                with pytest.raises(ModelUnavailable, match=str(status)):
                    self.at(server)([PROMPT])
            assert not other.requests

    def test_a_key_that_is_refused_in_the_midst_of_a_run_ends_it_at_once(self) -> None:
        with self.faulty(*[None] * 49, Fault(401, message=f"bad key {KEY}")) as server:
            model = self.at(server)
            assert len(model([PROMPT] * 49)) == 49
            with pytest.raises(ModelUnavailable, match=rf"refused the key.*check {self.key_variable}") as caught:
                model([PROMPT])
            assert len(server.requests) == 50 and KEY not in str(caught.value)

    def test_each_failed_attempt_is_told(self) -> None:
        told: list[tuple[str, float, bool]] = []
        patience = Patience(3, 0.01, failed=lambda *failure: told.append(failure))
        faults = Fault(500, message=f"key {KEY}"), Fault(429), Fault(body="truncated"), Fault(400, message="no")
        with self.faulty(*faults) as server:
            with pytest.raises(ModelUnavailable, match=r"\(4 attempts\)"):
                self.at(server, patience=patience)([PROMPT])
        assert [message.partition("answered ")[2][:4] for message, _, _ in told] == ["500:", "429:", "with", "400:"]
        assert [billed for _, _, billed in told] == [False, False, True, False]
        assert all(KEY not in message and "\n" not in message and 0 < seconds < 5 for message, seconds, _ in told)

    def test_a_hang_is_a_failure_in_time(self) -> None:
        with self.faulty(*[Fault(seconds=20)] * 2) as server:
            began = time.monotonic()
            with pytest.raises(ModelUnavailable, match=r"no whole answer in 0.3 s \(2 attempts\)"):
                self.at(server, timeout_seconds=0.3, patience=Patience(attempts=2, first_seconds=0.01))([PROMPT])
            assert time.monotonic() - began < 15

    def test_a_trickle_is_a_failure_in_time(self) -> None:
        with self.faulty(Fault(body="trickle")) as server:
            with pytest.raises(ModelUnavailable, match="no whole answer in 0.3 s"):
                self.at(server, timeout_seconds=0.3, patience=Patience(attempts=1))([PROMPT])

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
    def test_a_server_that_is_not_there_is_named(self, url: str) -> None:
        with pytest.raises(ModelUnavailable, match=f"{url} cannot be reached: .*is it running"):
            self.at(url, patience=Patience(attempts=2, first_seconds=0.01))([PROMPT])

    def test_a_model_that_the_server_does_not_know_is_answered_with_those_that_it_has(self) -> None:
        with self.faulty() as server:
            with pytest.raises(ModelUnavailable, match="does not know unknown .*it has small, large"):
                self.at(server, "unknown")([PROMPT])

    def test_a_prompt_that_is_refused_is_an_empty_answer(self) -> None:
        """It is the guest's prompt: another one may be answered, and the run goes on."""
        with self.faulty(
            Fault(400, message="the prompt is flagged by content_filter", code="content_filter")
        ) as server:
            (completion,) = self.at(server)([PROMPT])
            assert (completion.text, completion.finish_reason, len(server.requests)) == ("", "content_filter", 1)

    def test_a_prompt_that_is_too_long_is_an_empty_answer(self) -> None:
        said = "prompt is too long: the maximum context length is 8; the input token count is 9"
        with self.faulty(Fault(400, message=said)) as server:
            (completion,) = self.at(server)([PROMPT])
            assert (completion.text, completion.finish_reason, len(server.requests)) == ("", "too long", 1)

    def test_a_temperature_that_the_server_refuses_is_not_dropped_untold(self) -> None:
        with self.faulty(Fault(400, message="temperature is deprecated for this model")) as server:
            with pytest.raises(ModelUnavailable, match=r"--capability temperature=no --temperature-policy drop"):
                self.at(server)([PROMPT])

    def test_a_temperature_is_dropped_where_that_is_wanted_and_told(self) -> None:
        with self.faulty() as server:
            takes = Capabilities(temperature=None)
            (completion,) = self.at(server, capabilities=takes, temperature_policy="drop")([PROMPT])
            assert completion.dropped == "temperature=0.7"
            assert "temperature" not in str(server.requests)

    def test_an_answer_of_another_number_is_not_taken(self) -> None:
        with self.faulty(Fault(raw="{}")) as server:
            with pytest.raises(ModelUnavailable, match="without any choice"):
                self.at(server, patience=Patience(attempts=1))([PROMPT])

    def test_more_calls_than_a_server_takes_are_slowed_down_until_all_are_answered(self) -> None:
        patience = Patience(attempts=2, first_seconds=0.02, longest_seconds=0.2)
        with self.faulty(most=4, seconds=0.02) as server:
            model = self.at(server, patience=patience, max_connections=32)
            assert len(model([PROMPT] * 100)) == 100
