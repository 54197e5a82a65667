"""`docs/deviations.md` against the code, where it can be compared."""

import re
from pathlib import Path
from random import Random

import pytest

from selftaught.config import PRESETS, RunConfig, make_config
from selftaught.tasks.loading import load_task

PAGE = (Path(__file__).parents[1] / "docs" / "deviations.md").read_text()
PRESET_ROWS = [
    line.strip("| ").split(" | ")
    for line in PAGE.partition("## Presets")[2].splitlines()
    if re.match(r"\| `\w+` \| ", line)
]


def made(preset: str) -> RunConfig:
    return make_config({"preset": preset, "kind": "run", "tasks": ["parity"], "model": "mutate"})


def test_the_table_of_presets_says_what_they_set() -> None:
    assert next(line for line in PAGE.splitlines() if line.startswith("| setting |")) == (
        f"| setting | {' | '.join(PRESETS)} |"
    )
    configs = [made(preset) for preset in PRESETS]
    for setting, *told in PRESET_ROWS:
        values = [getattr(config, setting.strip("`")) for config in configs]
        assert told == ["–" if value is None else str(value) for value in values], setting


def test_the_table_of_presets_leaves_nothing_out() -> None:
    told = {row[0].strip("`") for row in PRESET_ROWS}
    assert {name for preset in PRESETS.values() for name in preset} <= told


def row_of(what: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| {what} |"))


@pytest.mark.parametrize(
    ("row", "setting", "unit"),
    [
        ("Limits of an improver", "improver_cpu_seconds", "s of CPU time"),
        ("Limits of an improver", "improver_wall_seconds", "s idle"),
        ("Limits of an improver", "improver_memory_mib", "MiB"),
    ],
)
def test_the_limits_of_an_improver_are_those_told(row: str, setting: str, unit: str) -> None:
    assert f"{getattr(made('official'), setting):g} {unit} (`{setting}`)" in row_of(row)


@pytest.mark.parametrize(
    ("row", "task", "seconds", "val"),
    [
        ("LPN, limits described", "parity-with-noise", "2 s of CPU", 20),
        ("3SAT, sizes and limits described", "three-sat", "0.1 s of CPU", 30),
        ("String grid distance", "string-grid-distance", "0.1 s of CPU", 50),
    ],
)
def test_the_paper_s_tasks_have_the_sizes_and_limits_told(row: str, task: str, seconds: str, val: int) -> None:
    spec = load_task(task)
    assert f"{spec.limits.cpu_seconds:g} s of CPU" == seconds and seconds in row_of(row)
    assert len(list(spec.instances(Random(1), "val"))) == val
    assert str(val) in row_of(row)


def test_what_a_preset_bounds_is_the_papers() -> None:
    for preset in ("official", "paper"):
        assert f"{made(preset).max_output_tokens} (`max_output_tokens`)" in row_of("Tokens of a response")
