"""What guests may read beyond the interpreter: packages and files, and nothing more."""

import os
from collections.abc import Iterator

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import UsageError
from selftaught.sandbox import canary
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits, Outcome, Provided, Value
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.provided import find_packages

PROVIDED = Provided(packages=("sortedcontainers",), files=(("words.txt", b"hello"), ("deep/er.bin", bytes(range(256)))))
LIMITS = Limits(provided=PROVIDED)


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def jail(request: pytest.FixtureRequest) -> Iterator[Jail]:
    with open_sandbox(request.param, 1) as opened:
        yield opened


def run(jail: Jail, source: str, *arguments: Value, limits: Limits = LIMITS) -> Outcome:
    return jail.call(Program(source), "f", arguments, limits)


def test_a_package_is_imported_before_a_program_is(jail: Jail) -> None:
    there = "import sys\nBEFORE = 'sortedcontainers' in sys.modules\n"
    sort = "from sortedcontainers import SortedList\ndef f(numbers): return [BEFORE, list(SortedList(numbers))]"
    assert run(jail, there + sort, [3, 1, 2]).value == [True, [1, 2, 3]]


def test_who_is_provided_with_nothing_finds_nothing(jail: Jail) -> None:
    source = "import os\ndef f():\n    import sortedcontainers\n"
    assert run(jail, source, limits=Limits()).note.startswith(("ModuleNotFoundError", "PermissionError"))
    source = "def f():\n    open('words.txt')\n"
    assert run(jail, source, limits=Limits()).note.startswith(("FileNotFoundError", "PermissionError"))


def test_other_packages_stay_out_of_reach(jail: Jail) -> None:
    outcome = run(jail, "def f():\n    import hypothesis\n")
    assert outcome.note.startswith(("ModuleNotFoundError", "PermissionError"))


def test_files_are_read_in_the_folder_where_a_guest_starts(jail: Jail) -> None:
    source = "def f():\n    return [open('words.txt').read(), list(open('deep/er.bin', 'rb').read())]"
    assert run(jail, source).value == ["hello", list(range(256))]


@pytest.mark.parametrize("act", ["open('words.txt', 'a')", "open('new', 'w')", "os.unlink('words.txt')"])
def test_files_are_not_written(jail: Jail, act: str) -> None:
    assert run(jail, f"import os\ndef f():\n    {act}\n").verdict is Verdict.CRASHED
    assert run(jail, "import os\ndef f(): return sorted(os.listdir('.'))").value == ["deep", "words.txt"]


def test_the_wall_is_no_weaker_with_packages(jail: Jail) -> None:
    calls = [
        next(iter(jail.run(program, "attempt", [[]], Limits(provided=PROVIDED), seed=0)))
        for program in (canary.ATTACKS, canary.FORBIDDEN)
    ]
    assert canary.breaches(*calls) == []


def test_the_copies_are_gone_when_the_sandbox_is() -> None:
    with open_sandbox("auto", 1) as jail:
        folder = run(jail, "import os\ndef f(): return os.getcwd()").value
        assert os.path.isdir(folder)
    assert not os.path.exists(folder)


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(UsageError, match="'no-such-thing', which is not installed here.*pip install no-such-thing"):
        find_packages(("no-such-thing",))


def test_a_package_by_the_name_by_which_it_is_installed() -> None:
    assert "dotenv" in find_packages(("python-dotenv",)).imports


def test_a_module_that_does_not_import_is_named() -> None:
    with (
        open_sandbox("auto", 1) as jail,
        pytest.raises(UsageError, match=r"PACKAGES sortedcontainers.nothing cannot be imported in the sandbox"),
    ):
        run(jail, "def f(): ...", limits=Limits(provided=Provided(packages=("sortedcontainers.nothing",))))
