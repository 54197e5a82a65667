"""`improve --in-place`: a better program replaces the original file, unless the file changed meanwhile."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from selftaught.cli.terminal import say
from selftaught.config import RunConfig
from selftaught.core.errors import UsageError
from selftaught.report.view import RunView
from selftaught.runs.folder import RunFolder


@dataclass(frozen=True)
class Original:
    """A user's file, as it was before the run. `of_repository`: one function of it is improved."""

    file: Path
    body: bytes
    of_repository: bool


def original_of(config: RunConfig) -> Original:
    """The file that the improved program will replace. Raises UsageError if there is no such file."""
    file, function, _ = config.tasks[0].partition("::")
    name = file if function else config.program
    if name is None:
        raise UsageError("--in-place needs a file to write to: --program FILE, or FILE.py::FUNCTION as the task")
    path = Path(name)
    try:
        return Original(path, path.read_bytes(), bool(function))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def put(original: Original, run: RunView, folder: RunFolder) -> None:
    """Overwrite the original if the result is better. Raises UsageError; the result stays in the run's folder."""
    made = run.improvement
    if made is None or made.made in (None, made.solution):
        say(f"{original.file} is unchanged: no better program was found")
        return
    ours = folder.path / ("improved.patch" if original.of_repository else "improved.py")
    if original.file.read_bytes() != original.body:
        raise UsageError(f"{original.file} changed during the run, so it is not overwritten; see {ours}")
    if original.of_repository:
        _apply(original.file, ours)
    else:
        _replace(original.file, ours.read_bytes())
    say(f"wrote {original.file}")


def _apply(file: Path, patch: Path) -> None:
    command = ["git", "-C", str(file.resolve().parent), "rev-parse", "--show-toplevel"]
    top = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    command = ["git", "-C", top, "apply", str(patch.resolve())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(f"{patch} does not apply to {file}: {done.stderr.strip()}")


def _replace(file: Path, body: bytes) -> None:
    """Completely or not at all, with the file's mode."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        draft.write_bytes(body)
        draft.chmod(file.stat().st_mode & 0o777)
        draft.replace(file.resolve())
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
