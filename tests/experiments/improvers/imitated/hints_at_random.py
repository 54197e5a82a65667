import random
from helpers import extract_code

HINTS = (
    "Try to vectorise the loops.",
    "Try memoisation.",
    "Try to use fewer function calls.",
    "Try another order of the steps.",
    "Try to save memory.",
)


def improve_algorithm(initial_solution, utility, language_model):
    top_program, top_score = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        if utility.uses >= utility.budget:
            break
        hint = random.choice(HINTS)
        message = f"{hint}\n\n```python\n{top_program}\n```\n\nGoal:\n```python\n{utility.str}\n```"
        for program in extract_code(language_model.prompt("You are a hacker.", message, 2, 0.8)):
            if program:
                score = utility(program)
                if score > top_score:
                    top_program, top_score = program, score
    return top_program
