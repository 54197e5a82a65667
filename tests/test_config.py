"""One declaration of a setting: what is made from it."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
import typer
from hypothesis import example, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from typer.testing import CliRunner

from selftaught.cli.app import app, settings_of
from selftaught.cli.options import Grouped, in_flags, with_settings
from selftaught.config import (
    Group,
    Parameters,
    RunConfig,
    Settings,
    _quickly_read,
    applying,
    declared,
    make_config,
    setting,
    to_toml,
)
from selftaught.core.errors import UsageError

COMMANDS = ("run", "improve", "resume", "experiment")


class Longer(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration with one more setting: this line is all that it takes."""

    patience: Annotated[float, setting("Minutes to wait.", Group.MODEL, of="wait")] = 15.0


def test_a_setting_is_declared_once_and_is_a_flag_with_help_and_a_default_everywhere() -> None:
    taken: list[dict[str, Any]] = []
    tool = typer.Typer(rich_markup_mode=None)

    @tool.command(cls=Grouped)
    @with_settings([one for one in declared(Longer).values() if "wait" in one.commands])
    def wait(settings: dict[str, Any]) -> None:
        taken.append(settings)

    shown = CliRunner().invoke(tool, ["--help"]).output
    assert "Model:" in shown and "--patience" in shown and "Minutes to wait. [default: 15]" in shown
    assert CliRunner().invoke(tool, ["--patience", "2"]).exit_code == 0
    assert CliRunner().invoke(tool, []).exit_code == 0
    assert taken == [{"patience": 2.0}, {}]
    assert msgspec.convert({"patience": 3.0}, Longer).patience == 3.0  # of a TOML file, or of a call from Python


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_every_setting_of_a_command_below_its_group(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"]).output
    for one in settings_of(command):
        assert one.flags[0] in shown, one
        assert f"{one.group}:" in shown


def test_one_name_means_one_thing_in_every_command() -> None:
    meanings: dict[str, set[str]] = {}
    for of in (RunConfig, Parameters):
        for one in declared(of).values():
            meanings.setdefault(one.flags[0], set()).add(one.name)
    assert all(len(names) == 1 for names in meanings.values())


def test_a_flag_that_is_wrong_is_named_as_it_was_given() -> None:
    with pytest.raises(UsageError) as wrong:
        make_config({"tasks": ["parity"], "max_time_seconds": -1.0})
    assert str(wrong.value) == "`max_time_seconds`: wanted a number above 0.0, got -1.0"
    assert in_flags(str(wrong.value), declared(RunConfig)) == "--max-time: wanted a number above 0.0, got -1.0"
    with pytest.raises(UsageError, match="`race`: wanted a number below 1.0, got 1.0"):
        make_config({"tasks": ["tsp"], "race": 1.0})
    assert in_flags("go on with `max_calls=9`", declared(RunConfig)) == "go on with --max-calls 9"
    assert in_flags("`anything` else", declared(RunConfig)) == "`anything` else"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('depth = "three"', "depth: wanted a whole number, got 'three'"),
        ("depth = 0", "depth: wanted a whole number of at least 1, got 0"),
        ('accept = "best"', "accept: wanted paper or released or better or significant"),
        ("depht = 2", "no setting is called 'depht'; did you mean 'depth'?"),
        ("probes = 3", "probes: wanted true or false, got 3"),
    ],
)
def test_a_line_of_a_settings_file_that_is_wrong_is_one_clean_sentence(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(line + "\n")
    with pytest.raises(UsageError) as wrong:
        make_config({"tasks": ["parity"]}, tmp_path / "c.toml")
    assert said in str(wrong.value) and str(wrong.value).count("got") <= 1


@pytest.mark.parametrize(
    ("kind", "foreign"),
    [
        ("run", {"program", "check", "proposals"}),
        ("improve", {"depth", "repeats", "accept", "approve", "improver_model", "proposals"}),
        ("bypass", {"program", "check"}),
    ],
)
def test_what_is_shown_of_a_run_has_no_setting_that_only_other_commands_take(kind: str, foreign: set[str]) -> None:
    shown = set(applying(make_config({"tasks": ["parity"], "kind": kind})))
    assert not shown & foreign
    assert {"kind", "tasks", "model", "model_calls", "max_cost", "seed"} <= shown


def test_help_starts_within_little_cpu_time() -> None:
    """Not a clock, a set: what costs start-up time is not imported for it."""
    code = (
        "import sys\nsys.argv = ['selftaught', 'run', '--help']\nfrom selftaught.cli.app import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'openai', 'jinja2', 'rich', 'sqlite3', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


_TOML = st.one_of(
    st.dictionaries(
        st.sampled_from(["model", "price", "depth", "tasks"]),
        st.one_of(
            st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.text(max_size=4), max_size=3)
        ),
    ).map(to_toml),
    st.lists(
        st.sampled_from([
            "a", "b", " = ", "\n", '"', '"""', "'", "[", "]", "{", "}", ", ", ",\n", "[\n    ", ",\n]", ",\n    ", "#",
            "1", "0", "-", ".", "e", "_", "nan", "null", "true", "\\", "\t", " ", "\r", "\x7f", "é", "\u2028", "\x0b",
        ]),
        max_size=12,
    ).map("".join),
)  # fmt: skip


@tried(deadline=None)
@given(_TOML)
@example("a = 1\na = 2\n")
@example('a = [\n    "x = 1",\n    "y",\n]\n')
@example("a = null\n")
@example('a = "\\u00e9"\n')
@example("a = 1e400\n")
def test_what_is_read_quickly_is_what_toml_says(text: str) -> None:
    quick = _quickly_read(text)
    assert quick is None or repr(quick) == repr(tomllib.loads(text))


def test_the_settings_of_a_run_are_read_quickly() -> None:
    settings = {"tasks": ["three-sat@hard", "it's"], "depth": 2, "max_cost": 1.5, "probes": True, "seed": "5:0a"}
    assert _quickly_read(to_toml(settings)) == settings


SET_BY_CELLS = {"tasks", "seed"}


def test_every_setting_that_an_experiment_shares_with_a_run_reaches_its_cells() -> None:
    """The list was kept by hand once, and two settings were lost: utility_text and accept_level."""
    shared = set(RunConfig.__struct_fields__) & set(Parameters.__struct_fields__)
    given = Parameters(experiment="curve", tasks=["parity"], models=["mutate"])
    cell = given.settings("curve", "0", tasks=["tsp"])
    assert {name: cell[name] for name in shared - SET_BY_CELLS} == {
        name: getattr(given, name) for name in shared - SET_BY_CELLS
    }
    assert shared <= set(cell) and cell["tasks"] == ["tsp"] and cell["seed"] != given.seed


@pytest.mark.parametrize(
    ("preset", "draws"), [("default", "on"), ("quick", "on"), ("official", "off"), ("paper", "off")]
)
def test_draws_are_common_but_in_the_papers_presets(preset: str, draws: str) -> None:
    assert make_config({"tasks": ["parity"], "preset": preset}).common_draws == draws
