"""A run from Python with a function as its model."""

import re
from pathlib import Path
from typing import Any

import pytest

from selftaught.api import run
from selftaught.core.contracts import Prompt
from selftaught.core.errors import ModelUnavailable, RunStopped, UsageError

DOCS = Path(__file__).parents[2] / "docs" / "models.md"
SMALL: dict[str, Any] = {"repeats": 1, "model_calls": 1, "responses": 2, "utility_calls": 3, "seed": 5}


def unchanged(prompt: Prompt) -> str:
    """Answers with the program that it is shown."""
    found = re.search(r"```python\n.*?```", prompt.user, re.DOTALL)
    assert found is not None
    return found[0]


def test_a_function_is_the_model_of_a_run_that_can_be_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(RunStopped, match="`max_calls=3`"):
        run(["string-grid-distance"], unchanged, tmp_path / "it", depth=1, max_calls=3, **SMALL)
    config = tmp_path / "it" / "config.toml"
    config.write_text(config.read_text().replace("max_calls = 3", "max_calls = 100"))
    with pytest.raises(Exception, match="config.toml was changed"):
        run([], unchanged, tmp_path / "it")

    told = run(["string-grid-distance"], unchanged, tmp_path / "other", depth=1, **SMALL)
    assert told.status == "finished" and [step.t for step in told.steps] == [0, 1]
    assert told.total.responses > 2
    again = run([], unchanged, tmp_path / "other")
    assert again.total.responses == told.total.responses  # nothing is asked twice


def test_what_a_function_does_wrong_ends_the_run_in_one_line(tmp_path: Path) -> None:
    def broken(prompt: Prompt) -> str:
        raise OSError("no such weights")

    with pytest.raises(ModelUnavailable, match="broken raised OSError: no such weights"):
        run(["string-grid-distance"], broken, tmp_path / "it", kind="improve", **SMALL)
    with pytest.raises(UsageError, match="needs a price"):
        run(["string-grid-distance"], unchanged, tmp_path / "two", max_cost=1.0)


def test_the_docs_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"```python\n(from selftaught.api.*?)```", DOCS.read_text(), re.DOTALL)
    exec(snippet, {"my_model": lambda system, user, temperature: unchanged(Prompt(system, user, temperature))})
    assert (tmp_path / "runs" / "mine" / "run.sqlite").is_file()
