import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    styles = [
        "Focus on running time.",
        "Focus on correctness in rare cases.",
        "Use a completely different algorithm.",
        "Use better data structures.",
    ]
    gains = {style: [] for style in styles}
    base = utility(initial_solution)
    found = [(base, initial_solution)]
    rounds = language_model.budget
    for r in range(rounds):
        if r < len(styles):
            style = styles[r]
        elif random.random() < 0.2:
            style = random.choice(styles)
        else:
            style = max(styles, key=lambda s: sum(gains[s]) / len(gains[s]) if gains[s] else 0.0)
        text = f"{style}\nImprove this program:\n```python\n{initial_solution}\n```\n{utility.str}"
        for code in extract_code(language_model.prompt("You are a careful engineer.", text, 2, 0.7)):
            if code:
                value = utility(code)
                gains[style].append(value - base)
                found.append((value, code))
    return max(found, key=lambda pair: pair[0])[1]
