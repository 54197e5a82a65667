"""What every command shares: exit codes, lines on stderr, the environment, the sandbox."""

import errno
import io
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

from selftaught.core.errors import NoSandbox, RunStopped, SelfTaughtError, UsageError
from selftaught.report.untrusted import in_json, visible

if TYPE_CHECKING:  # imported only by commands that run programs, or draw
    from rich.console import Console
    from rich.text import Text

    from selftaught.sandbox.jail import Jail

OK, FAILURE, USAGE, STOPPED, NO_SANDBOX, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes: documented in docs/commands.md."""
_LEAST_COLUMNS, _USUAL_COLUMNS = 20, 80


def exit_code(error: SelfTaughtError) -> int:
    """The exit code of this kind of error."""
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


def open_streams() -> None:
    """Make the three standard streams safe to print to, for any stream and any text.

    Closed ones are opened on nothing: else the next file or socket of ours would take their numbers, and be printed
    into. All that is printed passes `Cleaned`.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or open(os.devnull, "w")  # noqa: SIM115 - as long as the process
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Unicode must not fail
        setattr(sys, name, Cleaned(stream))


class Lasting:
    """A standard stream whose reader may go away (`| head`, a closed terminal) without an end of the run."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """As of any text stream."""
        with self._while_it_is_read():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As of any text stream."""
        with self._while_it_is_read():
            self.stream.flush()

    @contextmanager
    def _while_it_is_read(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Cleaned(Lasting):
    """One through which nothing steers a terminal: what cannot be seen is named.

    Printed text may contain text of a guest, a model, a server or a stranger's folder.
    """

    def write(self, text: str) -> int:
        """As of any text stream."""
        return super().write(visible(text))


def write_exactly(text: str) -> None:
    """A program's text on stdout: unchanged into a file or another program; cleaned on a terminal."""
    stream = sys.stdout
    exact = Lasting(stream.stream) if isinstance(stream, Cleaned) and not stream.isatty() else stream
    exact.write(text)


def console(*, stderr: bool = False, width: int | None = None) -> "Console":
    """Rich's console, which draws with its own escapes. Texts go in as `cleaned`."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    drawn_on = Lasting(stream.stream) if isinstance(stream, Cleaned) else stream
    return Console(file=cast(IO[str], drawn_on), width=width)


def columns(stream: TextIO) -> int | None:
    """The width of a line on the stream: from COLUMNS or the terminal; None if there is neither."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return max(_LEAST_COLUMNS, int(told))
    if not stream.isatty():
        return None
    try:
        return max(_LEAST_COLUMNS, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def folded(line: str, stream: TextIO) -> str:
    """A sentence, broken between words if it is wider than a line. Words and paths stay whole."""
    width = columns(stream)
    if width is None or len(line) <= width:
        return line
    margin = " " * (len(line) - len(line.lstrip(" ")))
    lines = textwrap.wrap(line, width, subsequent_indent=f"{margin}  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def tell(line: str) -> None:
    """A sentence on stdout. On a terminal it is broken between words; elsewhere it is one line of any length."""
    print(folded(line, sys.stdout))


def cleaned(text: str) -> "Text":
    """What rich is to draw, cleaned like all that is printed."""
    from rich.text import Text

    return Text(visible(text))


_results: list[TextIO] = []
"""Where JSON goes while stdout is kept for it."""


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    out = _results[-1] if _results else sys.stdout
    print(in_json(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False)), file=out, flush=bool(_results))


@contextmanager
def only_json() -> Iterator[None]:
    """Within the block nothing but JSON gets to stdout: what a task's file prints, say, goes to stderr."""
    out, sys.stdout = sys.stdout, sys.stderr
    _results.append(out)
    try:
        yield
    finally:
        sys.stdout = _results.pop()


def print_error(said: str, kind: str, code: int) -> None:
    """An error as the one JSON object of a command with --json."""
    print_json({"schema": "selftaught.error/1", "error": said, "kind": kind, "exit_code": code})


def environment() -> dict[str, Any]:
    """Environment variables, over those of a .env file in the current folder. Raises UsageError if that is not one.

    A .env that cannot be read is ignored, and so is a server that it names for a key that it does not contain: a folder
    that somebody else made does not send the user's key anywhere.
    """
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        with open(".env", encoding="utf-8") as file:
            bad = next((line for line in parse_stream(file) if line.error), None)
        if bad is not None:  # its text is not shown: it may hold a key
            raise UsageError(f".env does not parse at line {bad.original.line}; wanted lines like NAME=VALUE")
        told = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    except (FileNotFoundError, IsADirectoryError):
        told = {}
    except OSError as error:
        say(f".env cannot be read ({error.strerror}): it is ignored")
        told = {}
    except UnicodeDecodeError as error:
        raise UsageError(f".env cannot be read: {error}; wanted UTF-8 text with lines like NAME=VALUE") from error
    for server, key in _servers_of_others(told):
        del told[server]
        say(f".env: {server} is ignored, because {key} is not in the same file: set both in one place")
    return {**told, **os.environ}


def _servers_of_others(told: Mapping[str, str]) -> list[tuple[str, str]]:
    """(variable of a server, variable of a key) where a .env names the server, and the key is the environment's."""
    from selftaught.models.served.providers import PROVIDERS

    pairs = [(provider.urls, provider.keys) for provider in PROVIDERS.values()]
    found = []
    for servers, keys in [*pairs, (("OLLAMA_HOST",), PROVIDERS["ollama"].keys)]:
        own = next((key for key in keys if os.environ.get(key)), None)
        if own is not None and not any(told.get(key) for key in keys):
            found += [(server, own) for server in servers if server in told and server not in os.environ]
    return found


def open_jail(name: str) -> "Jail":
    """The sandbox, with a warning if it does not isolate."""
    from selftaught.sandbox.choice import open_sandbox

    jail = open_sandbox(name)
    warn_if_unsafe(jail.tier)
    return jail


def warn_if_unsafe(tier: str) -> None:
    """Say loudly that programs are not isolated."""
    if tier == "unsafe":
        say("WARNING: --sandbox unsafe: programs written by a model run as you, with your files and your network.")


def say(text: str) -> None:
    """A sentence on stderr: broken between words on a terminal, one line in a log."""
    line = f"selftaught: {text}"
    print(folded(line, sys.stderr) if sys.stderr.isatty() else line, file=sys.stderr, flush=True)
