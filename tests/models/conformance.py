"""What every language model must do: subclass, override the fixture `model`."""

import threading

import pytest

from selftaught.core.contracts import Completion, LanguageModel, Prompt

PROGRAM = "def f(x):\n    y = x + 1\n    return y * 2\n"
PROMPT = Prompt("You are an expert.", f"Improve:\n```python\n{PROGRAM}```\n", 0.7)


class LanguageModelSuite:
    """The law of `LanguageModel`."""

    @pytest.fixture
    def model(self) -> LanguageModel:
        raise NotImplementedError

    def test_one_completion_for_each_prompt(self, model: LanguageModel) -> None:
        completions = model([PROMPT] * 5)
        assert len(completions) == 5
        assert all(
            isinstance(completion, Completion) and isinstance(completion.text, str) for completion in completions
        )

    def test_no_prompts_no_completions(self, model: LanguageModel) -> None:
        assert model([]) == []

    def test_the_model_that_answered_is_named(self, model: LanguageModel) -> None:
        assert model([PROMPT])[0].model

    def test_many_threads_ask_at_once(self, model: LanguageModel) -> None:
        answers: list[list[Completion]] = []
        threads = [threading.Thread(target=lambda: answers.append(model([PROMPT]))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [len(answer) for answer in answers] == [1] * 16

    def test_odd_prompts_are_answered(self, model: LanguageModel) -> None:
        odd = [Prompt("", "", 0.0), Prompt("ü\0", "```\n```python\n((((\n```", 2.0), Prompt("s", "x" * 100_000, 0.5)]
        assert len(model(odd)) == 3
