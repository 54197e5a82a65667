"""What a server's failure means is read from its status, its codes and its words, in whatever body they come."""

import json
from typing import Any

import pytest

from models.server_errors import FACTS, body_of
from selftaught.models.served.error_body import MOST_READ, read_error
from selftaught.models.served.meaning import Meaning, meaning_of


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact['server']} {fact['status']} {fact['means']}")
def test_a_known_failure_is_recognised_and_its_words_are_kept(fact: dict[str, Any]) -> None:
    said = read_error(fact["status"], body_of(fact))
    found = meaning_of(said, fact.get("output_limit"))
    assert (found, fact["shown"] in said.words) == (fact["means"], True), said


@pytest.mark.parametrize(
    "body",
    ["", "[" * MOST_READ, '{"error":' * 1000, "null", "17", '"words"', '{"error": {"message": 5}}', "<" * MOST_READ],
)
def test_no_body_breaks_the_reading(body: str) -> None:
    assert meaning_of(read_error(500, body)) is Meaning.BROKEN


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"error": {"details": [{"retryDelay": "17s"}]}}', 17.0),
        ('{"error": {"details": [{"retryDelay": "0.5s"}]}}', 0.5),
        ('{"retry_after_ms": 250}', 0.25),
        ('{"error": {"retry_after": 3}}', 3.0),
        ('{"error": {"retryDelay": "soon"}}', None),
        ('{"error": {"retryDelay": "nan"}}', None),
    ],
)
def test_a_wait_that_stands_in_the_body_is_found(body: str, seconds: float | None) -> None:
    assert read_error(429, body).wait_seconds == seconds


def test_the_words_of_an_inner_server_come_after_the_outer_ones() -> None:
    inner = json.dumps({"error": {"message": "the cause"}})
    body = json.dumps({"error": {"message": "Provider returned error", "metadata": {"raw": inner}}})
    assert read_error(400, body).words == "Provider returned error: the cause"
