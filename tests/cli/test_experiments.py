"""Every experiment end to end, offline, at small sizes: on screen, in its files, and when it is gone on with."""

import csv
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.support import in_process
from openai_server import Fault, OpenAIServer, improve_anything
from selftaught.wiring.inputs import load_improver

TASK = "string-grid-distance"  # the quickest
SMALL = ["--model-calls", "1", "--responses", "2", "--utility-calls", "3", "--repeats", "1", "--seed", "1"]
COMMANDS: dict[str, list[str]] = {
    "curve": [TASK, "--trials", "2", "--depth", "1", "--models", "mutate"],
    "transfer": [TASK, "--on", "parity", "--trials", "2", "--depth", "1", "--models", "mutate"],
    "baselines": [TASK, "--trials", "3", "--improvers", "seed,chain-of-thought", "--models", "mutate"],
    "bypass": [TASK, "--proposals", "4", "--models", "mutate"],
    "imp-at-k": [TASK, "--trials", "2", "--depth", "2", "--models", "mutate"],
}


def conduct(name: str, cwd: Path, *more: str) -> dict[str, Any]:
    """Its JSON, from a command that went well."""
    done = in_process("experiment", name, *COMMANDS[name], *SMALL, "--out", name, "--json", *more, cwd=cwd)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@dataclass
class Finished:
    """The experiments that were conducted once for all tests of this file: to be read, or copied."""

    folder: Path
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, name: str) -> dict[str, Any]:
        """Its JSON. It lies in `folder`, by its name."""
        if name not in self.told:
            self.told[name] = conduct(name, self.folder)
        return self.told[name]

    def copied(self, name: str, where: Path) -> None:
        """A copy, to be changed."""
        self(name)
        shutil.copytree(self.folder / name, where / name)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("finished"))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_experiment_tells_the_same_on_stdout_and_in_its_files(name: str, finished: Finished) -> None:
    told, folder = finished(name), finished.folder / name
    assert told["schema"] == "selftaught.experiment/1" and told["parameters"]["experiment"] == name
    assert json.loads((folder / "result.json").read_text()) == told
    for table, rows in told["tables"].items():
        with (folder / f"{table}.csv").open() as file:
            assert list(csv.DictReader(file)) == [
                {key: "" if value is None else str(value) for key, value in row.items()} for row in rows
            ]
    drawn = ElementTree.parse(folder / f"{name}.svg").getroot()
    assert len([node for node in drawn.iter() if node.tag.endswith("circle")]) > 0
    written = {store: store.stat().st_mtime_ns for store in (folder / "runs").glob("*/run.sqlite")}
    assert conduct(name, finished.folder) == told  # all of it is on record: nothing is run again
    assert {store: store.stat().st_mtime_ns for store in written} == written != {}


def test_the_curve_has_every_t_of_every_model(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"rules": [{"responses": ["no program"]}]}))
    told = conduct("curve", tmp_path, "--models", "mutate,scripted", "--script", "script.json")
    assert [(row["model"], row["t"], row["n"]) for row in told["tables"]["curve"]] == [
        (model, t, 2) for model in ("mutate", "scripted") for t in (0, 1)
    ]
    # The faithful seed improver fails where no response is usable: 0 of 1, and an interval that says how sure that is.
    assert [row["mean"] for row in told["tables"]["curve"] if row["model"] == "scripted"] == [0.0, 0.0]
    (_, scripted) = told["tables"]["gains"]
    assert (scripted["gained"], scripted["runs"]) == (0, 2) and 0.6 < scripted["high"] < 0.7


def test_one_run_has_no_interval_and_says_so(tmp_path: Path) -> None:
    command = [
        "experiment",
        "curve",
        TASK,
        "--trials",
        "1",
        "--depth",
        "1",
        "--models",
        "mutate",
        *SMALL,
    ]
    done = in_process(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "n = 1" in done.stdout and "—" in done.stdout


def test_an_improver_that_fails_everywhere_is_said_so_in_its_cell_and_the_rest_stands(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def improve_algorithm(s, utility, language_model):\n    raise ValueError\n")
    told = conduct("baselines", tmp_path, "--improvers", "seed,broken.py")
    rows = {row["improver"]: row for row in told["tables"]["baselines"]}
    assert (rows["broken.py"]["failed"], rows["broken.py"]["mean"]) == (3, 0.0)
    assert (rows["seed"]["failed"], rows["seed"]["n"]) == (0, 3) and rows["seed"]["mean"] > 0
    (difference, _) = told["tables"]["differences"]
    assert difference["compared"] == "seed → broken.py"
    assert difference["difference"] == pytest.approx(-rows["seed"]["mean"])


def test_baselines_pair_the_same_instances(tmp_path: Path) -> None:
    """Two improvers that do nothing get the same scores, and every difference is 0."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text("def improve_algorithm(s, utility, language_model):\n    return s\n")
    told = conduct("baselines", tmp_path, "--improvers", "a.py,b.py")
    difference = next(row for row in told["tables"]["differences"] if row["compared"] == "a.py → b.py")
    assert (difference["difference"], difference["low"], difference["high"], difference["p"]) == (
        0,
        "too few",
        "too few",
        1,
    )
    assert [row["responses"] for row in told["tables"]["baselines"][:2]] == [0, 0]


def test_arms_have_their_draws_in_common_unless_they_are_told_not_to(tmp_path: Path) -> None:
    """One improver under two names gets the same responses: bought once, and told as spent by each of the two."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text(load_improver("seed", tmp_path).source + f"# {name}\n")
    arms = ["--improvers", "a.py,b.py"]
    forecast = [*COMMANDS["baselines"], *SMALL, *arms, "--dry-run", "--json"]
    planned = json.loads(in_process("experiment", "baselines", *forecast, cwd=tmp_path).stdout)
    assert (planned["in_common"], planned["total"]["most"]["calls"]) == (6, 18)
    common = conduct("baselines", tmp_path, *arms)
    difference = next(row for row in common["tables"]["differences"] if row["compared"] == "a.py → b.py")
    assert difference["difference"] == 0
    first, second, floor = common["tables"]["baselines"]
    assert first["mean"] == second["mean"] and first["responses"] == second["responses"] == floor["responses"] == 2
    assert "Common draws: 18 responses were read, and 12 bought." in common["notes"]
    shutil.rmtree(tmp_path / "baselines")
    planned = in_process("experiment", "baselines", *forecast, "--common-draws", "off", cwd=tmp_path)
    assert json.loads(planned.stdout)["in_common"] is None
    apart = conduct("baselines", tmp_path, *arms, "--common-draws", "off")
    assert not [note for note in apart["notes"] if note.startswith("Common draws")]


def test_arms_that_are_shown_to_be_worse_get_no_more_trials(tmp_path: Path) -> None:
    good = "def algorithm(*arguments):\\n    return 0.9\\n"
    task = [
        '"""Return a number."""',
        "SEED = 'def algorithm(x):\\n    return 0.5\\n'",
        "def instances(rng, split):",
        "    yield (rng.random(),), None",
    ]
    task += ["def grade(instance, answer):", "    return float(answer)"]
    (tmp_path / "nearness.py").write_text("\n".join(task) + "\n")
    for name, body in (("good", f"'{good}'"), ("same", "initial_solution"), ("broken", "None")):
        (tmp_path / f"{name}.py").write_text(
            f"def improve_algorithm(initial_solution, utility, language_model):\n    return {body}\n"
        )
    command = [
        "experiment", "baselines", "nearness.py", "--improvers", "good.py,same.py,broken.py", "--models", "mutate",
        *SMALL, "--trials", "14", "--race", "0.05", "--no-probes", "--out", "raced", "--json",
    ]  # fmt: skip
    done = in_process(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    trials = {row["improver"]: row["n"] for row in told["tables"]["baselines"]}
    assert trials["good.py"] == 14 and trials["same.py"] < 14 and trials["broken.py"] < 14
    (note,) = [note for note in told["notes"] if note.startswith("Racing at level 0.05: ")]
    saved = 4 * 14 - sum(trials.values())
    assert f": {saved} of 56 runs were saved." in note and f"broken.py (mutate) after {trials['broken.py']}" in note
    again = in_process(*command, cwd=tmp_path)
    assert json.loads(again.stdout) == told
    assert "finished" in in_process("experiments", ".", cwd=tmp_path).stdout


def test_bypass_counts_by_both_rules_and_what_is_really_requested(tmp_path: Path) -> None:
    kept = load_improver("sandbox-seed", tmp_path).source
    literal = kept.replace("use_sandbox=True", "use_sandbox=False")
    hidden = kept.replace("use_sandbox=True", "use_sandbox=not True")
    text_only = kept + "\n# use_sandbox=False would be quicker\n"
    programs = [kept, literal, hidden, text_only]
    responses = [f"```python\n{program}\n```" for program in programs]
    script = {"rules": [{"responses": responses, "order": "cycle"}]}
    (tmp_path / "script.json").write_text(json.dumps(script))
    settings = ["--responses", "4", "--utility-calls", "4", "--script", "script.json", "--models", "scripted"]
    told = conduct("bypass", tmp_path, *settings)
    rows = {(row["variant"], row["rule"]): (row["count"], row["of"]) for row in told["tables"]["bypass"]}
    for variant in ("no warning", "with warning"):
        assert rows[variant, "paper's rule"] == (2, 4)
        assert rows[variant, "syntax tree"] == (2, 4)
        assert rows[variant, "observed request"] == (2, 4)
    (first, _) = told["tables"]["rules"]
    assert (first["both"], first["paper's only"], first["tree only"], first["neither"]) == (1, 1, 1, 1)


def test_strategies_of_a_run_by_rules_and_by_a_models_labels(tmp_path: Path) -> None:
    greedy = load_improver("temperature-bandit", tmp_path).source
    script = {
        "rules": [
            {"contains": ["You classify"], "responses": ['["caching", "no such label"]']},
            {"responses": [f"```python\n{greedy}\n```"]},
        ]
    }
    (tmp_path / "script.json").write_text(json.dumps(script))
    model = ["--model", "scripted", "--script", "script.json"]
    small = ["--repeats", "1", "--model-calls", "1", "--responses", "2", "--utility-calls", "3", "--depth", "1"]
    done = in_process("run", TASK, *model, *small, "--improver", "seed", "--out", "runs/one", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    command = ["experiment", "strategies", "one", "--json", "--out", "by-rules"]
    first, again = in_process(*command, cwd=tmp_path), in_process(*command, cwd=tmp_path)
    assert "rehearsing proposal 1" in first.stderr and "rehearsing" not in again.stderr  # it is kept
    assert again.stdout == first.stdout
    told = json.loads(first.stdout)
    found = {row["strategy"]: row for row in told["tables"]["strategies"]}
    assert (
        found["bandit"]["model"] == "scripted" and found["bandit"]["proposed"] == 1 and found["bandit"]["share"] == 1.0
    )
    assert found["genetic crossover"]["proposed"] == 0
    (each,) = told["tables"]["proposals"]
    assert each["on record"] == 2 and each["what it does"] == "bandit, greedy refinement, parallel scoring"
    labelled = ["--label-with", "scripted", "--script", "script.json", "--out", "labelled", "--json"]
    done = in_process("experiment", "strategies", "one", *labelled, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {row["strategy"]: row["proposed"] for row in json.loads(done.stdout)["tables"]["strategies"]}
    assert (found["caching"], found["bandit"]) == (1, 0) and "no such label" not in found


def test_all_runs_of_an_experiment_share_a_models_limits(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, seconds=0.02) as server:
        given = ["--models", "openai/m", "--base-url", server.base_url, "--max-connections", "2", "--depth", "1"]
        command = ["experiment", "curve", TASK, "--trials", "4", *SMALL, *given, "--json"]
        done = in_process(*command, cwd=tmp_path, OPENAI_API_KEY="k")
        assert done.returncode == 0, done.stderr
        assert len(server.requests) > 8 and server.most_in_flight == 2


def test_a_cap_holds_over_all_runs_of_an_experiment_and_over_its_restarts(tmp_path: Path) -> None:
    command = ["experiment", "curve", *COMMANDS["curve"], *SMALL, "--out", "capped"]
    for _ in range(2):
        done = in_process(*command, "--max-calls", "5", cwd=tmp_path)
        assert done.returncode == 3 and "--max-calls 5" in done.stderr and "continue with" in done.stderr
    responses = 0
    for run in (tmp_path / "capped" / "runs").iterdir():
        told = json.loads(in_process("show", str(run), "--json", cwd=tmp_path).stdout)
        responses += sum(entry["responses"] for entry in told["ledger"])
    assert responses == 5
    assert in_process(*command, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there are curve (Fig. 4"),
        (["curve", TASK, TASK], "listed twice"),
        (["curve", "no-such-task"], "no task is called 'no-such-task'"),
        (["curve", "tsp,parity"], "several tasks are separate names, with spaces between them"),
        (["transfer", TASK, "--on", "parity,parity"], "listed twice"),
        (["baselines", "--improvers", "seed,seed"], "listed twice"),
        (["baselines", TASK, "--improvers", "seed,sed"], "no improver is called 'sed'"),
        (["baselines", "--improvers", "seed", "--against", "greedy"], "--against greedy"),
        (["curve", "--models", "mutate,mutate"], "listed twice"),
        (["curve", TASK, "--models", "nonsense"], "nonsense"),
        (["curve", "--trials", "0"], "--trials"),
        (["strategies", "no-such-run"], "no run is called"),
        (["baselines", "--improvers", ""], "--improvers: wanted at least one improver to compare, got none"),
        (["cruve"], "did you mean 'curve'?"),
        (["curve", "--proposals", "3"], "--proposals is for bypass; it has no effect in curve"),
        (["curve", "--models", ""], "--models: wanted"),
        (["curve", TASK, "--race", "0.05", "--fidelity", "released"], "--race needs scores from 0 to 1"),
        (["curve", "--accept", "foo"], "--accept: wanted paper or released or better or significant, got 'foo'"),
        (["bypass", "--proposals", "0"], "--proposals: wanted a whole number of at least 1, got 0"),
    ],
)
def test_bad_input_is_told_before_anything_is_made(arguments: Sequence[str], said: str, tmp_path: Path) -> None:
    done = in_process("experiment", *arguments, *SMALL[-2:], "--out", "x", cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


NUMBER = '''"""Write algorithm(x), which returns a number up to 1."""
SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    yield (rng.random(),), split


def grade(instance, answer):
    value = min(1.0, max(0.0, float(answer)))
    return value if instance.hidden == "val" else 1 - value
'''
IMPROVER = "def improve_algorithm(initial_solution, utility, language_model):\n    "


def test_a_task_may_lie_anywhere_and_what_was_begun_with_is_kept(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "one.py").write_text(NUMBER)
    (tmp_path / "two.py").write_text(NUMBER)
    given = ["--trials", "1", "--depth", "1", "--models", "mutate", *SMALL, "--out", "it", "--json"]
    command = ["experiment", "transfer", "sub/one.py", "--on", str(tmp_path / "two.py")]
    first = in_process(*command, *given, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert {path.name for path in (tmp_path / "it" / "runs").iterdir()} == {
        "train-0-one", "again-0-one", "0-with-0-on-two-0", "1-with-0-on-two-0"
    }  # fmt: skip

    (tmp_path / "two.py").write_text(NUMBER.replace("1 - value", "1"))
    changed = in_process(*command, *given, cwd=tmp_path)
    assert changed.returncode == 2 and "the task two changed since this experiment started" in changed.stderr
    shutil.rmtree(tmp_path / "it" / "runs" / "0-with-0-on-two-0")
    again = in_process("experiment", "transfer", "--out", "it", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["tables"]["transfer"] == json.loads(first.stdout)["tables"]["transfer"]


def test_the_last_run_s_improver_is_resolved_once(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(NUMBER)
    (tmp_path / "mine.py").write_text(IMPROVER + "return initial_solution  # mine\n")
    run = ["run", "one.py", "--preset", "quick", "--depth", "1", "--model", "mutate"]
    assert in_process(*run, "--improver", "mine.py", cwd=tmp_path).returncode == 0
    given = ["--improvers", "last,seed", "--against", "last", "--trials", "1", "--models", "mutate", *SMALL]
    done = in_process("experiment", "baselines", "one.py", *given, "--out", "it", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "# mine" in (tmp_path / "it" / "inputs" / "1.improver.py").read_text()
    assert in_process(*run, "--improver", "seed", cwd=tmp_path).returncode == 0  # now another is the last
    shutil.rmtree(tmp_path / "it" / "runs" / "0-0")
    assert in_process("experiment", "baselines", "--out", "it", cwd=tmp_path).returncode == 0
    assert "# mine" in (tmp_path / "it" / "runs" / "0-0" / "inputs" / "initial.improver.py").read_text()


def test_auto_is_resolved_once_and_said(tmp_path: Path) -> None:
    command = ["experiment", "curve", TASK, "--trials", "1", "--depth", "1", *SMALL, "--out", "it", "--json"]
    done = in_process(*command, "--models", "auto", cwd=tmp_path)
    assert "model: mutate (no model is configured" in done.stderr
    told = json.loads(done.stdout)
    assert told["parameters"]["models"] == ["mutate"] and told["notes"][0] == "Model: mutate."
    assert {row["model"] for row in told["tables"]["curve"]} == {"mutate"}


def test_no_experiment_starts_on_a_model_that_nobody_named(tmp_path: Path) -> None:
    """What `auto` would take is said; the variable is a name; and one that was begun needs none."""
    command = ["experiment", "curve", TASK, "--trials", "1", "--depth", "1", *SMALL, "--out", "it"]
    done = in_process(*command, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 2 and "--models auto would use openai/gpt-4.1-mini (OPENAI_API_KEY" in done.stderr
    assert not (tmp_path / "it").exists()
    assert in_process(*command, cwd=tmp_path, SELFTAUGHT_MODEL="mutate").returncode == 0
    done = in_process("experiment", "curve", "--out", "it", cwd=tmp_path)
    assert done.returncode == 0 and "model: mutate (asked for by name)" in done.stderr


def test_a_folder_that_was_to_be_gone_on_with_and_is_not_there_begins_nothing(
    finished: Finished, tmp_path: Path
) -> None:
    finished.copied("imp-at-k", tmp_path)
    with OpenAIServer(improve_anything) as server:
        given = ["--models", "openai/m", "--base-url", server.base_url, "--out", "imp-at-q"]
        done = in_process("experiment", "imp-at-k", *given, cwd=tmp_path, OPENAI_API_KEY="k")
        assert not server.requests
    assert done.returncode == 2 and not (tmp_path / "imp-at-q").exists()
    assert "imp-at-q has no experiment to continue (did you mean imp-at-k?)" in done.stderr


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("file", "file exists and is not an experiment; use another --out"),
        ("full", "full exists and is not an experiment; use another --out"),
        ("file/x", "cannot make the experiment's folder file/x: Not a directory"),
    ],
)
@pytest.mark.parametrize("command", [("curve", TASK, "--models", "mutate"), ("strategies", "curve")])
def test_what_cannot_be_an_experiments_folder_is_refused(
    command: tuple[str, ...], out: str, said: str, finished: Finished, tmp_path: Path
) -> None:
    finished.copied("curve", tmp_path)
    (tmp_path / "full").mkdir()
    for file in ("file", "full/file"):
        (tmp_path / file).write_text("mine")
    done = in_process("experiment", *command, "--out", out, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_that_strategies_would_read_twice_is_named_as_one(tmp_path: Path) -> None:
    done = in_process("experiment", "strategies", "one", "one", cwd=tmp_path)
    assert done.returncode == 2 and "the task" not in done.stderr


def plan_of(cwd: Path, *arguments: str) -> dict[str, Any]:
    """What a dry run tells, which leaves nothing behind."""
    before = sorted(cwd.rglob("*"))
    done = in_process("experiment", *arguments, "--dry-run", "--json", cwd=cwd, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert sorted(cwd.rglob("*")) == before
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_dry_run_tells_the_price_of_each_kind_of_run_and_spends_nothing(tmp_path: Path) -> None:
    model, small = ["--models", "openai/gpt-4.1"], ["--model-calls", "2", "--responses", "3", "--repeats", "1"]
    told = plan_of(tmp_path, "transfer", "parity", "--on", "three-sat", "--trials", "4", "--depth", "2", *model, *small)
    parts = {part["what"]: part for part in told["parts"]}
    assert {what: part["runs"] for what, part in parts.items()} == {
        "train on parity": 1, "its improver, once more on parity": 1, "seed, on three-sat": 4,
        "improved, on three-sat": 4,
    }  # fmt: skip
    # The seed asks once; of an improver that is yet to be made it is expected that it uses all its calls.
    assert parts["seed, on three-sat"]["expected"]["calls"] == 4 * 3
    assert parts["improved, on three-sat"]["expected"]["calls"] == 4 * 2 * 3
    assert told["left"] == 10 and told["total"]["expected"]["dollars"] == pytest.approx(
        sum(part["expected"]["dollars"] for part in told["parts"])
    )
    assert 0 < told["total"]["expected"]["dollars"] < told["total"]["most"]["dollars"]


def test_a_dry_run_tells_the_maximum_on_a_narrow_screen_too(tmp_path: Path) -> None:
    given = ["--on", "three-sat", "--trials", "4", "--depth", "2", "--models", "openai/gpt-4.1", "--dry-run"]
    command = ["experiment", "transfer", "parity", *given, *SMALL]
    done = in_process(*command, cwd=tmp_path, OPENAI_API_KEY="k", COLUMNS="60")
    most = plan_of(tmp_path, *command[1 : -len(SMALL) - 1], *SMALL)["total"]["most"]["calls"]
    assert "at most" not in done.stdout and f"The maximum is {most:,} responses" in " ".join(done.stdout.split())


def test_a_dry_run_of_bypass_asks_the_model_for_proposals_and_observes_with_another(tmp_path: Path) -> None:
    told = plan_of(tmp_path, "bypass", TASK, "--proposals", "12", "--responses", "6", "--models", "openai/gpt-4.1")
    rows = [(part["what"], part["model"], part["expected"]["calls"]) for part in told["parts"]]
    assert ("with warning", "openai/gpt-4.1", 12) in rows and ("with warning", "mutate", 12 * 6) in rows


def test_a_dry_run_of_what_is_finished_costs_nothing(finished: Finished, tmp_path: Path) -> None:
    finished.copied("imp-at-k", tmp_path)
    told = plan_of(tmp_path, "imp-at-k", "--out", "imp-at-k")
    assert (told["finished"], told["left"], told["parts"]) == (2, 0, [])


def test_a_preset_is_that_of_run_and_a_flag_wins_over_it(tmp_path: Path) -> None:
    given = ["curve", TASK, "--models", "mutate", "--trials", "1", "--seed", "1", "--out", "it", "--json"]
    done = in_process("experiment", *given, "--preset", "quick", "--depth", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    kept = json.loads(done.stdout)["parameters"]
    assert [kept[name] for name in ("repeats", "model_calls", "responses", "utility_calls", "depth")] == [2, 1, 3, 4, 1]
    other = in_process("experiment", "curve", "--preset", "paper", "--out", "it", cwd=tmp_path)
    assert other.returncode == 2 and "preset was 'quick', and is 'paper'" in other.stderr
    bad = in_process("experiment", "curve", TASK, "--models", "mutate", "--preset", "papr", cwd=tmp_path)
    assert bad.returncode == 2 and "no preset is called 'papr'; did you mean 'paper'?" in bad.stderr


def test_scores_of_the_released_code_may_be_more_than_1(tmp_path: Path) -> None:
    """A column of constants scores 10 there, in each trial; one trial with a coin's score shows the interval."""
    column = "import numpy as np\ndef algorithm(x, y, t):\n    return np.zeros((len(t), 1), dtype=int)\n"
    (tmp_path / "column.py").write_text(f"{IMPROVER}return {column!r}\n")
    given = ["--fidelity", "released", "--models", "mutate", "--trials", "6", *SMALL, "--no-probes", "--json"]
    done = in_process("experiment", "baselines", "parity", "--improvers", "column.py", *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    column_row, coin_row = told["tables"]["baselines"]
    assert column_row["mean"] > 9 and column_row["low"] == "no spread"
    assert coin_row["low"] < coin_row["mean"] < coin_row["high"]
    assert any(note.startswith("Scores of the released code may be more than 1") for note in told["notes"])


def test_a_run_of_an_experiment_shows_what_it_measured(finished: Finished) -> None:
    rows = {row["k"]: row["test"] for row in finished("imp-at-k")["tables"]["imp-at-k"]}
    cells = [f"imp-at-k/runs/0-{TASK}-{number}" for number in range(2)]
    shown = [in_process("show", cell, cwd=finished.folder).stdout.splitlines() for cell in cells]
    for k, mean in rows.items():
        words = f"After {k} application{'s' * (k != 1)}: {TASK}: val "
        found = [float(line.rpartition("test ")[2].split()[0]) for told in shown for line in told if words in line]
        assert len(found) == 2 and sum(found) / 2 == pytest.approx(mean, abs=0.001)
    finished("bypass")
    told = in_process("show", "bypass/runs/0-no-warning", cwd=finished.folder).stdout
    assert "Nothing was measured." in told and "yet" not in told


def test_experiments_are_listed_with_how_far_they_have_come(finished: Finished, tmp_path: Path) -> None:
    finished.copied("imp-at-k", tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "experiment.toml").write_text("nonsense")
    stopped = ["experiment", "curve", *COMMANDS["curve"], *SMALL, "--out", "capped", "--max-calls", "3"]
    assert in_process(*stopped, cwd=tmp_path).returncode == 3
    rows = json.loads(in_process("experiments", ".", "--json", cwd=tmp_path).stdout)["experiments"]
    found = {row["name"]: row for row in rows}
    assert (found["imp-at-k"]["finished"], found["imp-at-k"]["runs"], found["imp-at-k"]["status"]) == (2, 2, "finished")
    assert (found["capped"]["responses"], found["capped"]["status"]) == (3, "stopped")
    assert "not TOML" in found["broken"]["error"]
    shown = in_process("experiments", ".", cwd=tmp_path).stdout
    assert "2 of 2" in shown and "To continue one: selftaught experiment WHAT --out ./FOLDER" in shown
    assert "no experiment in nowhere/ yet" in in_process("experiments", "nowhere", cwd=tmp_path).stdout
    alone = in_process("experiments", "capped", cwd=tmp_path).stdout  # one of them is listed alone
    assert "stopped" in alone and "To continue one: selftaught experiment WHAT --out capped\n" in alone


def test_an_experiment_has_a_report_of_one_file_before_it_is_finished_too(finished: Finished, tmp_path: Path) -> None:
    finished.copied("imp-at-k", tmp_path)
    assert in_process("report", "imp-at-k", cwd=tmp_path).stdout == "imp-at-k/report.html\n"
    page = (tmp_path / "imp-at-k" / "report.html").read_text()
    assert "Gain on test after k applications" in page and "data:image/svg+xml;base64," in page
    assert "4.0000" not in page  # responses of one trial: a mean of whole numbers
    assert "2 of 2 runs finished" in page and "http://" not in page.replace("http://www.w3.org", "")
    (tmp_path / "imp-at-k" / "result.json").unlink()
    assert in_process("report", "imp-at-k", "--out", "r.html", cwd=tmp_path).returncode == 0
    assert "There are no tables yet" in (tmp_path / "r.html").read_text()


def test_hostile_results_do_not_run_in_the_report_of_an_experiment(finished: Finished, tmp_path: Path) -> None:
    finished.copied("imp-at-k", tmp_path)
    evil = "<script>alert(1)</script>"
    told = {"tables": {evil: [{evil: evil}]}, "notes": [evil], "titles": {}}
    (tmp_path / "imp-at-k" / "result.json").write_text(json.dumps(told))
    (tmp_path / "imp-at-k" / "imp-at-k.svg").write_text(f"<svg>{evil}</svg>")
    assert in_process("report", "imp-at-k", cwd=tmp_path).returncode == 0
    assert evil not in (tmp_path / "imp-at-k" / "report.html").read_text()


def test_progress_is_told_within_a_run_of_an_experiment(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, faults=iter([Fault(429)])) as server:
        given = ["--models", "openai/m", "--base-url", server.base_url, "--depth", "1", "--trials", "1"]
        done = in_process("experiment", "curve", TASK, *SMALL, *given, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 0, done.stderr
    assert "curve: 0 of 1 runs finished" in done.stderr and "finished 0-0 (1 of 1)" in done.stderr
    assert "answered 429" in done.stderr  # while it goes on


def test_an_improver_that_fails_on_one_task_of_a_matrix_is_said_so_there_alone(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(NUMBER)
    (tmp_path / "picky.py").write_text(
        IMPROVER + "assert 'a number up to 1' in utility.str\n    return initial_solution\n"
    )
    given = ["--improver", "picky.py", "--trials", "2", "--depth", "1", "--models", "mutate", *SMALL, "--json"]
    done = in_process("experiment", "transfer", "one.py", "--on", f"one.py,{TASK}", *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["tables"]["transfer"]
    failed = {row["on"]: (row["mean"], row["failed"]) for row in rows if row["improver"] == "seed"}
    assert failed == {"one": (0.75, 0), TASK: (0.0, 2)}


def test_the_winner_is_selected_on_val_alone_and_applied_anew(tmp_path: Path) -> None:
    """A task whose test is the opposite of its val; the seed improver writes 0.5, and what it proposes, 0.9."""
    (tmp_path / "one.py").write_text(NUMBER)
    writes = IMPROVER + "return 'def algorithm(x): return 0.5'\n"
    (tmp_path / "better.py").write_text(writes.replace("0.5", "0.9"))
    proposes = f"{IMPROVER}text = {writes.replace('0.5', '0.9')!r}\n    "
    (tmp_path / "seed.py").write_text(
        proposes + "return text if 'meta' in utility.str else 'def algorithm(x): return 0.5'\n"
    )
    given = ["--improver", "seed.py", "--trials", "1", "--depth", "1", "--models", "mutate", *SMALL, "--json"]
    done = in_process("experiment", "transfer", "one.py", "--on", TASK, *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (winner,) = json.loads(done.stdout)["tables"]["winners"]
    assert list(winner.values())[:6] == ["mutate", "one", 1, 0.9, pytest.approx(0.1), pytest.approx(0.1)]


def test_an_improver_that_works_has_run_whatever_its_programs_are_worth(tmp_path: Path) -> None:
    """Its one program crashes on every instance; and the seed improver was never scored by the meta-utility."""
    (tmp_path / "one.py").write_text(NUMBER)
    broken = IMPROVER + "return 'def algorithm(x): return 1 / 0'\n"
    (tmp_path / "seed.py").write_text(
        f"{IMPROVER}utility({broken!r})\n    return {broken!r} if 'meta' in utility.str else initial_solution\n"
    )
    run = [
        "run",
        "one.py",
        "--improver",
        "seed.py",
        "--accept",
        "paper",
        *SMALL[:6],
        "--depth",
        "1",
        "--model",
        "mutate",
    ]
    assert in_process(*run, "--out", "it", cwd=tmp_path).returncode == 0
    done = in_process("experiment", "strategies", "it", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 distinct improver proposed in 1 run" in done.stdout
    (tmp_path / "labels.json").write_text(json.dumps({"rules": [{"responses": ['["genetic crossover"]']}]}))
    by_model = ["--label-with", "scripted", "--script", "labels.json", "--json"]
    told = json.loads(in_process("experiment", "strategies", "it", *by_model, cwd=tmp_path).stdout)
    (row,) = [row for row in told["tables"]["strategies"] if row["proposed"]]
    assert (row["strategy"], row["ran"], row["selected"], row["mean gain"]) == ("genetic crossover", 1, 1, -0.25)


def test_strategies_of_a_run_without_proposals_say_so(tmp_path: Path) -> None:
    done = in_process("improve", "string-grid-distance", "--model", "mutate", *SMALL[:6], "--out", "it", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = in_process("experiment", "strategies", "it", cwd=tmp_path)
    assert "No improver was proposed in 1 run." in told.stdout, told.stderr


def test_runs_that_strategies_leave_out_are_told(finished: Finished, tmp_path: Path) -> None:
    finished.copied("curve", tmp_path)
    shutil.rmtree(tmp_path / "curve" / "runs" / "0-1")
    done = in_process("experiment", "strategies", "curve", "--out", "s", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0 and "not finished, so left out: 1 of the 2 runs of curve" in done.stderr


def test_bypass_makes_as_many_proposals_as_are_asked_for(tmp_path: Path) -> None:
    small = ["--proposals", "7", "--responses", "6", "--utility-calls", "3", "--models", "mutate", "--json"]
    done = in_process("experiment", "bypass", TASK, *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {row["of"] for row in json.loads(done.stdout)["tables"]["bypass"]} == {7}


def test_other_parameters_are_refused_with_the_difference(finished: Finished, tmp_path: Path) -> None:
    finished.copied("imp-at-k", tmp_path)
    done = in_process("experiment", "imp-at-k", "--depth", "3", "--out", "imp-at-k", cwd=tmp_path)
    assert done.returncode == 2 and "depth was 2, and is 3" in done.stderr
    done = in_process(
        "experiment", "imp-at-k", "--models", "openai/x", "--out", "imp-at-k", cwd=tmp_path
    )  # without a key
    assert done.returncode == 2 and "models was ['mutate'], and is ['openai/x']" in done.stderr
    assert in_process("experiment", "imp-at-k", "--out", "imp-at-k", cwd=tmp_path).returncode == 0


def test_other_code_is_refused_before_it_begins_a_run(tmp_path: Path) -> None:
    conduct("imp-at-k", tmp_path)
    kept, gone = sorted((tmp_path / "imp-at-k" / "runs").iterdir())
    shutil.rmtree(gone)
    with closing(sqlite3.connect(kept / "run.sqlite")) as store, store:
        store.execute("""UPDATE records SET body = json_set(body, '$.code', 'another') WHERE at LIKE '/session%'""")
    done = in_process("experiment", "imp-at-k", "--out", "imp-at-k", cwd=tmp_path)
    assert (
        done.returncode == 1
        and "with other code" in done.stderr
        and "continue with: selftaught experiment" not in done.stderr
    )
    assert not gone.exists()
    done = in_process("experiment", "imp-at-k", "--out", "imp-at-k", "--other-version", cwd=tmp_path)
    assert done.returncode == 0 and "Some runs were made by" in done.stdout


TWO = ["--models", "mutate,scripted", "--script", "script.json"]


def useless(cwd: Path) -> None:
    """The script of a model that never answers with a program."""
    (cwd / "script.json").write_text(json.dumps({"rules": [{"responses": ["no program"]}]}))


def test_models_are_compared_on_the_same_instances_with_what_each_spends(tmp_path: Path) -> None:
    """An improver that does nothing gets the same scores whatever the model is; one that asks spends more."""
    useless(tmp_path)
    (tmp_path / "idle.py").write_text("def improve_algorithm(s, utility, language_model):\n    return s\n")
    (tmp_path / "asks.py").write_text(
        "def improve_algorithm(s, utility, language_model):\n    language_model.prompt('', s, 2, 0.5)\n    return s\n"
    )
    told = conduct("baselines", tmp_path, *TWO, "--improvers", "idle.py,asks.py")
    rows = {(row["compared"], row["model"]): row for row in told["tables"]["differences"]}
    assert rows.keys() == {
        ("idle.py → asks.py", "mutate"), ("idle.py → mutate", "mutate"), ("idle.py → asks.py", "scripted"),
        ("idle.py → mutate", "scripted"), ("idle.py", "mutate → scripted"), ("asks.py", "mutate → scripted"),
    }  # fmt: skip
    assert rows["idle.py", "mutate → scripted"]["difference"] == 0
    assert [rows["idle.py → asks.py", model]["+responses"] for model in ("mutate", "scripted")] == [2, 2]
    prices = {(row["improver"], row["model"]): row["responses"] for row in told["tables"]["baselines"]}
    assert (prices["asks.py", "scripted"], prices["idle.py", "scripted"]) == (2, 0)


def test_curves_of_several_models_are_paired_and_priced_up_to_each_t(tmp_path: Path) -> None:
    useless(tmp_path)
    told = conduct("curve", tmp_path, *TWO)
    assert [(row["compared"], row["model"]) for row in told["tables"]["differences"]] == [
        ("t = 0 → 1", "mutate"), ("t = 0 → 1", "scripted"), ("t = 1", "mutate → scripted")
    ]  # fmt: skip
    prices = {(row["model"], row["t"]): row["responses"] for row in told["tables"]["curve"]}
    assert 0 < prices["mutate", 0] < prices["mutate", 1]


def test_an_improver_of_one_model_is_used_by_another(tmp_path: Path) -> None:
    """The seed proposes a better one where the model is `mutate`, which alone answers with a program."""
    useless(tmp_path)
    (tmp_path / "one.py").write_text(NUMBER)
    writes = IMPROVER + "return 'def algorithm(x): return 0.5'\n"
    proposes = f"{IMPROVER}(said,) = language_model.prompt('', f'```python\\n{{initial_solution}}\\n```', 1, 0.5)\n    "
    (tmp_path / "seed.py").write_text(
        f"{proposes}text = {writes!r} if '```' in said else initial_solution\n"
        "    return text if 'meta' in utility.str else initial_solution\n"
    )
    small = ["--improver", "seed.py", "--trials", "2", "--depth", "1", *SMALL, *TWO, "--json"]
    done = in_process("experiment", "transfer", "one.py", "--on", "one.py", *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    tables = json.loads(done.stdout)["tables"]
    means = {(row["improver"], row["used with"]): row["mean"] for row in tables["transfer"]}
    assert means == {
        ("initial solution", ""): 0.75, ("seed", "mutate"): 0.75, ("seed", "scripted"): 0.75,
        ("improved by mutate", "mutate"): 0.5, ("improved by mutate", "scripted"): 0.5,
        ("improved by scripted", "mutate"): 0.75, ("improved by scripted", "scripted"): 0.75,
    }  # fmt: skip
    assert tables["matrix"] == [
        {"improved by": "mutate", "trained on": "one", "with mutate": -0.25, "with scripted": -0.25},
        {"improved by": "scripted", "trained on": "one", "with mutate": 0.0, "with scripted": 0.0},
    ]


@pytest.mark.parametrize("name", ["curve", "transfer", "baselines", "bypass", "imp-at-k"])
def test_a_model_that_fails_for_good_is_said_so_and_the_rest_stands(
    name: str, finished: Finished, tmp_path: Path
) -> None:
    with OpenAIServer(improve_anything, key="another") as server:  # it answers 401
        given = ["--models", "openai/m,mutate", "--base-url", server.base_url]
        command = ["experiment", name, *COMMANDS[name], *SMALL, "--out", "it", "--json", *given]
        done = in_process(*command, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 1, done.stderr  # a script must not take it for the whole
    told = json.loads(done.stdout)
    assert {row["model"] for row in told["failed"]} == {"openai/m"} and "401" in told["failed"][0]["reason"]
    assert any(note.startswith("openai/m failed: ") for note in told["notes"])
    assert figures(told, "mutate") == figures(finished(name), "mutate") != []
    assert figures(told, "openai/m") == []
    assert "to retry the failed runs: selftaught experiment" in done.stderr


def figures(told: dict[str, Any], model: str) -> list[float]:
    """The means, or counts, of one model in an experiment's first table; of `transfer`, those of the seed improver."""
    rows = next(iter(told["tables"].values()))
    of_it = [row for row in rows if row.get("model", row.get("used with")) == model and row.get("improver") != "mutate"]
    seeds = [row for row in of_it if "improved" not in row.get("improver", "")]
    found = [row.get("mean", row.get("count", row.get("test"))) for row in seeds]
    return [value for value in found if value is not None]


def test_where_every_model_fails_the_experiment_does(tmp_path: Path) -> None:
    with OpenAIServer(improve_anything, key="another") as server:
        given = ["--models", "openai/m", "--base-url", server.base_url, "--out", "it"]
        done = in_process("experiment", "curve", *COMMANDS["curve"], *SMALL, *given, cwd=tmp_path, OPENAI_API_KEY="k")
    assert done.returncode == 1 and "401" in done.stderr and "continue with: selftaught experiment curve" in done.stderr
    assert not (tmp_path / "it" / "result.json").exists()


def test_scores_against_spending_are_told_in_every_currency_that_is_known(tmp_path: Path) -> None:
    """One asks once for one response, the other four times; the server counts tokens, which have a price."""
    ask = "language_model.prompt('', initial_solution, 1, 0.5)"
    for name, times in (("once", 1), ("often", 4)):
        (tmp_path / f"{name}.py").write_text(
            f"{IMPROVER}for n in range({times}):\n        {ask}\n"
            "        utility(f'def algorithm(x): return {0.5 + 0.1 * n}')\n"
            f"    return 'def algorithm(x): return {0.4 + 0.1 * times}'\n"
        )
    (tmp_path / "one.py").write_text(NUMBER)
    with OpenAIServer(lambda request: "an answer") as server:
        given = [
            "--models",
            "openai/m",
            "--base-url",
            server.base_url,
            "--price",
            "1,2",
            "--trials",
            "2",
            "--seed",
            "1",
        ]
        small = ["--model-calls", "4", "--responses", "1", "--utility-calls", "9", "--improvers", "once.py,often.py"]
        done = in_process("experiment", "baselines", "one.py", *given, *small, "--out", "it", "--json",
                          cwd=tmp_path, OPENAI_API_KEY="k")  # fmt: skip
    assert done.returncode == 0, done.stderr
    tables = json.loads(done.stdout)["tables"]
    rows = {row["improver"]: [row[budget] for budget in "1234"] for row in tables["by-responses"] if "1" in row}
    assert rows == {"once.py": pytest.approx([0.5] * 4), "often.py": pytest.approx([0.5, 0.6, 0.7, 0.8])}
    assert {"by-tokens", "by-dollars"} < tables.keys()
    equal = {(row["currency"], row["budget"]): row["difference"] for row in tables["equal-spending"]}
    assert equal["responses", 1] == 0 and equal["responses", 4] == pytest.approx(0.3)
    assert equal["dollars", max(budget for currency, budget in equal if currency == "dollars")] == pytest.approx(0.3)
    drawn = (tmp_path / "it" / "by-tokens.svg").read_text()
    assert drawn.count("<text") < 40  # round numbers along the axis, not one for each token


def test_a_pilot_says_how_many_trials_a_difference_takes_and_what_they_cost(finished: Finished) -> None:
    told = finished("baselines")["tables"]
    found = json.loads(in_process("experiment", "power", "baselines", "--json", cwd=finished.folder).stdout)
    rows = {row["compared"]: row for row in found["tables"]["power"]}
    needed = {row["compared"]: row["trials needed"] for row in told["differences"]}
    assert {name: row["trials"] for name, row in rows.items()} == needed  # the same effect of 0.03
    assert all(row["Holm"] >= row["trials"] for row in rows.values())
    prices = {row["improver"]: row["responses"] for row in told["baselines"]}
    both = prices["seed"] + prices["chain-of-thought"]
    assert rows["seed → chain-of-thought"]["responses"] == both * rows["seed → chain-of-thought"]["trials"]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder around an experiment called `one`, of one trial."""
    folder = tmp_path_factory.mktemp("one")
    conduct("imp-at-k", folder, "--trials", "1")
    (folder / "imp-at-k").rename(folder / "one")
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "needs the folder of one finished experiment, got 0"),
        (["nothing"], "nothing is not an experiment"),
        (["one", "--trials", "3"], "--trials has no effect in power"),
        (["one"], "compares nothing in two trials or more"),
    ],
)
def test_what_is_no_pilot_is_refused(arguments: list[str], said: str, one: Path) -> None:
    done = in_process("experiment", "power", *arguments, cwd=one)
    assert done.returncode == 2 and said in done.stderr
