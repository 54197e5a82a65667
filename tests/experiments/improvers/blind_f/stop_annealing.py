import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution according to a utility function, by simulated annealing."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."

    def acceptance_probability(old, new, temperature):
        if new > old:
            return 1.0
        return math.exp((new - old) / max(temperature, 1e-6))

    def get_neighbor(solution, lm_temperature):
        message = f"""Make a small but meaningful modification of this program in order to increase its score:
```python
{solution}
```
The score is computed by:
```python
{utility.str}
```
You must return the whole program in a code block."""
        response = language_model.prompt(expertise, message, n_responses=1, temperature=lm_temperature)[0]
        return extract_code(response)

    current, current_utility = initial_solution, utility(initial_solution)
    best, best_utility = current, current_utility
    temperature = 0.15
    cooling_rate = 0.8
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        # The model explores when it is hot and exploits when it is cold
        neighbor = get_neighbor(current, round(0.3 + 5 * temperature, 2))
        if neighbor:
            neighbor_utility = utility(neighbor)
            if random.random() < acceptance_probability(current_utility, neighbor_utility, temperature):
                current, current_utility = neighbor, neighbor_utility
            if neighbor_utility > best_utility:
                best, best_utility = neighbor, neighbor_utility
        temperature *= cooling_rate
    return best
