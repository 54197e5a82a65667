"""The model `scripted`: answers from a file."""

import json

import pytest

from models.conformance import PROMPT, LanguageModelSuite
from selftaught.core.address import working_at
from selftaught.core.contracts import LanguageModel, Prompt
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.scripted import Scripted


def script(*rules: dict[str, object]) -> Scripted:
    return Scripted(json.dumps({"rules": rules}))


class TestConformance(LanguageModelSuite):
    @pytest.fixture
    def model(self) -> LanguageModel:
        return script({"responses": ["a", "b"]})


def test_the_first_rule_whose_texts_all_stand_in_the_prompt_answers() -> None:
    model = script({"contains": ["sort", "fast"], "responses": ["1"]}, {"contains": ["sort"], "responses": ["2"]})
    texts = [model([Prompt("", user, 0.5)])[0].text for user in ("sort it", "sort it fast")]
    assert texts == ["2", "1"]


def test_a_draw_is_decided_by_its_address_whatever_the_order() -> None:
    model = script({"responses": [str(number) for number in range(50)]})

    def at(address: str) -> str:
        with working_at(address):
            return model([PROMPT])[0].text

    assert at("/a#0") == at("/a#0")
    assert len({at(f"/a#{count}") for count in range(20)}) > 10


def test_runs_with_other_seeds_draw_independently() -> None:
    rules = json.dumps({"rules": [{"responses": [str(number) for number in range(50)]}]})

    def drawn(seed: int) -> str:
        with working_at("/a#0"):
            return Scripted(rules, seed)([PROMPT])[0].text

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(20)}) > 10


def test_a_cycle_takes_responses_in_turn() -> None:
    model = script({"responses": ["a", "b"], "order": "cycle"})
    texts = []
    for count in range(3):
        with working_at(f"/ask:x#{count}"):
            texts.append(model([PROMPT])[0].text)
    assert texts == ["a", "b", "a"]


def test_a_prompt_that_no_rule_knows_is_named() -> None:
    with pytest.raises(ModelUnavailable, match="starts with 'Improve"):
        script({"contains": ["nothing like it"], "responses": ["x"]})([PROMPT])


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"rules": []}', '{"rules": [{"responses": []}]}', '{"rules": [{"answer": "x"}]}', '{"rulez": 1}'],
)
def test_what_is_no_script_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="wanted JSON like"):
        Scripted(text)
