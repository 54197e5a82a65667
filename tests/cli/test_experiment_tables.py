"""Tables of experiments on a narrow screen: what a row is about is never left out."""

from collections.abc import Sequence

import pytest

from selftaught.cli.experiment_tables import experiment_table
from selftaught.experiments.design import Table


def lines(table: Table, models: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    experiment_table(table, models)
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize(
    ("models", "rows", "shown"),
    [
        (["a"], ["a", "mutate", ""], False),  # one model, and what asks nobody
        (["a"], ["a", "b"], True),  # of runs of several models, read by one command
        (["a", "mutate"], ["a", "mutate"], True),
    ],
)
def test_the_model_is_a_column_where_rows_differ_in_it(
    models: list[str], rows: list[str], shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("t", "Title", ("improver", "model", "mean"), [("greedy", model, 0.5) for model in rows])
    assert ("model" in lines(table, models, capsys)[0].split()) == shown
