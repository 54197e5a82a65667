"""Formulas: the order of the rows says nothing, nor that of the columns."""

from random import Random

from selftaught.tasks.grading import finite_numbers
from selftaught.tasks.probes.forms import Form, order
from selftaught.tasks.spec import Instance


def rows(rng: Random, instance: Instance) -> Instance:
    """The known points in another order."""
    x, y, x_new = instance.args
    new = order(rng, len(x))
    return Instance((x[new], y[new], x_new), instance.hidden)


def new_rows(rng: Random, instance: Instance) -> Instance:
    """The points that are asked for in another order."""
    x, y, x_new = instance.args
    new = order(rng, len(x_new))
    return Instance((x, y, x_new[new]), [instance.hidden[i] for i in new])


def columns(rng: Random, instance: Instance) -> Instance:
    """The variables the other way round."""
    x, y, x_new = instance.args
    return Instance((x[:, ::-1].copy(), y, x_new[:, ::-1].copy()), instance.hidden)


FORMS: dict[str, Form] = {
    "known points in another order": rows,
    "new points in another order": new_rows,
    "variables in another order": columns,
}


def check(instance: Instance, answer: object) -> None:
    """A number for each new point."""
    finite_numbers(answer, len(instance.hidden))
