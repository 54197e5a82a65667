"""One declaration of a setting: what is made from it."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from selftaught.cli.app import app, settings_of
from selftaught.cli.options import Grouped, in_flags, with_settings
from selftaught.config import Group, Parameters, RunConfig, Settings, applying, declared, make_config, setting
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
