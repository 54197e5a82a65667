"""What this machine can do: which sandbox, which model, which parts."""

import os
import platform
import sqlite3
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from selftaught.cli.options import in_flags
from selftaught.cli.terminal import environment, print_json
from selftaught.core.errors import NoSandbox, SelfTaughtError
from selftaught.core.version import VERSION
from selftaught.models.choose import choose_model
from selftaught.sandbox import cgroups
from selftaught.sandbox.choice import landlock_abi, open_sandbox, survey


def examine(*, as_json: bool) -> bool:
    """Print what there is. True if untrusted code can be isolated here."""
    found = survey()
    try:
        with open_sandbox("auto") as jail:
            taken, layers, trouble = jail.tier, list(jail.layers), ""
    except NoSandbox as error:
        taken, layers, trouble = "", [], str(error)
    facts: dict[str, object] = {
        "schema": "selftaught.doctor/1",
        "selftaught": VERSION,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "packages": _packages(),
        "sqlite": sqlite3.sqlite_version,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "user": "root" if os.geteuid() == 0 else "ordinary",
        "landlock_abi": landlock_abi(),
        "sandbox": taken,
        "layers": layers,
        "tiers": [{"name": tier.name, "works": tier.works, "trouble": tier.trouble} for tier in found],
        "trouble": trouble,
        "lacking": "" if cgroups.LAYER in layers else f"{cgroups.LAYER}: {cgroups.trouble() or 'no worker runs'}",
        "model": _model(),
    }
    if as_json:
        print_json(facts)
    else:
        print(in_flags(_as_text(facts)))
    return bool(taken)


_COMMON = ("scipy", "pandas", "scikit-learn", "networkx", "sympy", "numba", "ortools", "torch")
"""Packages that tasks often want."""


def _packages() -> dict[str, str]:
    """Those that are installed beside selftaught, so that a task's PACKAGES may name them; with their versions."""
    found = {}
    for name in _COMMON:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _model() -> str:
    try:
        chosen = choose_model("auto", base_url=None, environment=environment(), seed=0, script=None, max_connections=1)
    except SelfTaughtError as error:
        return f"none: {error}"
    return f"{chosen.name} ({chosen.why})"


def _as_text(facts: dict[str, object]) -> str:
    lines = [
        f"{name:<13} {facts[name]}" for name in ("selftaught", "python", "numpy", "sqlite", "kernel", "cores", "user")
    ]
    packages = facts["packages"] if isinstance(facts["packages"], dict) else {}
    told = ", ".join(f"{name} {number}" for name, number in packages.items()) or f"none of {', '.join(_COMMON)}"
    lines.append(f"{'packages':<13} {told} (for PACKAGES in a task)")
    lines.append(f"{'model':<13} {facts['model']}")
    lines.append(f"{'sandbox':<13} {facts['sandbox'] or 'NONE: ' + str(facts['trouble'])}")
    for layer in facts["layers"] if isinstance(facts["layers"], list) else []:
        lines.append(f"{'':<13}   layer {layer}")
    if facts["lacking"]:
        lines.append(f"{'':<13}   without {facts['lacking']}")
    for tier in facts["tiers"] if isinstance(facts["tiers"], list) else []:
        lines.append(
            f"{'tier':<13} {tier['name']}: {'works' if tier['works'] else 'does not work: ' + tier['trouble']}"
        )
    return "\n".join(lines)
