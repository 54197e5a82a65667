"""Bin packing: sizes are drawn one by one, so the order in which they come says nothing."""

from random import Random

from selftaught.tasks.grading import table
from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance


def sample(rng: Random, instance: Instance) -> Instance:
    """The sizes that are shown in another order."""
    capacity, shown = instance.args
    return Instance((capacity, rng.sample(shown, len(shown))), instance.hidden)


def items(rng: Random, instance: Instance) -> Instance:
    """The items that come in another order."""
    return Instance(instance.args, rng.sample(instance.hidden, len(instance.hidden)))


FORMS: dict[str, Form] = {"sample in another order": sample, "items in another order": items}


def check(instance: Instance, answer: object) -> None:
    """A square table of numbers."""
    table(answer, instance.args[0] + 1)
