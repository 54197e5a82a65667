from itertools import islice

from helpers import extract_code


def candidates(model, utility):
    """A coroutine: it is sent the program to improve, and yields one answer after the other."""
    program = yield None
    while model.times_used < model.budget:
        request = f"Better version, please:\n```python\n{program}\n```\n(evaluated by {utility.str})"
        for code in extract_code(model.prompt("You are a programmer.", request, n_responses=2, temperature=0.6)):
            if code:
                program = yield code


def improve_algorithm(initial_solution, utility, language_model):
    best = (utility(initial_solution), initial_solution)
    source = candidates(language_model, utility)
    next(source)
    try:
        while True:
            code = source.send(best[1])
            best = max(best, (utility(code), code), key=lambda pair: pair[0])
    except StopIteration:
        pass
    return best[1]
