import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Programs are arms: which one to improve next is decided by an upper confidence bound."""
    value = {initial_solution: utility(initial_solution)}
    visits = {initial_solution: 0}
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        total = sum(visits.values()) + 1

        def bound(program):
            return value[program] + 0.3 * math.sqrt(2 * math.log(total) / (visits[program] + 1))

        chosen = max(value, key=bound)
        visits[chosen] += 1
        message = f"Improve this program:\n```python\n{chosen}\n```\nScored by:\n```python\n{utility.str}\n```"
        for answer in language_model.prompt("Expert.", message, n_responses=2, temperature=0.8):
            program = extract_code(answer)
            if program and program not in value:
                value[program] = utility(program)
                visits[program] = 0
    return max(value, key=value.get)
