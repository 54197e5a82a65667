"""`selftaught plugins`: what installed packages bring."""

from dataclasses import asdict

from selftaught.cli import printing
from selftaught.models.served.providers import PROVIDERS
from selftaught.plugins import KINDS, listed
from selftaught.sandbox.choice import TIERS
from selftaught.tasks.loading import task_names
from selftaught.wiring.inputs import improver_names


def show(*, as_json: bool) -> bool:
    """Print them; whether all of them can be used."""
    built_in = {
        "tasks": task_names(),
        "models": [*PROVIDERS, "auto", "mutate", "scripted", "relay", "replay"],
        "improvers": improver_names(),
        "sandboxes": ["auto", "unsafe", *TIERS],
        "executors": ["local"],
    }
    found = listed(built_in)
    if as_json:
        printing.dump({"schema": "selftaught.plugins/1", "plugins": [asdict(plugin) for plugin in found]})
    elif not found:
        print(f"No installed package brings any plugin (entry points selftaught.{', selftaught.'.join(KINDS)}).")
    else:
        printing.table(("kind", "name", "package"), [(one.kind, one.name, one.package) for one in found])
        for one in found:
            if one.trouble:
                print(f"{one.kind}/{one.name} cannot be used: {one.trouble}")
    return not any(plugin.trouble for plugin in found)
