"""The model that answers from a recording."""

import pytest

from selftaught.core.address import working_at
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.core.feedback import used_time
from selftaught.models.replay import Recorded, Replay

ASKED = Prompt("You are an expert.", "Improve:\nline two\nline three", 0.7)
ANSWERS = [Recorded(f"/apply/ask#{n}", ASKED, Completion(f"answer {n}", 3, 4)) for n in range(3)]


def ask(model: Replay, prompt: Prompt, at: str = "") -> str:
    with working_at(at):
        return model([prompt])[0].text


def test_the_same_run_gets_each_response_where_it_got_it_before_in_any_order() -> None:
    model = Replay(ANSWERS, "x", same_run=True)
    assert [ask(model, ASKED, f"/apply/ask#{n}") for n in (2, 0, 1)] == ["answer 2", "answer 0", "answer 1"]
    assert model.served == 3


def test_another_run_gets_the_responses_to_an_equal_prompt_each_once() -> None:
    model = Replay(ANSWERS, "x")
    assert [ask(model, ASKED, f"/elsewhere#{n}") for n in range(3)] == ["answer 0", "answer 1", "answer 2"]
    with pytest.raises(ModelUnavailable, match="all 3 recorded responses to it are used"):
        ask(model, ASKED, "/elsewhere#3")


def test_the_same_run_is_never_given_what_was_asked_elsewhere() -> None:
    with pytest.raises(ModelUnavailable, match="all 3 recorded"):
        ask(Replay(ANSWERS, "x", same_run=True), ASKED, "/elsewhere#0")


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (Prompt(ASKED.system, "Improve:\nline 2\nline three", 0.7), "line 3: recorded 'line two', asked 'line 2'"),
        (Prompt(ASKED.system, "Improve:\nline two", 0.7), "equal in 3 lines, and then the recorded one continues"),
        (Prompt(ASKED.system, ASKED.user + "\nmore", 0.7), "then the asked one continues: 'more'"),
        (Prompt(ASKED.system, ASKED.user, 0.9), "was asked at temperature 0.7; this one at 0.9"),
    ],
)
def test_a_prompt_that_is_not_recorded_is_shown_beside_the_nearest_one(prompt: Prompt, said: str) -> None:
    far = Recorded("/far", Prompt("Z", "nothing alike", 0.7), Completion("z"))
    with pytest.raises(ModelUnavailable) as raised:
        ask(Replay([far, *ANSWERS], "the recording x"), prompt)
    assert "the recording x" in str(raised.value) and "/apply/ask#0" in str(raised.value)
    assert said in str(raised.value)


def test_an_empty_recording_says_that_it_is_empty() -> None:
    with pytest.raises(ModelUnavailable, match="no responses"):
        ask(Replay([], "x"), ASKED)


def test_prompts_that_differ_in_the_times_of_their_feedback_alone_are_equal() -> None:
    def asked(longest: int, score: str) -> Prompt:
        return Prompt("You are an expert.", f"Improve\nscore {score}\n{used_time([1, longest], 0.2)}\nthis.", 0.7)

    recorded = [Recorded("/apply/ask#0", asked(3, "0.5"), Completion("answer"))]
    assert ask(Replay(recorded, "x", same_run=True), asked(5, "0.5"), "/apply/ask#0") == "answer"
    assert ask(Replay(recorded, "x"), asked(5, "0.5"), "/elsewhere#0") == "answer"
    with pytest.raises(ModelUnavailable, match="recorded 'score 0.5', asked 'score 0.6'"):
        ask(Replay(recorded, "x"), asked(3, "0.6"), "/elsewhere#0")


def test_a_demonstration_gives_each_prompt_what_the_most_similar_one_got_that_is_left() -> None:
    near = Recorded("/near", Prompt("S", "one\ntwo\nthree", 0.7), Completion("near"))
    far = Recorded("/far", Prompt("S", "one\nother\nothers", 0.7), Completion("far"))
    model = Replay([far, near], "the demo", nearest=True)
    assert ask(model, far.prompt) == "far"
    assert model.otherwise == 0
    again = Replay([far, near], "the demo", nearest=True)
    changed = Prompt("S", "one\ntwo\nTHREE", 0.7)
    assert [ask(again, changed) for _ in range(3)] == ["near", "far", "near"]  # in the end the nearest once more
    assert (again.otherwise, again.served) == (3, 2)


def test_a_demonstration_without_answers_says_so() -> None:
    with pytest.raises(ModelUnavailable, match="no responses"):
        ask(Replay([], "x", nearest=True), ASKED)
