"""Runs the command as a user does."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from selftaught.cli.app import main
from selftaught.sandbox import choice
from selftaught.sandbox.contract import Outcome
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.tier import Tier

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


class Kept(Jail):
    """A sandbox that one command after the other works in: real, proved anew by each, and warm.

    Where programs still run when a command closes it, it is closed, and the next command gets another.
    """

    _kept: ClassVar[dict[tuple[str, int | None], "Kept"]] = {}

    @classmethod
    def given(cls, tier: Tier, workers: int | None = None) -> "Kept":
        """The one of this kind, if no command has it; else a new one."""
        kept = cls._kept.pop((tier.name, workers), None)
        return kept or cls(tier, workers)

    def __init__(self, tier: Tier, workers: int | None = None) -> None:
        super().__init__(tier, workers)
        self._kind = tier.name, workers
        self._at_work: set[object] = set()

    def run(self, *arguments: Any, **named: Any) -> Iterator[Outcome]:
        one = object()
        self._at_work.add(one)
        try:
            yield from super().run(*arguments, **named)
        finally:
            self._at_work.discard(one)

    def close(self) -> None:
        kept = self._kept.get(self._kind)
        if kept is self:  # a run that is stopped closes it twice
            return
        if kept is not None or self._closed or self._at_work:
            super().close()
        else:
            self._kept[self._kind] = self


def in_process(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same without a process of its own, some thirty times quicker. Its sandbox is `Kept`."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        patch.dict(os.environ, env_of(environment), clear=True),
        patch.object(sys, "argv", ["selftaught", *arguments]),
        patch.object(choice, "Jail", Kept.given),
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
