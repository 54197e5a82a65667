"""A run's settings are read back as they were written, whatever stands in a path or a name."""

import os
from pathlib import Path

import pytest

from selftaught.config import Parameters, RunConfig, make_config
from selftaught.core.errors import RecordError, UsageError
from selftaught.experiments.conducting import open_experiment, read_parameters
from selftaught.experiments.shared_inputs import SharedInputs
from selftaught.runs.folder import RunFolder
from selftaught.runs.recording import pack, read_recording, unpack
from selftaught.runs.store import Store
from selftaught.wiring.inputs import freeze, load_frozen, load_inputs
from selftaught.wiring.kept_settings import frozen_config

PROGRAM = "def algorithm(t, distance):\n    return t\n"
IMPROVER = "def improve_algorithm(initial_solution, utility, language_model):\n    return initial_solution\n"
NAMES = [
    "plain",
    "my\U0001f680",
    "a\"b'c\\d",
    "tab\tand\nline",
    "\x7f\x01",
    os.fsdecode(b"latin\xe9"),
    "'''",
    '"""',
    "#",
]


def frozen(folder: Path, **settings: object) -> RunConfig:
    """The settings as they were frozen; checked to be what is loaded again."""
    flags = {"tasks": ["string-grid-distance"], "kind": "improve", "seed": 1, **settings}
    inputs = load_inputs(make_config(flags), folder)
    freeze(inputs, RunFolder(folder / "run"))
    assert load_frozen(RunFolder(folder / "run")).config == inputs.config
    return inputs.config


@pytest.mark.parametrize("name", NAMES)
def test_any_file_name(tmp_path: Path, name: str) -> None:
    program, improver = tmp_path / f"{name}.py", tmp_path / f"{name}-i.py"
    program.write_text(PROGRAM)
    improver.write_text(IMPROVER)
    config = frozen(tmp_path, program=str(program), improver=str(improver))
    assert (config.program, config.improver) == (str(program), str(improver))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_model_a_script_or_a_server(tmp_path: Path, name: str) -> None:
    script = tmp_path / f"{name}.json"
    script.write_text("[]")
    model = f"relay:{name}"
    config = frozen(
        tmp_path, model=model, task_model=name, base_url=f"http://{name}", script=str(script), capability=[name, "x"]
    )
    assert (config.model, config.capability) == (model, [name, "x"])


@pytest.mark.parametrize("name", NAMES)
def test_any_parameter_of_an_experiment(tmp_path: Path, name: str) -> None:
    given = Parameters(experiment="curve", tasks=[name], models=[name], improver=name)
    open_experiment(tmp_path / "e", given, SharedInputs({}, {}))
    assert read_parameters(tmp_path / "e") == given


def test_a_run_with_a_file_name_that_is_not_unicode_can_be_packed(tmp_path: Path) -> None:
    program = tmp_path / os.fsdecode(b"latin\xe9.py")
    program.write_text(PROGRAM)
    config = frozen(tmp_path, program=str(program))
    store = Store.create(tmp_path / "run" / "run.sqlite")
    (tmp_path / "packed").write_bytes(pack(RunFolder(tmp_path / "run"), store, "0"))
    again = unpack(read_recording(tmp_path / "packed"), tmp_path / "again")
    assert frozen_config(again) == config
    assert again.frozen() == RunFolder(tmp_path / "run").frozen()


def test_settings_that_the_disk_did_not_keep_end_the_run_before_it_begins(tmp_path: Path) -> None:
    class Forgetful(RunFolder):
        def write(self, name: str, text: str | bytes) -> Path:
            forgotten = text.replace("depth = 3", "depth = 4") if isinstance(text, str) else text
            return super().write(name, forgotten)

    inputs = load_inputs(make_config({"tasks": ["parity"], "seed": 1}), tmp_path)
    with pytest.raises(RecordError, match="does not contain the settings"):
        freeze(inputs, Forgetful(tmp_path / "run"))


def test_a_settings_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_bytes(b"\xef\xbb\xbfresponses = 1\r\n")
    assert make_config({"tasks": ["parity"]}, tmp_path / "c.toml").responses == 1


@pytest.mark.parametrize("text", [b"responses = \xff", b"a = '\xed\xa0'", b"= 1", b"\x00"])
def test_what_is_no_toml_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "c.toml").write_bytes(text)
    with pytest.raises(UsageError, match="c.toml is not TOML"):
        make_config({"tasks": ["parity"]}, tmp_path / "c.toml")


def test_a_run_of_before_there_were_common_draws_goes_on_without_them(tmp_path: Path) -> None:
    assert frozen(tmp_path).common_draws == "on"
    file = RunFolder(tmp_path / "run").config
    file.write_text("".join(line for line in file.open() if not line.startswith(("common_draws", "share_scores"))))
    before = frozen_config(RunFolder(tmp_path / "run"))
    assert (before.common_draws, before.share_scores) == ("off", "text")


def test_an_experiment_of_before_there_were_common_draws_goes_on_without_them(tmp_path: Path) -> None:
    given = Parameters(experiment="baselines", tasks=["parity"], models=["mutate"])
    open_experiment(tmp_path / "e", given, SharedInputs({}, {}))
    file = tmp_path / "e" / "experiment.toml"
    file.write_text("".join(line for line in file.open() if not line.startswith("common_draws")))
    assert (given.common_draws, read_parameters(tmp_path / "e").common_draws) == ("on", "off")
