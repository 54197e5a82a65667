"""Which interpreter runs in the jail, and the only files that it may read."""

import glob
import os
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from selftaught.core.errors import NoSandbox
from selftaught.sandbox.provided import NOTHING, View

_BOOT = (
    "import os, sys; sys.path[:0] = sys.argv[2:]; "
    # All that a zygote holds costs every guest time, and so does all that a fork runs: each page that it writes to has
    # to be copied. The standard library's handlers of a fork mend what other threads held, and there are no others;
    # asyncio does without ssl, and guests have no network. `main` takes both back before anything else is imported.
    "os.register_at_fork = lambda **handlers: None; sys.modules['ssl'] = None; "
    "from selftaught.guest.zygote import main; main(sys.argv[1])"
)
_SYSTEM_LIBRARIES = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
)

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # equal programs iterate over sets in equal order, run after run
    "MALLOC_ARENA_MAX": "1",  # 16 threads would reserve 1 GiB of address space otherwise
    "OPENBLAS_NUM_THREADS": "1",  # read before numpy is imported: 40 MiB of address space for each further thread
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LD_BIND_NOW": "1",  # each symbol is looked up once, by the zygote, and not by each guest that needs it first
}
"""The whole environment of a zygote. A guest's is empty."""


def command(control: int | str, view: View = NOTHING) -> list[str]:
    """The zygote's command line, outside of any jail; `control`: its socket's inherited descriptor, or path."""
    return [_executable(), "-s", "-P", "-S", "-B", "-c", _BOOT, str(control), *_import_folders(view)]


def readable_paths(view: View = NOTHING) -> list[str]:
    """Existing files and folders that the interpreter, numpy and our guest code need, and `view`; see `hidden_paths`.

    None is inside another, but for those of a hidden folder that are shown all the same.
    """
    ours = Path(__file__).resolve().parent.parent
    wanted = [
        *_library_folders(),
        _executable(),
        "/etc/ld.so.cache",
        *_packages("numpy", "numpy.libs", "msgspec"),
        str(ours / "__init__.py"),
        str(ours / "guest"),
        *view.readable,
    ]
    hidden = hidden_paths()
    found: list[str] = []
    for path in sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)}, key=len):
        around = max((other for other in found if _inside(path, other)), key=len, default=None)
        if around is None or any(_inside(folder, around) and _inside(path, folder) for folder in hidden):
            found.append(path)
    return found


def hidden_paths() -> list[str]:
    """The folders of installed packages inside `readable_paths`: they hold the user's own code too."""
    found = {
        os.path.realpath(path)
        for folder in _library_folders()
        for below in ("*-packages", "*/*-packages")
        for path in glob.glob(f"{glob.escape(folder)}/{below}")
    }
    return sorted(path for path in found if os.path.basename(path) in ("site-packages", "dist-packages"))


def readable_and_listed(view: View = NOTHING) -> tuple[list[str], list[str]]:
    """The same view for Landlock, which can only grant: what may be read, and folders whose names may be listed.

    A folder with a hidden one inside becomes its other entries. Links in it need no grant: what they lead to does.
    """
    hidden, readable, listed = hidden_paths(), list[str](), list[str]()
    left = readable_paths(view)
    while left:
        path = left.pop()
        if not any(_inside(folder, path) for folder in hidden):
            readable.append(path)
            continue
        listed.append(path)
        entries = (entry.path for entry in os.scandir(path) if not entry.is_symlink())
        left += [entry for entry in entries if entry not in hidden]
    return readable, listed


def _library_folders() -> list[str]:
    """Of the base interpreter and the system; a virtual environment has none but its packages."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    base |= {"installed_base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}
    own = "/usr/lib" if sys.base_prefix == "/usr" else os.path.join(sys.base_prefix, "lib")
    wanted = [own, *(sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")), *_SYSTEM_LIBRARIES]
    return list(dict.fromkeys(os.path.realpath(folder) for folder in wanted if os.path.isdir(folder)))


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder + "/")


def _executable() -> str:
    """The base interpreter, not a virtual environment's link to it: `-S` needs no environment."""
    return os.path.realpath(sys.executable)


def _import_folders(view: View) -> list[str]:
    ours = Path(__file__).resolve().parent.parent.parent
    return list(
        dict.fromkeys([str(ours), *(os.path.dirname(path) for path in _packages("numpy", "msgspec")), *view.on_path])
    )


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
