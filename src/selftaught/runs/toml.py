"""Settings as TOML, to a file and back: what was written is read as it was, whatever stands in a path.

A file name that is not UTF-8 comes from the system with half characters (lone surrogates) in it. TOML has no spelling
for them; they are kept as the bytes that they would have in UTF-8, and only files with such a name hold any.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from selftaught.core.errors import UsageError

MOST_BYTES = 1 << 20
"""Of a file of settings: reading one takes time."""


def to_toml(settings: Mapping[str, Any]) -> str:
    """The settings as the text of a TOML file; None is left out."""
    return tomli_w.dumps({name: value for name, value in settings.items() if value is not None})


def read_toml(file: Path) -> dict[str, Any]:
    """The settings in `file`, by name. Raises UsageError if it is missing or is not TOML."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(f"{file} has {file.stat().st_size} bytes; a file of settings has {MOST_BYTES} at most")
        # utf-8-sig: some editors put a byte order mark there.
        return tomllib.loads(file.read_text(encoding="utf-8-sig", errors="surrogatepass"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except RecursionError:
        raise UsageError(f"{file} is no file of settings: it is nested too deep") from None
    except ValueError as error:  # TOML's own, of bytes that are no UTF-8, of numbers of thousands of digits
        raise UsageError(f"{file} is not TOML: {error}") from error
