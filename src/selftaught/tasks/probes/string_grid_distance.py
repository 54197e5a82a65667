"""String grid distance: it is the same between strings read backwards, and with the letters exchanged."""

from random import Random

from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance
from selftaught.tasks.string_grid_distance import check

__all__ = ["FORMS", "check"]


def backwards(rng: Random, instance: Instance) -> Instance:
    """The string from its end."""
    t, distance = instance.args
    return Instance((t[::-1], distance), instance.hidden)


def exchanged(rng: Random, instance: Instance) -> Instance:
    """A for B, and B for A."""
    t, distance = instance.args
    return Instance((t.translate(str.maketrans("AB", "BA")), distance), instance.hidden)


FORMS: dict[str, Form] = {"read backwards": backwards, "letters exchanged": exchanged}
