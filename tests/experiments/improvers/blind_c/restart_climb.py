from helpers import extract_code

def climb(start, start_score, steps, utility, language_model, n):
    current, current_score = start, start_score
    for _ in range(steps):
        replies = language_model.prompt(
            "You are a helpful assistant that improves code.",
            f"Improve the code:\n```python\n{current}\n```\nMetric:\n{utility.str}",
            n_responses=n, temperature=0.9)
        for code in extract_code(replies):
            if code:
                score = utility(code)
                if score > current_score:
                    current, current_score = code, score
    return current, current_score

def improve_algorithm(initial_solution, utility, language_model):
    RESTARTS = 4
    steps = max(1, language_model.budget // RESTARTS)
    n = max(1, min(language_model.max_responses_per_call, (utility.budget - 1) // (RESTARTS * steps)))
    base = utility(initial_solution)
    results = [(initial_solution, base)]
    for _ in range(min(RESTARTS, language_model.budget)):
        results.append(climb(initial_solution, base, steps, utility, language_model, n))
    return max(results, key=lambda r: r[1])[0]
