"""Travelling salesman: a trip is as long whatever its points are called, and whichever way they are turned."""

from random import Random

import numpy as np

from selftaught.tasks.grading import permutation
from selftaught.tasks.probes.forms import Form, order
from selftaught.tasks.spec import Instance


def renumbered(rng: Random, instance: Instance) -> Instance:
    """The points in another order."""
    (points,) = instance.args
    return Instance((points[order(rng, len(points))],), instance.hidden)


def turned(rng: Random, instance: Instance) -> Instance:
    """The square mirrored, and turned by a quarter."""
    (points,) = instance.args
    return Instance((np.ascontiguousarray(points[:, ::-1]),), instance.hidden)


FORMS: dict[str, Form] = {"points in another order": renumbered, "x and y exchanged": turned}


def check(instance: Instance, answer: object) -> None:
    """Each point once."""
    permutation(answer, len(instance.args[0]))
