"""Circle packing: a program that packs n circles well packs one more, or one fewer, as well."""

from random import Random

from selftaught.tasks.circle_packing import RECORDS
from selftaught.tasks.grading import finite_numbers
from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance


def another_number(rng: Random, instance: Instance) -> Instance:
    """One circle more or one fewer, for which a record is known."""
    (n,) = instance.args
    return Instance((rng.choice([near for near in (n - 1, n + 1) if near in RECORDS]),), instance.hidden)


FORMS: dict[str, Form] = {"another number of circles": another_number}


def check(instance: Instance, answer: object) -> None:
    """A row of three numbers for each circle."""
    finite_numbers(answer, instance.args[0], 3)
