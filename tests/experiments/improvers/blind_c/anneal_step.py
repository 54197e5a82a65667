import math
import random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    """Simulated annealing; the language model proposes the neighbor."""
    expertise = "You are an experienced algorithm designer."
    steps = min(language_model.budget, utility.budget - 1)
    current, current_score = initial_solution, utility(initial_solution)
    best, best_score = current, current_score
    T, cooling = 0.25, 0.88

    for step in range(steps):
        message = (
            "Modify the program below so that it gets a higher score.\n"
            f"```python\n{current}\n```\n"
            f"How it is scored:\n{utility.str}\n"
            "Reply with the modified program only, in a Python code block."
        )
        neighbor = extract_code(language_model.prompt(expertise, message, n_responses=1, temperature=0.7)[0])
        if not neighbor:
            T *= cooling
            continue
        score = utility(neighbor)
        delta = score - current_score
        if delta > 0 or random.random() < math.exp(delta / T):
            current, current_score = neighbor, score
        if score > best_score:
            best, best_score = neighbor, score
        T *= cooling
    return best
