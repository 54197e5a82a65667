import random
from helpers import extract_code

EPS = 0.3

def improve_algorithm(initial_solution, utility, language_model):
    random.seed(0)
    left = utility.budget - 1
    pool = [(utility(initial_solution), initial_solution)]
    for step in range(language_model.budget):
        k = min(language_model.max_responses_per_call, left)
        if k < 1:
            break
        # explore with probability EPS, otherwise exploit
        if random.random() < EPS:
            score, parent = random.choice(pool)
        else:
            score, parent = max(pool, key=lambda e: e[0])
        msg = (f"This program has a score of {score:.4f}:\n```python\n{parent}\n```\n"
               f"Scores come from\n```python\n{utility.str}\n```\n"
               "Find a change that raises the score and print the entire changed program.")
        out = extract_code(language_model.batch_prompt("You improve code.", [msg] * k, temperature=0.9))
        for code in out:
            if code:
                pool.append((utility(code), code))
                left -= 1
    return max(pool, key=lambda e: e[0])[1]
