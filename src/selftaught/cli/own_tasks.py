"""`selftaught new`: a task of one's own."""

from pathlib import Path

from selftaught.cli.terminal import say
from selftaught.core.errors import UsageError
from selftaught.tasks.contract import as_name, template


def new(name: str, kind: str) -> None:
    """Write NAME.py, of this kind, where there is no such file. Raises UsageError."""
    text = template(kind)
    file = Path(name if name.endswith(".py") else f"{name}.py")
    if file.stem != as_name(file.stem) or not file.stem:
        raise UsageError(f'a task cannot be called {file.stem!r}; wanted letters, digits, "-" and "_"')
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already; name another") from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    say(f"wrote {file}. Change it to what you want, then: selftaught improve {file}")
