from concurrent.futures import ThreadPoolExecutor

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    scores = {initial_solution: utility(initial_solution)}
    for turn in range(language_model.budget):
        leader = max(scores, key=scores.get)
        prompt = f"Leader:\n```python\n{leader}\n```\nOvertake it. Rules:\n```python\n{utility.str}\n```"
        answers = language_model.batch_prompt("You compete.", [prompt] * 4, temperature=0.5 if turn % 2 else 1.0)
        new = {code for code in extract_code(answers) if code} - scores.keys()
        with ThreadPoolExecutor(max_workers=4) as pool:
            scores |= {code: value for code, value in zip(new, pool.map(utility, new))}
    return max(scores, key=scores.get)
