from helpers import extract_code


def climb(start, start_score, steps, utility, language_model):
    code, score = start, start_score
    for _ in range(steps):
        prompt = f"Improve this code:\n```python\n{code}\n```\nwith respect to\n```python\n{utility.str}\n```"
        options = [c for c in extract_code(language_model.prompt("You are an expert.", prompt, 3, 0.8)) if c]
        for option in options:
            value = utility(option)
            if value > score:
                code, score = option, value
    return score, code


def improve_algorithm(initial_solution, utility, language_model):
    start_score = utility(initial_solution)
    runs = 4
    steps = language_model.budget // runs
    return max(climb(initial_solution, start_score, steps, utility, language_model) for _ in range(runs))[1]
