"""A real cluster of Ray on this machine, in a network namespace with its loopback alone.

Ray's ports run code for whoever reaches them: nobody outside of the test does. A process is in a namespace from its
start, so the suites that need a cluster run in a pytest of their own: `inside_namespace`.
"""

import importlib.util
import os
import secrets
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import pytest

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra `ray`")
_UP = "import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sH14x', b'lo', 0x41))"
"""Brings the loopback up (SIOCSIFFLAGS), where there is no `ip` to do it."""
_ROOT = Path(__file__).resolve().parents[2]


def inside_namespace(words: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of this Python where there is no network but the loopback; give how it ended."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    script = textwrap.dedent(f"""\
        import os, sys
        {_UP}
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    """)
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "RAY_"))}
    return subprocess.run(
        [*alone, sys.executable, "-c", script, *words],
        cwd=_ROOT,
        env=outer | {"RAY_USAGE_STATS_ENABLED": "0"} | variables,
        capture_output=True,
        text=True,
        timeout=380,
    )


def passes(*suites: str, **variables: str) -> None:
    """Whether these files of tests pass in there. What failed is told."""
    words = ["-m", "pytest", "-x", "-p", "no:cacheprovider", *suites]
    ended = inside_namespace(words, SELFTAUGHT_TEST_EXECUTOR="ray", **variables)
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]


@cache
def two_nodes() -> Any:
    """The cluster that the tests of one process share, with one CPU on each node. It ends with the process."""
    os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    for name in ("health_check_period_ms", "health_check_timeout_ms"):  # a loss is noticed sooner than by default
        os.environ[f"RAY_{name}"] = "500"
    from ray.cluster_utils import Cluster

    head = {**NODE, "include_dashboard": False, "include_log_monitor": False}
    cluster = Cluster(initialize_head=True, connect=False, head_node_args=head)
    cluster.add_node(**NODE)
    return cluster
