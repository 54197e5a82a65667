import random

from helpers import extract_code

TACTICS = {
    "local": "Change one constant.",
    "structural": "Change the structure of the program.",
    "random": "Add a random restart.",
    "greedy": "Make the choice in each step greedier.",
}


def improve_algorithm(initial_solution, utility, language_model):
    """Each tactic is drawn as often as it has paid: adaptive operator selection."""
    weight = dict.fromkeys(TACTICS, 1.0)
    best, best_score = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        tactic = random.choices(list(weight), list(weight.values()))[0]
        message = f"{TACTICS[tactic]}\n\n```python\n{best}\n```\n\nScore:\n```python\n{utility.str}\n```"
        gained = False
        for code in extract_code(language_model.prompt("You improve programs.", message, 4, temperature=0.7)):
            if code:
                score = utility(code)
                if score > best_score:
                    best, best_score, gained = code, score, True
        weight[tactic] = weight[tactic] * 2 if gained else max(0.2, weight[tactic] * 0.6)
    return best
