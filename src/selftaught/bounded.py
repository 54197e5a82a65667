"""Reads hostile text in a process of its own: a function of ours, on text that a guest or a model wrote.

Python's parser can be made to take time with the square of its text, in one step that no other thread of the process
gets past, and its stack can be exhausted. So texts are parsed beside this process, with limits on CPU time and memory;
nothing of them is executed there. Arguments and results are JSON.
"""

import atexit
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from typing import Any

from selftaught.guest.lock import die_with_parent

CPU_SECONDS = 1.0
"""Of one call. A program as models write them is read in some milliseconds."""
MEMORY_BYTES = 1 << 30
MOST_RESULT_BYTES = 16 << 20
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from selftaught.bounded import serve; serve()"


class NotRead(Exception):  # noqa: N818 - not an error: the text was too much
    """The call passed a limit, or ended its process."""


class Reader:
    """A process that is started when it is first needed, and again after a text that ended it. Used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        os.register_at_fork(after_in_child=self._forget)
        self._used = threading.local()

    def _forget(self) -> None:
        """In a forked process, which needs a reader of its own: the two would take each other's answers."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        atexit.unregister(self.close)
        if process is not None:
            _close_pipes(process)

    @property
    def cpu_seconds_of_this_thread(self) -> float:
        """CPU time that this thread's calls took, in that process."""
        seconds: float = getattr(self._used, "seconds", 0.0)
        return seconds

    def call(self, function: str, *arguments: Any) -> Any:
        """What `function`, as "module:name", makes of the arguments. Raises NotRead."""
        request = json.dumps([function, *arguments]).encode() + b"\n"
        with self._lock:
            line = self._answer(request)
        answer = {"cpu_seconds": CPU_SECONDS} if line is None else json.loads(line)
        self._used.seconds = self.cpu_seconds_of_this_thread + answer.pop("cpu_seconds")
        if not answer:
            raise NotRead(f"reading it took more than {CPU_SECONDS:g} s or {MEMORY_BYTES >> 20} MiB")
        if "raised" in answer:
            raise RuntimeError(f"{function}: {answer['raised']}")
        return answer["result"]

    def _answer(self, request: bytes) -> bytes | None:
        if self._process is None:
            self._process = _started()
            atexit.register(self.close)
        try:
            line = _asked(self._process, request)
        except BaseException:  # interrupted: its answer must not become the next call's
            self._end()
            raise
        if line is None:
            self._end()
        return line

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        atexit.unregister(self.close)
        if process is not None:
            process.kill()
            _close_pipes(process)
            process.wait()


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _started() -> subprocess.Popen[bytes]:
    """The process, started by a thread that lives as long: the signal of a parent's end comes at its thread's end."""
    made: Queue[subprocess.Popen[bytes] | OSError] = Queue()

    def live() -> None:
        try:
            process = _start()
        except OSError as error:
            made.put(error)
        else:
            made.put(process)
            _wait_for(process)

    threading.Thread(target=live, name="bounded", daemon=True).start()
    process = made.get()
    if isinstance(process, OSError):
        raise process
    return process


def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait for its end; the process that started it reaps it."""
    with suppress(OSError):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-B", "-W", "ignore", "-c", _BOOT, *map(os.path.abspath, filter(None, sys.path))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},
        cwd="/",
        start_new_session=True,  # a Ctrl-C at the terminal is the host's business
    )


def _asked(process: subprocess.Popen[bytes], request: bytes) -> bytes | None:
    """The answer, one line; None where the process ended instead."""
    assert process.stdin is not None and process.stdout is not None  # both are pipes
    try:
        process.stdin.write(request)
        process.stdin.flush()
        line = process.stdout.readline(MOST_RESULT_BYTES)
    except OSError:
        return None
    return line if line.endswith(b"\n") else None


def serve() -> None:
    """Answer calls until there are no more. A call that takes too long kills the process by a signal."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    die_with_parent()  # even one that is stopped, and so would not see its pipe end
    for line in sys.stdin.buffer:
        began = time.process_time()
        function, *arguments = json.loads(line)
        module, _, name = function.partition(":")
        called = getattr(importlib.import_module(module), name)
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        answer = _made(called, arguments)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answer["cpu_seconds"] = time.process_time() - began
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _made(called: Callable[..., Any], arguments: list[Any]) -> dict[str, Any]:
    """The result, or the exception; nothing if the text was too much."""
    try:
        return {"result": called(*arguments)}
    except (MemoryError, RecursionError):  # the text's doing
        return {}
    except Exception as error:  # ours: it is raised where the call was made
        return {"raised": f"{type(error).__name__}: {error}"}


READER = Reader()
"""One for the whole process: reading takes a core, and is over in milliseconds."""
