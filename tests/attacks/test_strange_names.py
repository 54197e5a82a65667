"""Strange names: of files that no file can have. They harm nobody."""

import pytest

from attacks.arena import CALLS, raid
from selftaught.core.contracts import Verdict
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack


@pytest.mark.parametrize(
    "path", ["'x' * 100_000", "b'\\xff\\xfe'", "'a\\0b'", "'/' + '../' * 5000", "''", "-1", "'/proc/self/' * 500"]
)
def test_a_strange_path_harms_nobody(isolating_sandbox: Jail, path: str) -> None:
    assert raid(isolating_sandbox, f"def f(): return open({path}).read()").verdict is Verdict.CRASHED


def test_a_null_pointer_as_a_path_harms_nobody(isolating_sandbox: Jail) -> None:
    outcome = raid(isolating_sandbox, CALLS + "def f(): return call('openat', 0xffffff9c, 0, 0)")
    assert (outcome.verdict, outcome.value) == (Verdict.OK, -14)  # EFAULT
