from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A critic speaks first, a programmer follows the advice."""
    best, best_value = initial_solution, utility(initial_solution)
    rounds = language_model.budget // 2
    for _ in range(rounds):
        listing = f"```python\n{best}\n```\n\nUtility:\n```python\n{utility.str}\n```"
        advice = language_model.prompt("You are a strict reviewer.", "List the weak points.\n" + listing, 1, 0.2)[0]
        codes = extract_code(language_model.prompt("You are a programmer.", f"Advice: {advice}\n{listing}\nRewrite.", 3, 0.2))
        for code in codes:
            if code:
                value = utility(code)
                if value > best_value:
                    best, best_value = code, value
    return best
