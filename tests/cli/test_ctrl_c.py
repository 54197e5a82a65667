"""Ctrl-C at any time ends a command without a traceback."""

import signal
import subprocess
import sys

STOPPED = """
import os, signal, threading
from selftaught.cli.stopping import run_stoppable
from selftaught.core.errors import RunStopped
from selftaught.middleware.gate import Gate

over = threading.Event()
gate = Gate()
try:
    run_stoppable(lambda: (os.kill(os.getpid(), signal.SIGINT), over.wait(20)), gate, over.set)
except RunStopped as stopped:
    print(stopped, flush=True)
    os.kill(os.getpid(), signal.SIGINT)
print("it goes on")
"""

LOADING = """
import sys
from selftaught.__main__ import main

class Interrupts:
    @staticmethod
    def find_spec(name, *more):
        if name == "selftaught.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts)
main()
"""


def test_a_second_one_ends_it_at_once_also_where_the_run_is_over_and_the_process_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (130, "interrupted\n"), done.stderr
    assert "Traceback" not in done.stderr


def test_one_that_comes_while_the_commands_are_loaded_says_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "")
