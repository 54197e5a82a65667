from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    message = f"Improve this program:\n```python\n{initial_solution}\n```\nScore:\n```python\n{utility.str}\n```"
    total = language_model.budget - language_model.times_used
    for call in range(total):
        left = utility.budget - utility.uses
        if left <= 0:
            break
        temperature = 0.2 + 0.9 * call / max(1, total - 1)
        n = min(language_model.max_responses_per_call, max(1, left // (total - call)))
        for response in language_model.prompt("You are an expert programmer.", message, n, temperature):
            code = extract_code(response)
            if code:
                score = utility(code)
                if score > best_score:
                    best, best_score = code, score
    return best
