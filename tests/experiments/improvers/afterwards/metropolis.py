import random
from math import e
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Metropolis steps with restarts of the heat; all hints in turn."""
    hints = ["Change one constant.", "Change the order of something.", "Remove what is not needed."]
    here, value = initial_solution, utility(initial_solution)
    peak, peak_value = here, value
    for step in range(language_model.budget):
        heat = 0.25 * 0.7 ** (step % 8)
        request = f"{hints[step % 3]}\n```python\n{here}\n```\nMeasured by:\n```python\n{utility.str}\n```"
        there = extract_code(language_model.prompt("A careful engineer.", request, 1, 0.7)[0])
        if there is None:
            continue
        new = utility(there)
        if new > peak_value:
            peak, peak_value = there, new
        if random.random() < e ** min(0.0, (new - value) / heat):
            here, value = there, new
    return peak
