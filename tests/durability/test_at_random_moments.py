"""Killed, or its folder taken away, at a random moment: nothing that was paid is lost, and nothing untrue is said."""

from pathlib import Path

from conftest import times
from durability.disturbed import deletions, kills


def test_kills_lose_nothing_that_was_paid(tmp_path: Path) -> None:
    seen = kills(tmp_path, count := times(2, 4), seed=1)
    assert (seen.lies, seen.kills) == ([], count)


def test_a_folder_that_is_taken_away_ends_its_run_and_that_is_said(tmp_path: Path) -> None:
    seen = deletions(tmp_path, count := times(2, 3), seed=1)
    assert (seen.lies, seen.told) == ([], count)
