"""What every command shares: exit codes, lines on stderr, the environment, the sandbox."""

import os
import sys
from typing import TYPE_CHECKING, Any

from selftaught.core.errors import NoSandbox, RunStopped, SelfTaughtError, UsageError

if TYPE_CHECKING:  # imported only by commands that run programs
    from selftaught.sandbox.jail import Jail

OK, FAILURE, USAGE, STOPPED, NO_SANDBOX, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes: documented in the README."""


def exit_code(error: SelfTaughtError) -> int:
    """The exit code that tells this kind of error."""
    if isinstance(error, RunStopped):
        return INTERRUPTED if error.interrupted else STOPPED
    return {UsageError: USAGE, NoSandbox: NO_SANDBOX}.get(type(error), FAILURE)


def broken_package(error: ImportError) -> str:
    """The installed package that is missing or fails: the first that our own code imported, or `error` names."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_globals.get("__name__", "").partition(".")[0])
        trace = trace.tb_next
    past_ours = frames[len(frames) - frames[::-1].index("selftaught") :] if "selftaught" in frames else frames
    foreign = [name for name in past_ours if name not in ("importlib", "")]
    return foreign[0] if foreign else (error.name or "a package").partition(".")[0]


def environment() -> dict[str, Any]:
    """Environment variables, over those of a .env file in the current folder. Raises UsageError if that is none."""
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        with open(".env", encoding="utf-8") as file:
            bad = next((line for line in parse_stream(file) if line.error), None)
        if bad is not None:  # its text is not shown: it may hold a key
            raise UsageError(f".env does not parse at line {bad.original.line}; wanted lines like NAME=VALUE")
        told = dotenv_values(".env")
    except FileNotFoundError:
        told = {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f".env cannot be read: {error}; wanted UTF-8 text with lines like NAME=VALUE") from error
    return {**{name: value for name, value in told.items() if value is not None}, **os.environ}


def open_jail(name: str) -> "Jail":
    """The sandbox; what is not one is said loudly."""
    from selftaught.sandbox.choice import open_sandbox

    jail = open_sandbox(name)
    warn_if_unsafe(jail.tier)
    return jail


def warn_if_unsafe(tier: str) -> None:
    """Say loudly that programs are not isolated."""
    if tier == "unsafe":
        say("WARNING: --sandbox unsafe: programs written by a model run as you, with your files and your network.")


def say(text: str) -> None:
    """One line on stderr."""
    print(f"selftaught: {text}", file=sys.stderr, flush=True)
