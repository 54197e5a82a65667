"""The span of a model call has the model's own time; what was before it are its events."""

from pathlib import Path

import pytest

from cli.support import QUICK, in_process
from middleware.tracing.receiver import Received, Receiver
from nearness import TASK
from openai_server import Fault, OpenAIServer
from selftaught.runs.records import Answered, Scored, Tried
from selftaught.runs.store import Store

ERROR = 2
RAISES = "```python\ndef algorithm(x):\n    raise ValueError\n```"
BETTER = "```python\ndef algorithm(x):\n    return 0.75\n```"


def improve(folder: Path, server: OpenAIServer, receiver: Receiver, *flags: str, code: int = 0) -> None:
    (folder / "nearness.py").write_text(TASK)
    done = in_process(
        "improve", "nearness.py", "--model", "openai/small", "--base-url", server.base_url, *QUICK[4:], "--responses",
        "1", *flags, "--out", "one", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
    )  # fmt: skip
    assert done.returncode == code, done.stderr


def records_of(folder: Path) -> list[object]:
    store = Store.open(folder / "one" / "run.sqlite", writable=False)
    try:
        return list(store)
    finally:
        store.close()


def the_chat(receiver: Receiver) -> Received:
    (chat,) = receiver.named("chat")
    return chat


def test_failed_attempts_and_waits_are_events_before_the_span(tmp_path: Path) -> None:
    faults = iter([Fault(429, {"retry-after": "0.1"}, message="slow down"), Fault(500, {"retry-after": "0.1"})])
    with OpenAIServer(lambda request: BETTER, faults=faults) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel", "--model-calls", "1")
    chat = the_chat(receiver)
    assert chat.attributes["selftaught.attempts"] == 3
    failed = [event for event in chat.events if event.name == "selftaught.attempt_failed"]
    assert [event.attributes["error.type"] for event in failed] == ["429", "500"]
    assert [event.attributes["selftaught.attempt"] for event in failed] == [1, 2]
    waits = [event for event in chat.events if event.name == "selftaught.wait"]
    assert sum(event.attributes["selftaught.seconds"] for event in waits) == pytest.approx(
        chat.attributes["selftaught.waited_seconds"], abs=0.05
    )
    assert sum(event.attributes["selftaught.seconds"] for event in waits) >= 0.2
    assert all(event.at <= chat.began for event in chat.events)
    assert "slow down" not in str(chat.events)
    assert len([record for record in records_of(tmp_path) if isinstance(record, Tried)]) == 2


def test_with_content_a_failed_attempt_says_what_the_server_said(tmp_path: Path) -> None:
    faults = iter([Fault(429, {"retry-after": "0"}, message="slow down")])
    with OpenAIServer(lambda request: BETTER, faults=faults) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel-content", "--model-calls", "1")
    (event,) = [one for one in the_chat(receiver).events if one.name == "selftaught.attempt_failed"]
    assert "slow down" in event.attributes["selftaught.message"]


def test_a_call_that_fails_for_good_has_the_time_of_its_last_attempt_and_its_status(tmp_path: Path) -> None:
    with OpenAIServer(lambda request: BETTER, faults=iter([Fault(401)])) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel", "--model-calls", "1", code=1)
    chat = the_chat(receiver)
    assert (chat.status, chat.attributes["error.type"], chat.attributes["selftaught.attempts"]) == (ERROR, "401", 1)
    (tried,) = [record for record in records_of(tmp_path) if isinstance(record, Tried)]
    assert chat.seconds == pytest.approx(tried.seconds, abs=1e-4)
    (run,) = receiver.named("invoke_workflow")
    assert (run.status, run.attributes["error.type"]) == (ERROR, "ModelUnavailable")


def test_a_span_takes_as_long_as_the_model_however_long_the_queue(tmp_path: Path) -> None:
    with OpenAIServer(lambda request: BETTER, seconds=0.2) as server, Receiver() as receiver:
        improve(
            tmp_path, server, receiver, "--otel", "--improver", "seed", "--responses", "4", "--max-connections", "1",
            "--capability", "n=no",
        )  # fmt: skip
    chats = {span.attributes["selftaught.address"]: span for span in receiver.named("chat")}
    answered = [record for record in records_of(tmp_path) if isinstance(record, Answered)]
    assert len(answered) == len(chats) > 2
    for record in answered:
        assert chats[record.draw or record.at].seconds == pytest.approx(record.seconds, abs=1e-4)


def test_what_a_call_asked_for_and_what_it_cost(tmp_path: Path) -> None:
    with OpenAIServer(lambda request: BETTER) as server, Receiver() as receiver:
        improve(
            tmp_path, server, receiver, "--otel", "--model-calls", "1", "--max-output-tokens", "500",
            "--price", "1000,2000",
        )  # fmt: skip
    chat = the_chat(receiver)
    (answered,) = [record for record in records_of(tmp_path) if isinstance(record, Answered)]
    assert chat.attributes["gen_ai.request.max_tokens"] == 500
    assert answered.cost and chat.attributes["llm.cost.total"] == pytest.approx(answered.cost)
    assert chat.attributes["selftaught.price_source"] == answered.price_source


def test_guests_that_fail_have_the_status_of_an_error(tmp_path: Path) -> None:
    with OpenAIServer(lambda request: RAISES) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel-content", "--model-calls", "1")
    crashed = [record for record in records_of(tmp_path) if isinstance(record, Scored) and record.verdict == "crashed"]
    failed = [span for span in receiver.named("evaluate") if span.status == ERROR]
    assert crashed and failed
    for span in failed:
        assert span.attributes["error.type"] == span.attributes["gen_ai.evaluation.score.label"] == "crashed"
        assert span.status_message.startswith("crashed: ") and "ValueError" in span.status_message
        assert span.attributes["input.value"] == RAISES


def test_an_attempt_after_which_a_cap_leaves_no_room_is_on_record_and_in_the_trace(tmp_path: Path) -> None:
    faults = iter([Fault(429, {"retry-after": "0"})] * 9)
    with OpenAIServer(lambda request: BETTER, faults=faults) as server, Receiver() as receiver:
        improve(tmp_path, server, receiver, "--otel", "--model-calls", "1", "--max-calls", "2", code=3)
    assert len([record for record in records_of(tmp_path) if isinstance(record, Tried)]) == 2
    chat = the_chat(receiver)
    assert (chat.attributes["selftaught.attempts"], chat.attributes["error.type"]) == (2, "429")
