"""A seed that a person chose: it repeats a run, and tells no program which instances are drawn from it."""

import stat
from pathlib import Path

import pytest

from selftaught.config import make_config
from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.runs.salt import salted


def test_the_same_number_is_the_same_seed_in_one_folder_of_runs(tmp_path: Path) -> None:
    """Also from before there is such a folder; and in another user's it is another."""
    runs, ours, theirs = tmp_path / "runs", {"XDG_DATA_HOME": str(tmp_path / "a")}, {"HOME": str(tmp_path / "b")}
    first = salted("42", runs, ours)
    assert not runs.exists()
    runs.mkdir()
    assert [salted("42", runs, ours), salted(42, runs, theirs)] == [first, first]
    assert RunSeed.parse(first).number == 42 and len(RunSeed.parse(first).salt) == 16
    assert salted("42", tmp_path / "other", theirs) != first
    assert stat.S_IMODE((runs / ".salt").stat().st_mode) == 0o600


def test_a_seed_as_it_was_printed_is_left_alone_and_one_not_given_is_drawn(tmp_path: Path) -> None:
    assert salted("42:abc", tmp_path, {}) == "42:abc"
    assert not (tmp_path / ".salt").exists()
    assert salted(None, tmp_path, {}) != salted(None, tmp_path, {})


def test_where_nothing_can_be_kept_a_salt_is_drawn_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nowhere = {"XDG_DATA_HOME": str(tmp_path / "file")}
    assert salted("42", tmp_path / "none", nowhere) != salted("42", tmp_path / "none", nowhere)


def test_what_a_program_is_handed_comes_from_the_number_alone() -> None:
    one, other = RunSeed(42, "salt-one"), RunSeed(42, "salt-two")
    assert one.number == other.number and one.instances != other.instances
    assert RunSeed(43, "salt-one").instances != one.instances
    assert one.of("cell").salt == "salt-one" and one.of("cell").number not in (42, one.of("other").number)
    assert RunSeed(42).instances == 42  # as in the records of 0.1.0


@pytest.mark.parametrize("seed", ["", "x", "-1", "4.2", "42:", "42:a b", "42:a:b", "1" * 20, "42:" + "a" * 65])
def test_what_is_no_seed_is_refused(seed: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wanted a number, or a seed as printed: 42:SALT"):
        salted(seed, tmp_path, {})


def test_a_configuration_takes_a_number_or_a_text() -> None:
    assert [make_config({"tasks": ["x"], "seed": seed}).seed for seed in (42, "42", "42:abc")] == ["42", "42", "42:abc"]
    with pytest.raises(UsageError, match="seed"):
        make_config({"tasks": ["x"], "seed": "forty-two"})
