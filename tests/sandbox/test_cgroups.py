"""Limits around a whole worker, on a plain folder that stands in for the kernel's tree of groups.

What the kernel itself adds, as refusing a group with processes in it, is said to the stand-in by what it is given.
"""

import os
from pathlib import Path

import pytest

from selftaught.sandbox import cgroups


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree = tmp_path / "cgroup"
    group(tree, "cpu memory pids", "cpu memory pids")
    group(tree / "user", "cpu memory pids", "memory pids")
    group(tree / "user/scope", "memory pids", "")
    return tree


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    own = tmp_path / "membership"
    own.write_text("4:memory:/elsewhere\n0::/user/scope\n")
    return own


def group(folder: Path, controllers: str, handed_on: str) -> None:
    folder.mkdir()
    (folder / "cgroup.controllers").write_text(controllers + "\n")
    (folder / "cgroup.subtree_control").write_text(handed_on + "\n")


def test_a_worker_is_put_into_a_group_of_its_own_beside_ours(root: Path, membership: Path) -> None:
    joined = cgroups.join(77, 1 << 30, 50, root=root, membership=membership)
    assert joined is not None and joined.folder == root / f"user/selftaught-{os.getpid()}-77"
    written = {file.name: file.read_text() for file in joined.folder.iterdir()}
    assert written == {"memory.max": "1073741824", "memory.swap.max": "0", "pids.max": "50", "cgroup.procs": "77"}
    assert cgroups.trouble(root=root, membership=membership) is None


def test_below_our_own_where_it_hands_the_controllers_on(root: Path, membership: Path) -> None:
    (root / "user/scope/cgroup.subtree_control").write_text("memory pids\n")
    joined = cgroups.join(77, 1 << 30, 50, root=root, membership=membership)
    assert joined is not None and joined.folder.parent == root / "user/scope"


def test_a_group_is_taken_away_and_those_of_dead_hosts_with_the_next(root: Path, membership: Path) -> None:
    joined = cgroups.join(77, 1 << 30, 50, root=root, membership=membership)
    assert joined is not None
    for file in joined.folder.iterdir():  # the kernel's files are no hindrance to it
        file.unlink()
    joined.remove()
    assert not joined.folder.exists()
    (root / "user/selftaught-999999999-1").mkdir()
    (root / f"user/selftaught-{os.getpid()}-1").mkdir()
    cgroups.join(78, 1 << 30, 50, root=root, membership=membership)
    assert sorted(path.name for path in (root / "user").glob("selftaught-*")) == sorted(
        [f"selftaught-{os.getpid()}-1", f"selftaught-{os.getpid()}-78"]
    )


@pytest.mark.parametrize(
    ("broken", "content", "reason"),
    [
        ("cgroup/cgroup.controllers", None, "cgroup v2 is not mounted at"),
        ("cgroup/user/cgroup.subtree_control", "memory\n", "may set no cgroup limits"),
        ("cgroup/user/cgroup.subtree_control", None, "may set no cgroup limits"),
        ("membership", "4:memory:/user\n", "own group is not to be seen"),
        ("membership", "0::/nowhere\n", "own group is not to be seen"),
        ("membership", None, "group is not known"),
    ],
)
def test_where_no_limits_can_be_set_there_is_a_reason(
    tmp_path: Path, root: Path, membership: Path, broken: str, content: str | None, reason: str
) -> None:
    if content is None:
        (tmp_path / broken).unlink()
    else:
        (tmp_path / broken).write_text(content)
    assert cgroups.join(77, 1 << 30, 50, root=root, membership=membership) is None
    said = cgroups.trouble(root=root, membership=membership)
    assert said is not None and reason in said and "\n" not in said


def test_in_force_is_what_the_group_says(root: Path, membership: Path) -> None:
    assert not cgroups.in_force(77, root=root, membership=membership)
    (root / "user/scope/memory.max").write_text("4096\n")
    (root / "user/scope/pids.max").write_text("max\n")
    assert not cgroups.in_force(77, root=root, membership=membership)
    (root / "user/scope/pids.max").write_text("50\n")
    assert cgroups.in_force(77, root=root, membership=membership)


def test_the_limits_are_whole_pages_below_what_the_machine_has() -> None:
    assert 0 < cgroups.most_bytes() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert cgroups.most_bytes() % (1 << 20) == 0
