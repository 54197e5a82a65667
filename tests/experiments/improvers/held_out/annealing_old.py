import math
import random
from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility_str, utility):
    """Simulated annealing in the earlier interface."""
    model = LanguageModel("You are an expert of combinatorial optimisation.")

    def acceptance(old, new, T):
        return 1.0 if new > old else math.exp((new - old) / T)

    temperature, cooling = 1.0, 0.7
    solution, cost = initial_solution, utility(initial_solution)
    best, best_cost = solution, cost
    while temperature > 0.02:
        message = (
            f"Give a neighbouring, slightly better version of:\n```python\n{solution}\n```\nUtility:\n{utility_str}"
        )
        for neighbour in extract_code(model.prompt(message, n_responses=2, temperature=0.7)):
            if not neighbour:
                continue
            value = utility(neighbour)
            if acceptance(cost, value, temperature) > random.random():
                solution, cost = neighbour, value
            if value > best_cost:
                best, best_cost = neighbour, value
        temperature *= cooling
    return best
