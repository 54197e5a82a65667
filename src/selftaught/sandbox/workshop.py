"""The workshop: where an evaluator of the user's own, or a repository's tests, run together with a program.

A guest computes and answers; a workshop may also start processes and write, into a scratch folder in memory. It sees
the system's programs, one virtual environment and the task's files, all read-only; no network, no process outside of
it, no file but those. What it leaves running ends with it. It is one room: the program runs beside its evaluator, as
the same user, and a hostile one can forge its own score. Nothing outside is in its reach.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.guest import lock
from selftaught.sandbox import cgroups
from selftaught.sandbox.contract import Done, Job, Provided
from selftaught.sandbox.filters.assemble import workshop_filter
from selftaught.sandbox.provided import put_files, remove_files
from selftaught.sandbox.tiers import bubblewrap

MOST_PROCESSES = 128
MOST_ANSWER_BYTES = 1 << 20
SCRATCH_BYTES = 256 << 20
_GRACE_SECONDS = 20.0
_SCRATCH = "/scratch"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
_GUEST = Path(__file__).resolve().parent.parent / "guest"
_DRIVER, _LOCK = _GUEST / "workshop.py", _GUEST / "lock.py"


def work(tier: str, job: Job) -> Done:
    """Do it in a workshop of this tier. Raises NoSandbox where the tier has none; SandboxError."""
    if tier not in ("bubblewrap", "unsafe"):
        raise NoSandbox(
            f"a task with evaluate or a check needs processes, which the sandbox {tier} does not bound: "
            "install bubblewrap, and use `sandbox=bubblewrap`"
        )
    folder = put_files(Provided(files=job.files or (("empty", b""),)))
    try:
        with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
            return _work(tier, job, folder, scratch)
    finally:
        remove_files(folder)


def _work(tier: str, job: Job, folder: str, scratch: str) -> Done:
    inside = tier == "bubblewrap"
    environment = job.environment or sys.prefix
    words = _python(environment)
    knows, tells = os.pipe()
    try:
        command = [*_walls(folder, environment, tells), *words] if inside else words
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_variables(environment, _SCRATCH if inside else scratch),
            pass_fds=[tells] if inside else [],
            cwd="/",
            start_new_session=True,
        )
        os.close(tells)
        tells = -1
        group = _bounded(knows, job.memory_bytes) if inside else None
        try:
            told = _told(job, folder, _SCRATCH if inside else scratch, bounded=group is not None, locked=inside)
            return _talk(process, told, job.wall_seconds * job.rounds + _GRACE_SECONDS)
        finally:
            process.kill()
            process.wait()
            if group is not None:
                group.remove()
    finally:
        os.close(knows)
        if tells >= 0:
            os.close(tells)


def _told(job: Job, folder: str, scratch: str, *, bounded: bool, locked: bool) -> bytes:
    root = os.geteuid() == 0
    return json.dumps(
        {
            **job.told,
            "folder": folder,
            "scratch": scratch,
            # A user of its own, so that its processes are counted apart.
            "user": 200_000 + secrets.randbelow(1 << 30) if root and locked else None,
            "filter": workshop_filter().hex() if locked else "",
            "cpu_seconds": int(job.wall_seconds * job.rounds) + 1,
            "wall_seconds": job.wall_seconds,
            "file_bytes": SCRATCH_BYTES,
            "processes": MOST_PROCESSES if locked else 0,
            "address_space": 0 if bounded or not locked else 4 * job.memory_bytes,
            "most_bytes": MOST_ANSWER_BYTES // 2,
        }
    ).encode()


def _talk(process: "subprocess.Popen[bytes]", told: bytes, patience_seconds: float) -> Done:
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    watch = threading.Timer(patience_seconds, process.kill)
    watch.start()
    try:
        try:
            process.stdin.write(told)
            process.stdin.close()
        except BrokenPipeError:  # its last words say why
            pass
        body = process.stdout.read(MOST_ANSWER_BYTES + 1)
        if not body:
            said = process.stderr.read(10_000).decode("utf-8", "replace").strip().splitlines()
            if process.wait() == 97 or said:
                raise SandboxError(f"the workshop did not start: {said[-1][:200] if said else 'it was not locked in'}")
    finally:
        watch.cancel()
    try:
        return msgspec.json.decode(body, type=Done)
    except msgspec.MsgspecError:
        error = (
            "it was stopped, or it ended its own harness"
            if len(body) <= MOST_ANSWER_BYTES
            else "its answer is too large"
        )
        return Done(error=error, cpu_seconds=0.0, timed_out=False, stdout="", stderr="")


def _bounded(knows: int, memory_bytes: int) -> cgroups.Cgroup | None:
    """Its processes in a group of their own, where there can be one. It waits for its job until then."""
    told = os.read(knows, 4096)
    try:
        pid = int(json.loads(told)["child-pid"])
    except (ValueError, KeyError):
        return None  # it did not start: its last words say why
    return cgroups.join(pid, memory_bytes + SCRATCH_BYTES, MOST_PROCESSES)


def _python(environment: str) -> list[str]:
    own = Path(environment) / "bin" / "python"
    return [str(own if own.exists() else Path(sys.executable)), "-s", "-B", str(_DRIVER)]


def _variables(environment: str, scratch: str) -> dict[str, str]:
    return {
        "PATH": f"{environment}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": f"{scratch}/home",
        "TMPDIR": f"{scratch}/tmp",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "VIRTUAL_ENV": environment,
        **dict.fromkeys(lock.ONE_THREAD, "1"),
    }


def _walls(folder: str, environment: str, tells: int) -> list[str]:
    home = os.path.realpath(Path(environment) / "bin" / "python")
    base = str(Path(home).parent.parent)
    wanted = [*_SYSTEM, base, sys.base_prefix, environment, folder, str(_DRIVER), str(_LOCK)]
    uid = os.geteuid()
    new = bubblewrap.namespaces(uid)
    words = [bubblewrap.find() or "bwrap", *new, "--die-with-parent", "--new-session", "--hostname", "workshop"]
    words += ["--info-fd", str(tells)]
    shown = _outer(wanted)
    for parent in _parents(shown):
        words += ["--perms", "0755", "--dir", parent]
    for path in shown:
        words += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind", path, path]
    if uid == 0:
        words += ["--cap-add", "CAP_CHOWN"]
    words += ["--proc", "/proc", "--dev", "/dev", "--size", str(SCRATCH_BYTES), "--perms", "0777", "--tmpfs", _SCRATCH]
    return [*words, "--perms", "0755", "--dir", "/tmp", "--remount-ro", "/", "--chdir", "/"]


def _outer(paths: Sequence[str]) -> list[str]:
    """Those that exist and are in no other of them; links as they are."""
    there = dict.fromkeys(path for path in paths if os.path.lexists(path))
    return [p for p in there if not any(p.startswith(f"{other}/") for other in there if not os.path.islink(other))]


def _parents(paths: Sequence[str]) -> list[str]:
    inside = {str(parent) for path in paths for parent in Path(path).parents} - {"/", *paths}
    return sorted(inside, key=len)
