from itertools import cycle
from helpers import extract_code

RUNGS = (0.2, 0.5, 0.8, 1.1)
ASK = (
    "Improve the following solution.",
    "Solve the same problem as the following solution, from first principles, but better.",
    "List three flaws of the following solution to yourself, then write one that has none of them.",
)


def improve_algorithm(initial_solution, utility, language_model):
    cands = {}
    for t, a, _ in zip(cycle(RUNGS), cycle(ASK), range(language_model.budget)):
        n = min(language_model.max_responses_per_call, utility.budget - 1 - utility.uses)
        if n < 1:
            break
        rs = language_model.prompt("Helpful assistant.", f"{a}\n\n```python\n{initial_solution}\n```\n\nUtility:\n\n```python\n{utility.str}\n```", n, temperature=t)
        ps = [p for p in extract_code(rs) if p]
        cands.update(zip(ps, utility.batch(ps)))
    cands[initial_solution] = utility(initial_solution)
    return max(cands, key=cands.get)
