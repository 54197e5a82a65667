"""Patience is a time, and what a server asks for is the least that is waited."""

import pytest

from selftaught.core.contracts import Completion
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.retrying import Failed, FailedAttempt, RetryPolicy
from selftaught.models.served.traffic import Traffic

ANSWER = [Completion("hello")]


def failing(times: int, **how: object) -> tuple[list[int], object]:
    made: list[int] = []

    def attempt() -> list[Completion]:
        made.append(1)
        if len(made) <= times:
            raise Failed("503", **{"again": True, "busy": True, **how})  # type: ignore[arg-type]
        return ANSWER

    return made, attempt


def test_an_outage_is_waited_out_however_many_attempts_it_takes() -> None:
    made, attempt = failing(40)
    retry_policy = RetryPolicy(60, first_seconds=0.001, longest_seconds=0.002)
    assert [one.text for one in retry_policy.call(attempt, Traffic(1))] == ["hello"]  # type: ignore[arg-type]
    assert len(made) == 41


def test_what_the_server_asks_for_is_a_floor_under_our_own_backoff() -> None:
    told: list[FailedAttempt] = []
    _, attempt = failing(3, wait_seconds=0.001)
    RetryPolicy(60, first_seconds=0.02, longest_seconds=1, failed=told.append).call(attempt, Traffic(1))  # type: ignore[arg-type]
    assert [one.wait_seconds >= 0.75 * 0.02 * 2**n for n, one in enumerate(told)] == [True] * 3


def test_the_end_of_patience_says_how_to_have_more() -> None:
    made, attempt = failing(1000)
    with pytest.raises(ModelUnavailable, match=r"503 \(\d+ attempts\), for 0.1 s; to wait longer: `patience_seconds`"):
        RetryPolicy(0.1, first_seconds=0.01).call(attempt, Traffic(1))  # type: ignore[arg-type]
    assert len(made) > 1


def test_a_server_that_asks_for_more_than_there_is_is_not_waited_for() -> None:
    made, attempt = failing(1000, wait_seconds=3600.0)
    with pytest.raises(ModelUnavailable, match="asks for a pause of 3600 s"):
        RetryPolicy().call(attempt, Traffic(1))  # type: ignore[arg-type]
    assert len(made) == 1


def test_what_may_have_to_be_paid_is_not_made_for_ever() -> None:
    made, attempt = failing(1000, busy=False, billed=True)
    with pytest.raises(ModelUnavailable, match="6 attempts"):
        RetryPolicy(first_seconds=0.001, longest_seconds=0.001).call(attempt, Traffic(1))  # type: ignore[arg-type]
    assert len(made) == 6


def test_after_a_refused_key_nobody_calls() -> None:
    traffic = Traffic(1)
    made, attempt = failing(1000, again=False, busy=False, for_all=True)
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            RetryPolicy().call(attempt, traffic)  # type: ignore[arg-type]
    assert len(made) == 1
