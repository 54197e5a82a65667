"""Runs the command as a user does."""

import os
import subprocess
import sys
from pathlib import Path

QUICK = ["--model", "mutate", "--repeats", "1", "--model-calls", "1", "--responses", "2", "--utility-calls", "3"]


def selftaught(
    *arguments: str, cwd: Path, timeout: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`selftaught ARGUMENTS` in `cwd`, with no model configured and no key set."""
    unset = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SELFTAUGHT_MODEL")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-m", "selftaught", *arguments],
        cwd=cwd,
        env={**env, "OLLAMA_HOST": "127.0.0.1:9", **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
