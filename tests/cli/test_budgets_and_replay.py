"""Money and recordings on the command line: caps that hold over restarts, forecasts, replays that tell the truth."""

import gzip
import json
import shutil
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.support import QUICK, in_process
from openai_server import OpenAIServer, improve_anything

TASK = "string-grid-distance"
RUN = ["run", TASK, *QUICK[2:], "--depth", "1", "--seed", "5:00000000000000aa"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run by `mutate`, and its recording beside it."""
    where = tmp_path_factory.mktemp("finished")
    done = in_process(*RUN, "--model", "mutate", "--out", "run", cwd=where)
    assert done.returncode == 0, done.stderr
    assert in_process("export", "run", "--what", "recording", "--out", "small.recording", cwd=where).returncode == 0
    return where


@pytest.mark.parametrize("what", ["run", "small.recording"])
def test_a_replay_comes_out_as_recorded(finished: Path, what: str) -> None:
    done = in_process("replay", what, "--json", cwd=finished)
    told = json.loads(done.stdout)
    assert (done.returncode, told["differences"], told["finished"]) == (0, [], True)
    assert told["responses"] == told["served"] > 0 and told["scores"] > 0 and told["steps"] == 2


def test_a_replay_of_a_run_that_was_stopped_ends_where_its_record_ends(tmp_path: Path) -> None:
    stopped = in_process(*RUN, "--model", "mutate", "--max-calls", "3", "--out", "run", cwd=tmp_path)
    assert stopped.returncode == 3
    done = in_process("replay", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["finished"], told["differences"], told["served"]) == (False, [], 3)


def test_a_replay_tells_which_score_is_not_what_the_programs_get(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished / "run", tmp_path / "forged")
    with sqlite3.connect(tmp_path / "forged" / "run.sqlite") as store:
        rows = store.execute("SELECT seq, body FROM records").fetchall()
        seq, record = next(
            (seq, found)
            for seq, body in rows
            if (found := json.loads(body))["kind"] == "scored" and not found["reused"]
        )
        record["value"] = 0.987
        store.execute("UPDATE records SET body = ? WHERE seq = ?", (json.dumps(record), seq))
    done = in_process("replay", "forged", cwd=tmp_path)
    assert done.returncode == 1
    assert record["at"] in done.stdout and "value=0.987" in done.stdout


def test_a_recording_is_a_model_for_the_same_run(finished: Path) -> None:
    done = in_process(*RUN, "--model", "replay:small.recording", "--out", "again", "--json", cwd=finished)
    first = json.loads(in_process("show", "run", "--json", cwd=finished).stdout)
    again = json.loads(done.stdout)
    assert [(s["improver"], s["val"], s["test"]) for s in again["steps"]] == [
        (s["improver"], s["val"], s["test"]) for s in first["steps"]
    ]


def test_a_recording_that_was_made_under_other_settings_says_which_before_anything_runs(finished: Path) -> None:
    more = [*RUN, "--responses", "3"]
    done = in_process(*more, "--model", "replay:small.recording", "--out", "other", cwd=finished)
    first = done.stderr.splitlines()[0]
    assert "recorded with --responses 2" in first and "--depth" not in first and "--seed" not in first
    same = in_process(*RUN, "--model", "replay:small.recording", "--out", "same", cwd=finished)
    assert "recorded with" not in same.stderr


def test_a_recording_of_another_task_is_refused_before_anything_starts(finished: Path) -> None:
    done = in_process("run", "parity", *QUICK[2:], "--model", "replay:small.recording", cwd=finished)
    assert done.returncode == 2 and "is of string-grid-distance, not of parity" in done.stderr
    assert not (finished / "runs").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is damaged: it breaks off"),
        (b"no gzip at all", "is not a recording, or is damaged"),
        (gzip.compress(b"{}"), "is not a recording"),
        (gzip.compress(b'{"schema": "selftaught.recording/99"}'), "this selftaught reads selftaught.recording/1 and"),
        (gzip.compress(b'{"schema": "selftaught.recording/1"}'), "is not a recording"),
    ],
    ids=["empty", "no gzip", "no schema", "another version", "nothing else"],
)
def test_a_damaged_recording_is_named(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "bad.recording").write_bytes(body)
    for command in (["replay", "bad.recording"], [*RUN, "--model", "replay:bad.recording"]):
        done = in_process(*command, cwd=tmp_path)
        assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_half_a_recording_is_named(finished: Path, tmp_path: Path) -> None:
    whole = (finished / "small.recording").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    done = in_process("replay", "half", cwd=tmp_path)
    assert done.returncode == 1 and "damaged" in done.stderr


def test_a_call_cap_holds_over_a_resume_and_says_what_to_do(tmp_path: Path) -> None:
    done = in_process(*RUN, "--model", "mutate", "--max-calls", "4", "--out", "run", cwd=tmp_path)
    assert done.returncode == 3 and "--max-calls 4" in done.stderr and "selftaught resume run" in done.stderr
    again = in_process("resume", "run", cwd=tmp_path)
    assert again.returncode == 3
    told = json.loads(in_process("show", "run", "--json", cwd=tmp_path).stdout)
    assert sum(entry["responses"] for entry in told["ledger"]) == 4
    assert in_process("resume", "run", "--max-calls", "1000", cwd=tmp_path).returncode == 0


def test_a_cost_cap_is_kept_to_the_cent_and_the_ledger_agrees_with_the_server(tmp_path: Path) -> None:
    counted: list[int] = []

    def answer(request: dict[str, Any]) -> str:
        text = improve_anything(request)
        counted.append(len(str(request["messages"])) // 4 + len(text) // 4)  # as the server says in `usage`
        return text

    with OpenAIServer(answer) as server:
        where = [
            "--model",
            "openai/m",
            "--base-url",
            server.base_url,
            "--price",
            "100,100",
            "--max-cost",
            "1.6",
            "--repeats",
            "4",
        ]
        done = in_process(*RUN, *where, "--max-output-tokens", "500", "--out", "run", cwd=tmp_path, OPENAI_API_KEY="k")
        assert done.returncode == 3, done.stderr
        told = json.loads(in_process("show", "run", "--json", cwd=tmp_path).stdout)
        spent = sum(entry["cost"] for entry in told["ledger"])
        tokens = sum(entry["input_tokens"] + entry["output_tokens"] for entry in told["ledger"])
        assert tokens == sum(counted)
        assert spent == pytest.approx(tokens * 100 / 1e6) and 0.8 < spent <= 1.6
        assert {entry["role"] for entry in told["ledger"]} <= {"improver", "solution"}


def test_a_cost_cap_without_a_price_is_refused_with_the_way_to_give_one(tmp_path: Path) -> None:
    where = ["--model", "openai/m", "--base-url", "http://127.0.0.1:9/v1", "--max-cost", "1"]
    done = in_process(*RUN, *where, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 2 and "--price IN,OUT" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_spends_nothing_and_tells_both_roles(tmp_path: Path) -> None:
    where = ["--improver-model", "openai/gpt-4.1", "--task-model", "openai/gpt-4.1-mini", "--dry-run"]
    done = in_process(*RUN, *where, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "openai/gpt-4.1 " in done.stdout and "openai/gpt-4.1-mini" in done.stdout and "$" in done.stdout
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("improver", "responses"), [([], 24), (["--improver", "seed"], 6)])
def test_a_dry_run_knows_how_often_an_improver_asks(improver: list[str], responses: int, tmp_path: Path) -> None:
    done = in_process("improve", "three-sat", "--model", "mutate", "--dry-run", "--json", *improver, cwd=tmp_path)
    (share,) = json.loads(done.stdout)["shares"]
    assert (share["expected"]["calls"], share["most"]["calls"]) == (responses, 24)


def test_the_forecast_bounds_what_a_run_then_does(tmp_path: Path) -> None:
    told = json.loads(in_process(*RUN, "--model", "mutate", "--dry-run", "--json", cwd=tmp_path).stdout)
    in_process(*RUN, "--model", "mutate", "--out", "run", cwd=tmp_path)
    done = json.loads(in_process("show", "run", "--json", cwd=tmp_path).stdout)
    for share in told["shares"]:
        bought = sum(entry["responses"] for entry in done["ledger"] if entry["role"] == share["role"])
        assert 0 < bought <= share["most"]["calls"]


def test_each_role_is_asked_of_its_own_model(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything) as server:
        models = ["--improver-model", "openai/big", "--task-model", "openai/small", "--base-url", server.base_url]
        done = in_process(*RUN, *models, "--out", "run", cwd=tmp_path, OPENAI_API_KEY="k")
        assert done.returncode == 0, done.stderr
    told = json.loads(in_process("show", "run", "--json", cwd=tmp_path).stdout)
    assert {(entry["role"], entry["model"]) for entry in told["ledger"]} == {("improver", "big"), ("solution", "small")}
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert (config["improver_model"], config["task_model"]) == ("openai/big", "openai/small")


# what is not ours to trust, or to pay for again

OWN_TASK = '''"""Write algorithm(x), which returns a number up to 1."""
from pathlib import Path

Path("executed").touch()
SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    yield (rng.random(),), None


def grade(instance, answer):
    return min(1.0, max(0.0, float(answer)))
'''


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Somebody's recording, of a task of their own that leaves a trace where it is executed."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "own.py").write_text(OWN_TASK)
    assert in_process("run", "own.py", *QUICK, "--depth", "1", "--out", "run", cwd=theirs).returncode == 0
    exported = in_process("export", "run", "--what", "recording", "--out", "../their.recording", cwd=theirs)
    assert exported.returncode == 0, exported.stderr
    return tmp_path


def test_a_recordings_own_task_runs_only_where_it_is_trusted(foreign: Path) -> None:
    refused = in_process("replay", "their.recording", cwd=foreign)
    assert refused.returncode == 2 and "with all your rights" in refused.stderr and "--trust-tasks" in refused.stderr
    asked = in_process("run", "string-grid-distance", "--model", "replay:their.recording", cwd=foreign)
    assert asked.returncode == 2 and "is of own, not of string-grid-distance" in asked.stderr
    assert not (foreign / "executed").exists()
    trusted = in_process("replay", "their.recording", "--trust-tasks", cwd=foreign)
    assert trusted.returncode == 0 and (foreign / "executed").exists(), trusted.stderr


def test_a_run_whose_task_was_changed_is_not_replayed_as_if_it_were_not(foreign: Path) -> None:
    task = foreign / "theirs" / "run" / "inputs" / "own.py"
    task.write_text(task.read_text().replace("float(answer)", "0.5"))
    done = in_process("replay", "theirs/run", cwd=foreign)
    assert done.returncode == 1 and "inputs/own.py was changed" in done.stderr


def test_what_was_paid_for_once_is_not_paid_for_again(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything) as server:
        model = ["--model", "openai/m", "--base-url", server.base_url, "--price", "1000,1000"]
        paid = in_process(*RUN, *model, "--out", "paid", "--json", cwd=tmp_path, OPENAI_API_KEY="k")
    assert sum(entry["cost"] for entry in json.loads(paid.stdout)["ledger"]) > 0.1
    free = in_process(*RUN, "--model", "replay:paid", "--max-cost", "0.01", "--out", "f", "--json", cwd=tmp_path)
    assert free.returncode == 0, free.stderr
    assert sum(entry["cost"] for entry in json.loads(free.stdout)["ledger"]) == 0
    frozen = tomllib.loads((tmp_path / "f" / "config.toml").read_text())
    assert frozen["model"] == f"replay:{tmp_path / 'paid'}"  # a resume may begin elsewhere, and "last" be another


def test_a_key_goes_to_its_own_provider_alone(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything) as server:
        models = ["--model", "small", "--base-url", server.base_url, "--improver-model", "anthropic/claude-3-opus"]
        done = in_process(
            *RUN, *models, "--max-time", "30", cwd=tmp_path,
            OPENAI_API_KEY="k", ANTHROPIC_API_KEY="sk-ant-planted", ANTHROPIC_BASE_URL="http://127.0.0.1:9",
        )  # fmt: skip
        assert done.returncode != 0 and server.headers
        assert not any("sk-ant-planted" in value for headers in server.headers for value in headers.values())


@pytest.mark.parametrize("command", ["imp-at-k", "strategies"])
def test_the_caps_of_an_experiment_bind_as_a_runs_do(command: str, finished: Path, tmp_path: Path) -> None:
    with OpenAIServer(improve_anything) as server:
        given = ["--base-url", server.base_url, "--max-cost", "0.01"]
        given += ["--models", "openai/m", TASK] if command == "imp-at-k" else [str(finished / "run")]
        given += ["--label-with", "openai/m"] if command == "strategies" else QUICK[4:]
        unpriced = in_process("experiment", command, *given, cwd=tmp_path, OPENAI_API_KEY="k")
        assert unpriced.returncode == 2 and "--max-cost needs a price for openai/m" in unpriced.stderr
        assert not server.requests
        capped = in_process("experiment", command, *given, "--price", "100,100", cwd=tmp_path, OPENAI_API_KEY="k")
        assert capped.returncode == 3 and "--max-cost 0.01 leaves no room" in capped.stderr
        assert "to continue, the run needs a higher cap" in capped.stderr  # as it is, a resume stops at once
        assert not server.requests  # 8192 tokens, the bound of one response, would be more than the cap


def test_two_models_of_one_server_share_its_limits(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, seconds=0.02) as server:
        models = ["--improver-model", "openai/large", "--task-model", "openai/small", "--base-url", server.base_url]
        done = in_process(*RUN, *models, "--max-connections", "1", cwd=tmp_path, OPENAI_API_KEY="k")
        assert done.returncode == 0, done.stderr
        assert {request["model"] for request in server.requests} == {"large", "small"}
        assert server.most_in_flight == 1
