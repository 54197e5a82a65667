"""A run that scores ahead comes out as one that does not, and is resumed and replayed as that is."""

from pathlib import Path

from cli.support import in_process
from selftaught.runs.records import Answered, Applied, Chosen, Measured, Record, Scored
from selftaught.runs.store import Store

RUN = [
    "improve", "parity-with-noise@paper", "--model", "mutate", "--seed", "7:0123456789abcdef", "--model-calls", "3",
    "--responses", "4", "--utility-calls", "9", "--no-probes", "--machine-speed", "20",
]  # fmt: skip


def work(folder: Path) -> set[tuple[object, ...]]:
    """All but times and guesses."""
    with Store.open(folder / "run.sqlite", writable=False) as store:
        return {told for record in store if (told := content(record))}


def content(record: Record) -> tuple[object, ...]:
    match record:
        case Scored(guessed=False):
            return record.at, record.program, record.value, record.reused, record.feedback, record.response
        case Answered():
            return record.at, record.prompt, record.response
        case Applied():
            return record.at, record.program, record.model_calls, record.responses, record.utility_calls, record.best
        case Chosen() | Measured():
            return (record.at,)
        case _:
            return ()


def test_scoring_ahead_changes_nothing_that_comes_out(tmp_path: Path) -> None:
    for value in ("off", "cpu"):
        done = in_process(*RUN, "--speculate", value, "--out", value, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert work(tmp_path / "cpu") == work(tmp_path / "off")
    replayed = in_process("replay", "cpu", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    raised = in_process("resume", "cpu", "--model-calls", "4", "--speculate", "off", cwd=tmp_path)
    assert raised.returncode == 0, raised.stderr


def test_a_value_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    done = in_process(*RUN, "--speculate", "some", cwd=tmp_path)
    assert done.returncode == 2
    assert all(value in done.stderr for value in ("off", "cpu", "all"))


OF_IMPROVERS = [
    "run", "parity-with-noise@paper", "--model", "mutate", "--seed", "7:0123456789abcdef", "--repeats", "1", "--depth",
    "1", "--model-calls", "1", "--responses", "3", "--utility-calls", "3", "--improver", "paper-seed", "--no-probes",
    "--machine-speed", "20",
]  # fmt: skip


def test_improvers_that_are_scored_ahead_change_nothing_either_and_show_says_how_many_were(tmp_path: Path) -> None:
    for value in ("off", "all"):
        done = in_process(*OF_IMPROVERS, "--speculate", value, "--out", value, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert ("whose score may never be" in done.stderr) == (value == "all")
    assert work(tmp_path / "off") <= work(tmp_path / "all")  # and what nobody asked for
    shown = in_process("show", "all", cwd=tmp_path).stdout
    assert "begun before" in shown
    assert "Guesses" not in in_process("show", "off", cwd=tmp_path).stdout
    replayed = in_process("replay", "all", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr


def test_a_traced_run_says_that_it_guesses_nothing(tmp_path: Path) -> None:
    done = in_process(*OF_IMPROVERS, "--speculate", "all", "--otel", "--out", "run", cwd=tmp_path)
    assert "--speculate all has no effect" in done.stderr and "whose score may never be" not in done.stderr
    plans = [
        in_process(*OF_IMPROVERS, "--speculate", value, "--otel", "--dry-run", cwd=tmp_path) for value in ("all", "cpu")
    ]
    assert "--speculate all has no effect" in plans[0].stderr and plans[0].stdout == plans[1].stdout != ""


def test_the_forecast_has_the_worst_case_with_guesses(tmp_path: Path) -> None:
    told = {
        value: in_process(*OF_IMPROVERS, "--speculate", value, "--dry-run", cwd=tmp_path).stdout
        for value in ("cpu", "all")
    }
    # 3 candidates that are asked for, and 2 improvers that are measured: 5 × 3 responses; 3 more that are guessed
    assert " 15 " in told["cpu"] and " 24 " in told["all"]
    assert "At most 9 responses ($0.00) are bought" in told["all"] and "Of the most" not in told["cpu"]


def test_what_guesses_may_cost_at_a_model_without_a_known_price_is_not_told_as_nothing(tmp_path: Path) -> None:
    model = ["--model", "openai/unheard-of", "--base-url", "http://127.0.0.1:9/v1"]
    done = in_process(*OF_IMPROVERS, *model, "--speculate", "all", "--dry-run", cwd=tmp_path, OPENAI_API_KEY="k")
    assert "At most 9 responses (no price known) are bought" in done.stdout, done.stdout + done.stderr
