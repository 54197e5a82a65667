from functools import lru_cache

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    @lru_cache(maxsize=None)
    def evaluate(code):
        return utility(code)

    pool = [initial_solution]
    for _ in range(language_model.budget):
        message = f"Improve this.\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
        answers = language_model.prompt("You are an expert.", message, n_responses=5, temperature=0.9)
        pool += [code for code in extract_code(answers) if code]
        if max(map(evaluate, pool)) > 0.9:
            break
    return max(pool, key=evaluate)
