"""The plugins of installed packages, compared with built-in names: which are found, and which can be used."""

from selftaught.core.model_name import own_names
from selftaught.models.served.providers import PROVIDERS
from selftaught.plugins import KINDS, Plugin, listed
from selftaught.sandbox.choice import TIERS
from selftaught.tasks.loading import task_names
from selftaught.wiring.executors.choice import BUILT_IN
from selftaught.wiring.inputs import improver_names

GROUPS = tuple(f"selftaught.{kind}" for kind in KINDS)
"""The groups of entry points that are looked at."""


def installed_plugins() -> list[Plugin]:
    """Every plugin, loaded to see whether it can be used; one with a name that is built in cannot."""
    return listed(
        {
            "tasks": task_names(),
            "models": [*PROVIDERS, *own_names()],
            "improvers": improver_names(),
            "sandboxes": ["auto", "unsafe", *TIERS],
            "executors": BUILT_IN,
        }
    )
