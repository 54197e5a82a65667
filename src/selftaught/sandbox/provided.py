"""What guests may read beyond the interpreter: installed packages with what they need, and files of a task's own."""

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from selftaught.core.errors import UsageError
from selftaught.sandbox.contract import Provided

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_NO_CODE = ("..", "/", "__pycache__")


@dataclass(frozen=True, slots=True)
class View:
    """The same as places on this machine.

    Attributes:
        imports: modules that a zygote imports before it forks.
        readable: files and folders.
        on_path: the folders in which those packages lie.
        folder: where the files are, and a guest starts; empty without files.
    """

    imports: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    on_path: tuple[str, ...] = ()
    folder: str = ""


NOTHING = View()


@lru_cache
def find_packages(names: tuple[str, ...]) -> View:
    """The view of packages, named as they are imported (or a module of one) or installed. Raises UsageError."""
    by_import = metadata.packages_distributions() if names else {}
    imports, wanted = list[str](), list[str]()
    for name in names:
        found, behind = _resolved(name, by_import)
        imports += found
        wanted += behind
    roots = [path for module in imports for path in _module_paths(module.partition(".")[0])]
    readable = [*roots, *(path for each in _with_requirements(wanted) for path in _paths(each))]
    return View(
        tuple(dict.fromkeys(imports)),
        tuple(dict.fromkeys(map(os.path.realpath, readable))),
        tuple(dict.fromkeys(os.path.dirname(os.path.realpath(path)) for path in readable)),
    )


def _resolved(name: str, by_import: Mapping[str, list[str]]) -> tuple[list[str], list[str]]:
    """The modules and the distributions that a name stands for."""
    root = name.partition(".")[0]
    if root in by_import:
        return [name], by_import[root]
    modules = [module for module, behind in by_import.items() if _plain(name) in map(_plain, behind)]
    if modules:
        return [module for module in modules if not module.startswith("_")] or modules, [name]
    if _module_paths(name):  # on the path without having been installed
        return [name], []
    raise UsageError(
        f"PACKAGES names {name!r}, which is not installed here; install it into the environment of selftaught: "
        f"pip install {name}"
    )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _module_paths(module: str) -> list[str]:
    if not module.isidentifier():
        return []
    spec = importlib.util.find_spec(module)
    if spec is None:
        return []
    return list(spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else []))


def _with_requirements(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    """These distributions and all that they need, as far as it is installed; no extras."""
    left, seen = list(names), set[str]()
    while left:
        name = left.pop()
        if _plain(name) in seen:
            continue
        seen.add(_plain(name))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        for needed in distribution.requires or []:
            match = _NAME.match(needed)
            if match and "extra ==" not in needed:
                left.append(match[0])


def _paths(distribution: metadata.Distribution) -> Iterator[str]:
    """What it installed, but for scripts: the entries of the folder of packages."""
    tops = {file.parts[0] for file in distribution.files or [] if file.parts}
    for top in sorted(tops):
        path = str(distribution.locate_file(top))
        if top not in _NO_CODE and not top.endswith(".pth") and os.path.exists(path):
            yield path


def put_files(provided: Provided) -> str:
    """Its files in a new folder that guests of any user may read; an empty text if there are none."""
    if not provided.files:
        return ""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="selftaught-files-")))
    try:
        for name, body in provided.files:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o444)
    except OSError:
        remove_files(str(folder))
        raise
    return str(folder)


def remove_files(folder: str) -> None:
    """End what `put_files` made."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
