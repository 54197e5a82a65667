from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    base = utility(initial_solution)
    champions = [(base, initial_solution)]
    LENGTH = 4   # calls of the model per climb
    while language_model.times_used < language_model.budget:
        here, value = initial_solution, base     # every climb starts again at the bottom
        for _ in range(min(LENGTH, language_model.budget - language_model.times_used)):
            replies = language_model.prompt(
                "You are a helpful coding assistant.",
                f"Please improve this solution:\n\n```python\n{here}\n```\n\nGive the full code.",
                n_responses=min(2, language_model.max_responses_per_call), temperature=0.9)
            for code in extract_code(replies):
                if code and (score := utility(code)) > value:
                    here, value = code, score
        champions.append((value, here))
    return max(champions)[1]
