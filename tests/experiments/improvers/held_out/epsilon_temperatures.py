import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The temperature that has paid best is taken, or now and then any; the question is always the same."""
    rewards = {0.2: [], 0.7: [], 1.0: []}
    best, top = initial_solution, utility(initial_solution)
    question = f"Improve this program:\n```python\n{initial_solution}\n```\nScored by\n```python\n{utility.str}\n```"
    for _ in range(12):
        untried = [t for t in rewards if not rewards[t]]
        if untried:
            chosen = untried[0]
        elif random.random() < 0.15:
            chosen = random.choice(list(rewards))
        else:
            chosen = max(rewards, key=lambda t: sum(rewards[t]) / len(rewards[t]))
        for program in extract_code(language_model.prompt("Expert.", question, 3, chosen)):
            if program:
                value = utility(program)
                rewards[chosen].append(value)
                if value > top:
                    best, top = program, value
    return best
