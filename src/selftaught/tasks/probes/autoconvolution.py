"""Autoconvolution: a program that finds n good heights finds a few more as well."""

from random import Random

from selftaught.tasks.grading import finite_numbers
from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance


def another_number(rng: Random, instance: Instance) -> Instance:
    """Up to a tenth more steps."""
    (n,) = instance.args
    return Instance((n + rng.randint(1, max(1, n // 10)),), instance.hidden)


FORMS: dict[str, Form] = {"another number of steps": another_number}


def check(instance: Instance, answer: object) -> None:
    """A number for each step."""
    finite_numbers(answer, instance.args[0])
