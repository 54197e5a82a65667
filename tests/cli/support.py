"""Runs the command as a user does."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from selftaught.cli.app import main

QUICK = ["--model", "mutate", "--repeats", "1", "--model-calls", "1", "--responses", "2", "--utility-calls", "3"]


def selftaught(
    *arguments: str, cwd: Path, timeout: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`selftaught ARGUMENTS` in `cwd`, with no model configured and no key set."""
    return subprocess.run(
        [sys.executable, "-m", "selftaught", *arguments],
        cwd=cwd,
        env=env_of(environment),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def in_process(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same without a process of its own, some thirty times quicker: for what is refused before work begins."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        patch.dict(os.environ, env_of(environment), clear=True),
        patch.object(sys, "argv", ["selftaught", *arguments]),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return subprocess.CompletedProcess(list(arguments), code, out.getvalue(), err.getvalue())


def env_of(changes: dict[str, str]) -> dict[str, str]:
    """The environment of a command: no model and no key of the user's, and lines as long as they are."""
    unset = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SELFTAUGHT_MODEL", "COLUMNS")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    return {**env, "OLLAMA_HOST": "127.0.0.1:9", **changes}
