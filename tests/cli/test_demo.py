"""The first minute: `selftaught demo` replays recorded answers, and does all else itself."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from cli.support import in_process, selftaught
from selftaught.report.view import view
from selftaught.runs.records import Answered
from selftaught.runs.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, selftaught("demo", cwd=folder)


def test_the_demo_shows_a_success(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = shown
    assert done.returncode == 0, done.stderr
    for split in ("val", "sealed test"):
        (found,) = re.findall(
            rf"^{split} +([\d.]+) ± [\d.]+ +([\d.]+) ± [\d.]+ +\+([\d.]+) \(\+([\d.]+) to", done.stdout, re.M
        )
        before, after, gain, low = map(float, found)
        assert after - before == pytest.approx(gain, abs=0.0011) and low > 0.1
    assert "+def rule(capacity, tight, roomy):" in done.stdout or "more lines of the diff" in done.stdout
    assert "Next:\n  selftaught improve bin-packing --improver refine" in done.stdout


def test_each_round_and_each_programs_idea_are_told_as_they_come(
    shown: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    told = shown[1].stderr
    rounds = [told.index(f"round {number} of 3") for number in (1, 2, 3)]
    ideas = [place.start() for place in re.finditer(r"^    [\d.]+ ± [\d.]+  \w", told, re.M)]
    assert rounds == sorted(rounds)
    assert [sum(place > start for place in ideas) for start in [0, *rounds]] == [13, 12, 8, 4]


def test_every_prompt_of_the_demo_is_on_record(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Else a text that prompts are made of has changed since: python benchmarks/demo_recording.py makes it anew."""
    folder, done = shown
    assert "not in the recording" not in done.stdout
    (run,) = (folder / "runs").glob("*bin-packing*")
    with Store.open(run / "run.sqlite", writable=False) as store:
        answered = [record for record in store if isinstance(record, Answered)]
        assert len(answered) == len({record.response for record in answered}) == 12
        assert view(store).status == "finished"


def test_what_the_demo_made_is_a_run_like_any_other(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = shown
    tried = json.loads(in_process("show", "last", "--candidates", "--json", cwd=folder).stdout)["candidates"]
    assert len(tried) == 13
    assert in_process("resume", "last", cwd=folder).returncode == 0  # the model `demo` is found again


def test_the_demos_answers_are_for_its_own_task(tmp_path: Path) -> None:
    done = in_process("improve", "parity", "--model", "demo", cwd=tmp_path)
    assert done.returncode == 2
    assert "answers only for bin-packing, not for parity" in done.stderr
