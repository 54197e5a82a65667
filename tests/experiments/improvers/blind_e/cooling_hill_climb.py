from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    total = language_model.budget
    hot, cold = 1.0, 0.2
    for step in range(total):
        # explore first, polish later
        t = hot - (hot - cold) * step / max(1, total - 1)
        message = (
            "Improve the following program. Its objective is:\n" + utility.str
            + "\n\nProgram:\n```python\n" + best + "\n```\n"
            "Return the whole improved program in one python block."
        )
        for reply in language_model.prompt("You are an expert programmer.", message,
                                           n_responses=min(3, language_model.max_responses_per_call), temperature=t):
            code = extract_code(reply)
            if code is None:
                continue
            s = utility(code)
            if s > best_score:
                best, best_score = code, s
    return best
