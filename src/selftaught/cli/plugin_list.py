"""`selftaught plugins`: what installed packages bring."""

from dataclasses import asdict

from selftaught.cli import printing
from selftaught.wiring.installed import GROUPS, installed_plugins


def show(*, as_json: bool) -> bool:
    """Print them; whether all of them can be used."""
    found = installed_plugins()
    if as_json:
        printing.dump({"schema": "selftaught.plugins/1", "plugins": [asdict(plugin) for plugin in found]})
    elif not found:
        print(f"No installed package has a plugin (entry points {', '.join(GROUPS)}).")
    else:
        printing.table(("kind", "name", "package"), [(one.kind, one.name, one.package) for one in found])
        for one in found:
            if one.trouble:
                print(f"{one.kind}/{one.name} cannot be used: {one.trouble}")
    return not any(plugin.trouble for plugin in found)
