"""The sandbox starts whatever numbers the host's open files leave to its control socket."""

import subprocess
import sys

from selftaught.sandbox.jail import Jail

SCRIPT = """
import os, sys
from contextlib import ExitStack
from selftaught.sandbox.choice import open_sandbox

for lowest_free in range(57, 64):
    with ExitStack() as held:
        while (descriptor := os.open("/dev/null", os.O_RDONLY)) < lowest_free:
            held.callback(os.close, descriptor)
        os.close(descriptor)
        assert descriptor == lowest_free
        open_sandbox(sys.argv[1], workers=1).close()
        print(lowest_free)
"""


def test_it_starts_whatever_the_host_has_open(isolating_sandbox: Jail) -> None:
    """The zygote keeps descriptors of its own at 60, 61 and 62: one that was inherited may have such a number."""
    command = [sys.executable, "-c", SCRIPT, isolating_sandbox.tier]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(number) for number in range(57, 64)]
