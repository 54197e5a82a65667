from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """An inventive and a careful agent take turns; the score of the best is in the question."""
    agents = [("an inventive scientist", 1.0), ("a careful engineer", 0.3)]
    best, best_score = initial_solution, utility(initial_solution)
    for turn in range(6):
        who, heat = agents[turn % 2]
        message = (
            f"You are {who}. This program has a score of {best_score:.4f}:\n```python\n{best}\n```\n"
            f"Beat that score. It is computed by\n```python\n{utility.str}\n```"
        )
        codes = [c for c in extract_code(language_model.prompt(f"You are {who}.", message, 3, heat)) if c]
        with ThreadPoolExecutor() as pool:
            values = list(pool.map(utility, codes))
        for code, value in zip(codes, values):
            if value > best_score:
                best, best_score = code, value
    return best
