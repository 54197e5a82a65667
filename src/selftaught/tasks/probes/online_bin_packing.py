"""Online bin packing: sizes are drawn one by one, so the order in which they come says nothing."""

from random import Random
from typing import Any

from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance


def items(rng: Random, instance: Instance) -> Instance:
    """The items in another order."""
    return Instance(instance.args, rng.sample(instance.hidden, len(instance.hidden)))


FORMS: dict[str, Form] = {"items in another order": items}


def check(instance: Instance, answer: Any) -> None:
    """Each answer was checked as it came."""
