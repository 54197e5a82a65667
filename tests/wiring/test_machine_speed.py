"""Prompts tell how fast the machine is, and so what they tell must not change from one process to the next."""

from pathlib import Path

import pytest

from selftaught.wiring.machine import machine_speed

measured_anew = machine_speed.__wrapped__
"""As another process of the same user has it."""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "selftaught" / "machine-speed"


def test_it_is_measured_once_for_a_user(kept: Path) -> None:
    first = measured_anew()
    assert first >= 1 and kept.read_text() == f"{first}\n"
    kept.write_text("3\n")  # what no machine of today measures: it is read, not measured
    assert measured_anew() == 3


@pytest.mark.parametrize("text", ["", "-5\n", "0\n", "fast\n", "9" * 5000, "\u0663\n"])
def test_what_is_no_speed_is_measured(kept: Path, text: str) -> None:
    kept.parent.mkdir()
    kept.write_text(text)
    assert 1 <= measured_anew() < 1_000_000


def test_where_nothing_can_be_kept_it_is_measured(kept: Path) -> None:
    kept.parent.write_text("a file in the folder's place")
    assert measured_anew() >= 1
