"""What every model behind a server must do, whatever it speaks: subclass, override `server_class` and `model_of`."""

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import pytest

from models.conformance import PROMPT, LanguageModelSuite
from models.server_errors import FACTS, body_of
from openai_server import Fault, OpenAIServer
from selftaught.core.contracts import LanguageModel, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.retrying import FailedAttempt, RetryPolicy

KEY = "sk-very-secret"
FINISHED = {"too long": "too long", "refused": "content_filter"}
PROMPTS_FAULT = [fact for fact in FACTS if fact["means"] in FINISHED and "output_limit" not in fact]
OURS = [fact for fact in FACTS if fact["means"] in ("key", "nothing left", "unknown model", "output limit", "wrong")]
HASTY = RetryPolicy(attempts=4, first_seconds=0.01, longest_seconds=0.3)

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
    Fault(raw='{"choices": ' + "[" * 100_000),
    Fault(502, message="<html>"),
]


EXPLODING = {
    "lists": '{"choices": [' + "[]," * 2_000_000 + "[]]}",
    "objects": "[" + '{"a":1},' * 200_000 + "{}]",
    "depth": "[" * 8_000_000,
    "digits": "[" + ",".join(["9" * 4000] * 1000) + "]",
    "a-text": '["' + "a" * (9 << 20) + '"]',
}


def needs(sdk: str, extra: str) -> pytest.MarkDecorator:
    """Skips where the SDK is not installed. It is not imported here: that takes a second."""
    try:
        lacks = find_spec(sdk) is None
    except ModuleNotFoundError:
        lacks = True
    return pytest.mark.skipif(lacks, reason=f"needs the extra `{extra}`")


def ask_options(**more: Any) -> AskOptions:
    return AskOptions(**{"retry_policy": HASTY, "timeout_seconds": 5.0, **more})


class ServedModelSuite(LanguageModelSuite):
    """The law of `LanguageModel` where a server can fail."""

    server_class: type[OpenAIServer]
    key_variable: str
    ends_in = ""
    takes_n = True

    def model_of(self, name: str, server: Endpoint, ask_options: AskOptions) -> LanguageModel:
        raise NotImplementedError

    def at(self, server: OpenAIServer | str, name: str = "small", **more: Any) -> LanguageModel:
        url = server if isinstance(server, str) else server.base_url
        return self.model_of(name, Endpoint(url, KEY, self.key_variable, self.ends_in), ask_options(**more))

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
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        faults = Fault(500, message=f"key {KEY}"), Fault(429), Fault(body="truncated"), Fault(400, message="no")
        with self.faulty(*faults) as server:
            with pytest.raises(ModelUnavailable, match=r"\(4 attempts\)"):
                self.at(server, retry_policy=retry_policy)([PROMPT])
        assert [one.error.partition("answered ")[2][:4] for one in told] == ["500:", "429:", "with", "400:"]
        assert [one.billed for one in told] == [False, False, True, False]
        assert [one.kind for one in told] == ["500", "429", "malformed", "400"]
        assert [one.wait_seconds > 0 for one in told] == [True, True, True, False]
        assert all(KEY not in one.error and "\n" not in one.error and 0 < one.seconds < 5 for one in told)

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (Fault(529), "529"),
            (Fault(raw='{"error": {"code": 429, "message": "slow down (503)"}}'), "429"),
            (Fault(401, message="answered 500"), "401"),
            (Fault(body="cut"), "broken off"),
            (Fault(raw="null"), "malformed"),
            (Fault(seconds=2.0), "timeout"),
        ],
        ids=str,
    )
    def test_a_failure_has_a_kind_of_few_whatever_its_words(self, fault: Fault, kind: str) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(attempts=1, failed=told.append)
        with self.faulty(fault) as server, pytest.raises(ModelUnavailable):
            self.at(server, retry_policy=retry_policy, timeout_seconds=0.7)([PROMPT])
        assert [one.kind for one in told] == [kind]

    def test_a_hang_is_a_failure_in_time(self) -> None:
        with self.faulty(*[Fault(seconds=20)] * 2) as server:
            began = time.monotonic()
            with pytest.raises(ModelUnavailable, match=r"no complete answer in 0.3 s \(2 attempts\)"):
                self.at(server, timeout_seconds=0.3, retry_policy=RetryPolicy(attempts=2, first_seconds=0.01))([PROMPT])
            assert time.monotonic() - began < 15

    def test_a_trickle_is_a_failure_in_time(self) -> None:
        with self.faulty(Fault(body="trickle")) as server:
            with pytest.raises(ModelUnavailable, match="no complete answer in 0.3 s"):
                self.at(server, timeout_seconds=0.3, retry_policy=RetryPolicy(attempts=1))([PROMPT])

    def test_a_head_that_trickles_is_a_failure_in_time(self) -> None:
        with self.faulty(None, Fault(body="slow head")) as server:
            model = self.at(server, timeout_seconds=0.5, retry_policy=RetryPolicy(attempts=1))
            assert model([PROMPT])[0].text == "hello"  # so that the second answer comes over a connection that was kept
            with pytest.raises(ModelUnavailable, match="no complete answer in 0.5 s"):
                model([PROMPT])

    @pytest.mark.parametrize("raw", EXPLODING)
    def test_what_would_become_much_more_than_it_is_is_not_decoded(self, raw: str) -> None:
        with self.faulty(Fault(raw=EXPLODING[raw])) as server:
            with pytest.raises(ModelUnavailable, match="answered with too much: "):
                self.at(server, retry_policy=RetryPolicy(attempts=1))([PROMPT])

    @pytest.mark.parametrize("raw", EXPLODING)
    def test_an_error_that_would_become_much_more_than_it_is_is_one(self, raw: str) -> None:
        with self.faulty(Fault(500, raw=EXPLODING[raw])) as server:
            with pytest.raises(ModelUnavailable, match="answered (500|with too much)"):
                self.at(server, retry_policy=RetryPolicy(attempts=1))([PROMPT])

    def test_a_body_that_unpacks_to_too_much_is_not_unpacked(self) -> None:
        packed = gzip.compress(b" " * (1 << 28), 9)
        with self.faulty(Fault(raw=packed, headers={"content-encoding": "gzip"})) as server:
            with pytest.raises(ModelUnavailable, match="too much: more than 64 MiB"):
                self.at(server, retry_policy=RetryPolicy(attempts=1))([PROMPT])

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
    def test_a_server_that_is_not_there_is_named(self, url: str) -> None:
        with pytest.raises(ModelUnavailable, match=f"{url} cannot be reached: .*(is it running|is it spelt right)"):
            self.at(url, retry_policy=RetryPolicy(first_seconds=60))([PROMPT])

    def test_a_page_instead_of_an_answer_ends_the_first_call_at_once(self) -> None:
        page = Fault(raw="<!DOCTYPE html><html><head><title>Please log in</title></head></html>")
        with self.faulty(page, None, page) as server:
            with pytest.raises(ModelUnavailable, match="'Please log in'; is this the API"):
                self.at(server)([PROMPT])
            model = self.at(server)
            assert [model([PROMPT])[0].text for _ in "ab"] == ["hello", "hello"]  # later, it is one that may pass
            assert len(server.requests) == 4

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

    @pytest.mark.parametrize("fact", PROMPTS_FAULT, ids=lambda fact: f"{fact['server']} {fact['means']}")
    def test_whatever_a_server_says_of_a_prompt_is_an_answer(self, fact: dict[str, Any]) -> None:
        with self.faulty(Fault(fact["status"], raw=body_of(fact))) as server:
            (completion,) = self.at(server)([PROMPT])
        assert (completion.text, completion.finish_reason) == ("", FINISHED[fact["means"]])

    @pytest.mark.parametrize("fact", OURS, ids=lambda fact: f"{fact['server']} {fact['means']}")
    def test_what_is_not_about_the_prompt_ends_the_call_with_the_servers_own_words(self, fact: dict[str, Any]) -> None:
        with self.faulty(Fault(fact["status"], raw=body_of(fact))) as server:
            with pytest.raises(ModelUnavailable) as caught:
                self.at(server, max_output_tokens=fact.get("output_limit"))([PROMPT])
            assert len(server.requests) == 1 and fact["shown"] in str(caught.value)

    def test_what_nobody_explains_is_the_prompts_fault_once_another_was_answered(self) -> None:
        strange = Fault(400, message="messages: text content blocks must be non-empty")
        with self.faulty(None, strange, None) as server:
            model = self.at(server)
            answers = [model([prompt])[0] for prompt in (PROMPT, Prompt("", "", 0.7), PROMPT)]
        assert [(one.text, one.finish_reason == "rejected") for one in answers] == [
            ("hello", False), ("", True), ("hello", False)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("picked", "said", "told", "dropped"),
        [
            (1.7, "temperature: range: 0..1", 1.0, "temperature=1.7 as 1"),
            (1.7, "Temperature should be in [0.0, 1.5)", 1.5, "temperature=1.7 as 1.5"),
            (2.0, "Temperature should be in [0.0, 2.0)", 1.0, "temperature=2 as 1"),
            (1.2, "'temperature' does not support 1.2 with this model. Only the default (1) value is supported.", 1.0,
             "temperature=1.2 as 1"),
            (0.0, "`temperature` must be strictly positive", 0.01, "temperature=0 as 0.01"),
        ],
    )  # fmt: skip
    def test_a_temperature_that_a_guest_picks_is_clamped_to_what_the_server_says(
        self, picked: float, said: str, told: float, dropped: str
    ) -> None:
        with self.faulty(Fault(400, message=said)) as server:
            (completion,) = self.at(server)([Prompt("", "Hi", picked)])
            assert (completion.text, completion.dropped) == ("hello", dropped)
            assert f"'temperature': {told:g}" in str(server.requests[-1]).replace("1.0", "1")

    def test_a_temperature_that_is_refused_later_is_an_answer(self) -> None:
        only_one = Fault(400, message="'temperature' does not support 0.3. Only the default (1) value is supported.")
        with self.faulty(None, only_one) as server:
            model = self.at(server)
            assert [model([Prompt("", "Hi", one)])[0].finish_reason for one in (1.0, 0.3)][1] == "temperature"

    def test_a_temperature_that_no_value_helps_is_dropped_where_that_is_wanted(self) -> None:
        with self.faulty(Fault(400, message="temperature is deprecated for this model")) as server:
            (completion,) = self.at(server, temperature_policy="drop")([PROMPT])
            assert (completion.text, completion.dropped) == ("hello", "temperature=0.7")
            assert "temperature" not in str(server.requests[-1])

    def test_a_temperature_that_the_server_refuses_is_not_dropped_untold(self) -> None:
        with self.faulty(Fault(400, message="temperature is deprecated for this model")) as server:
            with pytest.raises(ModelUnavailable, match=r"`capability=temperature=no` `temperature_policy=drop`"):
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
                self.at(server, retry_policy=RetryPolicy(attempts=1))([PROMPT])

    def test_more_calls_than_a_server_takes_are_slowed_down_until_all_are_answered(self) -> None:
        retry_policy = RetryPolicy(first_seconds=0.02, longest_seconds=0.2)
        with self.faulty(most=4, seconds=0.02) as server:
            model = self.at(server, retry_policy=retry_policy, max_connections=32)
            assert len(model([PROMPT] * 100)) == 100

    def test_an_answer_in_pieces_is_the_answer_that_would_have_come_whole(self) -> None:
        takes = Capabilities(n=self.takes_n)
        with self.server_class(lambda request: "hé llo", key=KEY) as server:
            whole, pieces = (self.at(server, stream=how, capabilities=takes)([PROMPT] * 2) for how in ("off", "on"))
        for one, other in zip(whole, pieces, strict=True):
            assert replace(one, seconds=None) == replace(other, seconds=None) and one.text == "hé llo"
            assert (one.reasoning, one.response_id) == (other.reasoning, other.response_id)

    @pytest.mark.parametrize("fault", [Fault(504), Fault(524), Fault(body="cut"), Fault(body="reset")], ids=str)
    def test_what_was_cut_on_the_way_is_received_in_pieces_from_then_on(self, fault: Fault) -> None:
        with self.faulty(fault, None, None) as server:
            model = self.at(server)
            assert [model([PROMPT])[0].text for _ in range(2)] == ["hello", "hello"]
            assert server.streamed == [False, True, True]

    def test_where_streaming_is_off_it_stays_off(self) -> None:
        with self.faulty(Fault(504)) as server:
            assert self.at(server, stream="off")([PROMPT])[0].text == "hello"
            assert server.streamed == [False, False]

    @pytest.mark.parametrize("cut", ["cut", "reset", "truncated"])
    def test_a_stream_that_breaks_off_is_a_failed_attempt_that_may_have_cost(self, cut: str) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        with self.faulty(Fault(body=cut)) as server:
            assert self.at(server, stream="on", retry_policy=retry_policy)([PROMPT])[0].text == "hello"
        assert [one.billed for one in told] == [True]

    def test_a_stream_that_stalls_is_late(self) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(attempts=1, failed=told.append)
        with self.faulty(Fault(body="trickle")) as server, pytest.raises(ModelUnavailable, match="no complete answer"):
            self.at(server, stream="on", retry_policy=retry_policy, timeout_seconds=0.7)([PROMPT])
        assert [(one.kind, one.billed) for one in told] == [("timeout", True)]

    def test_an_error_in_the_midst_of_a_stream_is_that_error(self) -> None:
        error = self.server_class.wire.error(429, "slow down", None)
        raw = f"event: error\ndata: {json.dumps({'type': 'error', **error})}\n\n"
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        with self.faulty(Fault(raw=raw)) as server:
            with suppress(ModelUnavailable):
                self.at(server, stream="on", retry_policy=retry_policy)([PROMPT])
        assert "slow down" in told[0].error

    def test_half_of_a_character_at_the_end_of_a_piece_is_no_trouble(self) -> None:
        """Each byte comes alone, so that characters of several bytes are cut apart in every way."""
        with self.server_class(
            lambda request: "é€𝄞", faults=iter([Fault(body="bytes"), Fault(body="bytes")])
        ) as server:
            whole = self.at(server)([PROMPT])[0].text
            assert (whole, self.at(server, stream="on")([PROMPT])[0].text) == ("é€𝄞", "é€𝄞")

    def test_an_answer_that_ends_within_a_character_is_a_failed_attempt(self) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        with self.faulty(Fault(raw='{"choices": [{"message": {"content": "é'.encode()[:-1])) as server:
            assert self.at(server, retry_policy=retry_policy)([PROMPT])[0].text == "hello"
        assert [(one.kind, one.billed) for one in told] == [("malformed", True)]

    @pytest.mark.parametrize("body", [b'{"choices": "' + b"a" * (10 << 20) + b'"}', b"data: " + b"[" * (10 << 20)])
    def test_ten_mb_in_one_piece_are_a_failed_attempt(self, body: bytes) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        with self.faulty(Fault(raw=body)) as server:
            assert self.at(server, retry_policy=retry_policy, timeout_seconds=20)([PROMPT])[0].text == "hello"
        assert [(one.kind in ("too large", "malformed"), one.billed) for one in told] == [(True, True)]

    def test_a_date_in_the_past_asks_for_no_wait(self) -> None:
        told: list[FailedAttempt] = []
        retry_policy = RetryPolicy(first_seconds=0.01, failed=told.append)
        with self.faulty(Fault(429, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"})) as server:
            assert self.at(server, retry_policy=retry_policy)([PROMPT])[0].text == "hello"
        assert 0 <= told[0].wait_seconds < 0.1
