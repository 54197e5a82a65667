"""3SAT: a formula says the same whatever its variables are called, and in whatever order."""

from random import Random

from selftaught.tasks.probes.forms import Form, order
from selftaught.tasks.spec import Instance
from selftaught.tasks.three_sat import check

__all__ = ["FORMS", "check"]


def renamed(rng: Random, instance: Instance) -> Instance:
    """Each variable under the name of another."""
    (formula,) = instance.args
    names = sorted({abs(literal) for clause in formula for literal in clause})
    other = dict(zip(names, (names[i] for i in order(rng, len(names))), strict=True))
    return Instance(([[other[abs(v)] * (1 if v > 0 else -1) for v in clause] for clause in formula],), instance.hidden)


def negated(rng: Random, instance: Instance) -> Instance:
    """Half of the variables stand for their negations."""
    (formula,) = instance.args
    names = sorted({abs(literal) for clause in formula for literal in clause})
    sign = {name: rng.choice((1, -1)) for name in names}
    return Instance(([[sign[abs(v)] * v for v in clause] for clause in formula],), instance.hidden)


def reordered(rng: Random, instance: Instance) -> Instance:
    """Clauses, and the literals in each, in another order."""
    (formula,) = instance.args
    clauses = [rng.sample(clause, len(clause)) for clause in formula]
    return Instance((rng.sample(clauses, len(clauses)),), instance.hidden)


FORMS: dict[str, Form] = {
    "variables renamed": renamed,
    "variables negated": negated,
    "clauses in another order": reordered,
}
