"""An answer that comes in pieces is the answer that would have come whole."""

import json
from typing import Any

import pytest

from models.conformance import PROMPT
from openai_server import Fault, OpenAIServer
from selftaught.core.contracts import Completion
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.asking import AskOptions
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.retrying import RetryPolicy
from selftaught.models.served.stream import together


def chunk(**delta: Any) -> dict[str, Any]:
    return {"id": "x", "model": "small", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


END = {"id": "x", "model": "small", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"id": "x", "model": "small", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}


def events(*chunks: dict[str, Any], done: bool = True) -> str:
    lines = [f"data: {json.dumps(one)}\n\n" for one in chunks]
    return ": a comment\n\n".join(["", *lines])[len(": a comment\n\n") :] + ("data: [DONE]\n\n" if done else "")


WHOLE = events(
    chunk(role="assistant"), chunk(reasoning_content="Hm."), chunk(content="hel"), chunk(content="lo"), END, USAGE
)


def model(server: OpenAIServer, **more: Any) -> OpenAIChat:
    return OpenAIChat(
        "small",
        Endpoint(server.base_url),
        AskOptions(**{"retry_policy": RetryPolicy(attempts=2, first_seconds=0.01), **more}),
    )


@pytest.mark.parametrize("stream", ["auto", "on", "off"])
def test_a_server_that_only_streams_is_understood(stream: str) -> None:
    with OpenAIServer(lambda request: "", faults=iter([Fault(raw=WHOLE)])) as server:
        (completion,) = model(server, stream=stream)([PROMPT])
        (request,) = server.requests
    assert completion == Completion("hello", 7, 5, "stop", "small")
    assert completion.reasoning == "Hm." and request.get("stream", False) == (stream == "on")


def test_what_a_gateway_cut_is_received_as_it_is_made_from_then_on() -> None:
    with OpenAIServer(
        lambda request: "", faults=iter([Fault(504, raw="upstream timed out"), Fault(raw=WHOLE)])
    ) as server:
        assert model(server)([PROMPT])[0].text == "hello"
        assert [request.get("stream", False) for request in server.requests] == [False, True]


def test_a_stream_that_breaks_off_is_a_failed_attempt_that_may_have_cost() -> None:
    told: list[bool] = []
    half = Fault(raw=events(chunk(content="hel"), done=False))
    retry_policy = RetryPolicy(attempts=2, first_seconds=0.01, failed=lambda attempt: told.append(attempt.billed))
    with OpenAIServer(lambda request: "", faults=iter([half, half])) as server:
        with pytest.raises(ModelUnavailable, match="broke off"):
            model(server, stream="on", retry_policy=retry_policy)([PROMPT])
    assert told == [True, True]


def test_an_error_in_a_stream_is_that_error() -> None:
    body = events(chunk(content="hel"), {"error": {"code": 401, "message": "No auth credentials found"}})
    with OpenAIServer(lambda request: "", faults=iter([Fault(raw=body)])) as server:
        with pytest.raises(ModelUnavailable, match="refused the key"):
            model(server)([PROMPT])


def test_several_choices_are_kept_apart() -> None:
    body = "".join(
        f"data: {json.dumps({'choices': [{'index': index, 'delta': {'content': text}, 'finish_reason': 'stop'}]})}\n"
        for index, text in ((1, "b"), (0, "a"), (1, "B"))
    )
    assert [choice["message"]["content"] for choice in together(body.encode())["choices"]] == ["a", "bB"]


def test_a_stream_of_many_pieces_is_joined_once() -> None:
    """A million pieces: where each made the whole text anew, it would take hours."""
    piece = b'data: {"choices": [{"delta": {"content": "ab"}}]}\n'
    (choice,) = together(piece * 1_000_000 + b"data: [DONE]\n")["choices"]
    assert choice["message"]["content"] == "ab" * 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'data: {"a": [' + b"[]," * 200_000 + b"[]]}\n",
        b"".join(b'data: {"choices": [{"index": %d}]}\n' % number for number in range(200)),
        b'data: {"choices": [{"delta": {"content": "' + b"a" * (5 << 20) + b'"}}]}\n',
    ],
    ids=["an-event", "choices", "nothing-after-it"],
)
def test_a_stream_that_would_become_much_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match="more than|broke off"):
        together(body)


def test_texts_of_a_stream_are_bounded_together() -> None:
    piece = b'data: {"choices": [{"delta": {"content": "' + b"a" * (5 << 20) + b'"}}]}\n'
    with pytest.raises(ValueError, match="characters"):
        together(2 * piece + b"data: [DONE]\n")


@pytest.mark.parametrize("choices", ["abc", [1], [{"index": "9" * 5000}], [{"delta": 1}], [{"message": [1]}], 7])
def test_pieces_of_another_shape_are_nonsense(choices: Any) -> None:
    raw = events({"choices": choices}, {"choices": [{"message": [1], "error": 1}]})
    faults = iter([Fault(raw=raw), Fault(raw=WHOLE)])
    with OpenAIServer(lambda request: "", faults=faults) as server:
        assert model(server)([PROMPT])[0].text == "hello"


def test_a_line_separator_within_a_text_ends_no_event() -> None:
    body = events(chunk(content="a\u2028b"), END).replace("\\u2028", "\u2028").encode()
    assert together(body)["choices"][0]["message"]["content"] == "a\u2028b"
