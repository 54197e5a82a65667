"""A model that is a Python function."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.conformance import PROMPT, LanguageModelSuite
from selftaught.core.contracts import Completion, LanguageModel, Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped, UsageError
from selftaught.models.calling import Called
from selftaught.models.choose import choose_model


class TestConformance(LanguageModelSuite):
    @pytest.fixture
    def model(self) -> LanguageModel:
        return Called(lambda prompt: prompt.user.upper(), "shout")


def test_it_is_given_the_whole_prompt_and_may_tell_what_it_cost() -> None:
    model = Called(lambda prompt: Completion(f"{prompt.temperature:g}", 3, 1, cost=0.5, model="mine"))
    assert model([PROMPT]) == [Completion("0.7", 3, 1, cost=0.5, model="mine")]


def raising(error: Exception) -> Callable[[Prompt], str]:
    def function(prompt: Prompt) -> str:
        raise error

    return function


def test_what_it_raises_ends_the_run_and_not_the_guest() -> None:
    with pytest.raises(ModelUnavailable, match="function raised KeyError: 'x'"):
        Called(raising(KeyError("x")))([PROMPT])
    with pytest.raises(RunStopped):
        Called(raising(RunStopped("enough")))([PROMPT])


def test_what_is_no_response_is_said() -> None:
    with pytest.raises(ModelUnavailable, match="returned int; wanted a str or a Completion"):
        Called(lambda prompt: 5)([PROMPT])  # type: ignore[arg-type, return-value]


PLUGIN = """
from selftaught.models.calling import Called
def make(model):
    if model == "broken":
        raise OSError("no such weights")
    wrong = {"raises": lambda prompts: 1 / 0, "none": lambda prompts: [], "text": lambda prompts: "text"}
    return 5 if model == "number" else wrong.get(model) or Called(lambda prompt: model, "plugin")
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package is installed that brings the models mine/… and gone/…."""
    (tmp_path / "a_plugin.py").write_text(PLUGIN)
    info = tmp_path / "a_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[selftaught.models]\nmine = a_plugin:make\ngone = a_plugin:nothing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "a_plugin", raising=False)


def choose(name: str) -> LanguageModel:
    chosen = choose_model(name, base_url=None, environment={}, seed=1, script=None, max_connections=1)
    assert chosen.name == name
    return chosen.model


def test_an_installed_package_brings_models(plugin: None) -> None:
    assert choose("mine/large")([PROMPT])[0].text == "large"


def test_what_is_wrong_with_a_package_is_said(plugin: None) -> None:
    with pytest.raises(UsageError, match="gone.*cannot be loaded"):
        choose("gone/x")
    with pytest.raises(ModelUnavailable, match="mine/broken cannot be created.*no such weights"):
        choose("mine/broken")
    with pytest.raises(UsageError, match="gave int for mine/number; wanted a LanguageModel"):
        choose("mine/number")
    with pytest.raises(UsageError, match="mine/MODEL"):
        choose("nobody/x")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("raises", "mine/raises raised ZeroDivisionError"),
        ("none", "mine/none gave 0 completions for 1 prompts"),
        ("text", "mine/text returned str; wanted a list of Completion"),
    ],
)
def test_what_a_package_s_model_does_wrong_is_its_failure(model: str, said: str, plugin: None) -> None:
    with pytest.raises(ModelUnavailable, match=said):
        choose(f"mine/{model}")([PROMPT])
