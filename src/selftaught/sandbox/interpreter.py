"""Which interpreter runs in the jail, and the only files that it may read."""

import os
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from selftaught.core.errors import NoSandbox

_BOOT = "import sys; sys.path[:0] = sys.argv[2:]; from selftaught.guest.zygote import main; main(int(sys.argv[1]))"
_SYSTEM_LIBRARIES = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
)

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # equal programs iterate over sets in equal order, run after run
    "MALLOC_ARENA_MAX": "1",  # 16 threads would reserve 1 GiB of address space otherwise
    "OPENBLAS_NUM_THREADS": "1",  # read before numpy is imported: 40 MiB of address space for each further thread
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""The whole environment of a zygote. A guest's is empty."""


def command(control: int) -> list[str]:
    """The zygote's command line, outside of any jail; `control` is the inherited descriptor of its socket."""
    return [_executable(), "-s", "-P", "-S", "-B", "-c", _BOOT, str(control), *_import_folders()]


def readable_paths() -> list[str]:
    """Existing files and folders that the interpreter, numpy and our guest code need, none inside another."""
    ours = Path(__file__).resolve().parent.parent
    wanted = [
        _executable(),
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),
        os.path.join(sys.base_prefix, "lib") if sys.base_prefix != "/usr" else "/usr/lib",
        *_SYSTEM_LIBRARIES,
        *_packages("numpy", "numpy.libs", "msgspec"),
        str(ours / "__init__.py"),
        str(ours / "guest"),
    ]
    real = sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)}, key=len)
    return [path for path in real if not any(path.startswith(other + "/") for other in real)]


def _executable() -> str:
    """The base interpreter, not a virtual environment's link to it: `-S` needs no environment."""
    return os.path.realpath(sys.executable)


def _import_folders() -> list[str]:
    ours = Path(__file__).resolve().parent.parent.parent
    return list(dict.fromkeys([str(ours), *(os.path.dirname(path) for path in _packages("numpy", "msgspec"))]))


def _packages(*names: str) -> list[str]:
    found: list[str] = []
    for name in names:
        if name == "numpy.libs":  # the shared libraries of numpy's wheel, beside it
            found.append(os.path.join(os.path.dirname(found[0]), name))
            continue
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise NoSandbox(f"the sandbox needs the package {name}, and it is not installed: pip install {name}")
        found.append(os.path.realpath(os.path.dirname(spec.origin)))
    return found
