import random
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model, epsilon=0.3):
    archive = {initial_solution: utility(initial_solution)}
    for _ in range(language_model.budget):
        if random.random() < epsilon:
            parent = random.choice(list(archive))          # explore
        else:
            parent = max(archive, key=archive.get)         # exploit
        replies = language_model.prompt(
            "You are an expert at improving programs.",
            f"```python\n{parent}\n```\nThe program above is evaluated by:\n{utility.str}\nPlease improve it.",
            n_responses=min(5, language_model.max_responses_per_call), temperature=0.7)
        for code in extract_code(replies):
            if code and code not in archive and len(archive) < utility.budget:
                archive[code] = utility(code)
    return max(archive, key=archive.get)
