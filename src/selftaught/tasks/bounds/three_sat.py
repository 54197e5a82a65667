"""A complete solver (CaDiCaL, by PySAT): a satisfying assignment if there is one.

Exact; formulas of these sizes take it about a millisecond.
"""

from pysat.solvers import Solver

KIND = "exact"


def answer(formula: list[list[int]]) -> list[bool]:
    """Values of the variables 0 to n, as the task wants them; all False where no assignment satisfies the formula."""
    n = max(abs(literal) for clause in formula for literal in clause)
    with Solver(name="cadical153", bootstrap_with=formula) as solver:
        true = set(solver.get_model() if solver.solve() else ())
    return [variable in true for variable in range(n + 1)]
