"""String grid distance: it is the same between strings read backwards, and with the letters exchanged."""

from random import Random

from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance
from selftaught.tasks.string_grid_distance import check

__all__ = ["FORMS", "HARD_FORMS", "check"]


def backwards(rng: Random, instance: Instance) -> Instance:
    """The string from its end."""
    t, distance = instance.args
    return Instance((t[::-1], distance), instance.hidden)


def exchanged(rng: Random, instance: Instance) -> Instance:
    """A for B, and B for A."""
    t, distance = instance.args
    return Instance((t.translate(str.maketrans("AB", "BA")), distance), instance.hidden)


def all_backwards(rng: Random, instance: Instance) -> Instance:
    """All strings from their ends."""
    strings, distances = instance.args
    return Instance(([t[::-1] for t in strings], distances), instance.hidden)


def all_exchanged(rng: Random, instance: Instance) -> Instance:
    """A for B, and B for A, in all strings."""
    strings, distances = instance.args
    return Instance(([t.translate(str.maketrans("AB", "BA")) for t in strings], distances), instance.hidden)


def reordered(rng: Random, instance: Instance) -> Instance:
    """The strings in another order, with their distances."""
    strings, distances = instance.args
    new = rng.sample(range(len(strings)), len(strings))
    return Instance(([strings[i] for i in new], [distances[i] for i in new]), instance.hidden)


FORMS: dict[str, Form] = {"read backwards": backwards, "letters exchanged": exchanged}
HARD_FORMS: dict[str, Form] = {
    "read backwards": all_backwards,
    "letters exchanged": all_exchanged,
    "strings in another order": reordered,
}
