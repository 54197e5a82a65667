from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, value = initial_solution, utility(initial_solution)
    with ThreadPoolExecutor(max_workers=language_model.max_responses_per_call) as pool:
        while language_model.times_used < language_model.budget and utility.uses < utility.budget:
            message = f"Make it better.\n\n```python\n{best}\n```\n\n```python\n{utility.str}\n```"
            codes = list(filter(None, extract_code(language_model.batch_prompt("Expert", [message] * 4, 0.7))))
            for code, score in zip(codes, pool.map(utility, codes)):
                if score > value:
                    best, value = code, score
    return best
