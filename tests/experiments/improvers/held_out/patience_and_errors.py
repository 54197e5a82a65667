from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Shows what the scoring of the last failure said; gives up after four rounds without a gain."""
    best, best_score = initial_solution, utility(initial_solution)
    trouble, patience = "", 4
    while patience and language_model.times_used < language_model.budget:
        message = f"Improve this program.\n```python\n{best}\n```\n{trouble}\nScored by:\n```python\n{utility.str}\n```"
        improved = False
        for program in extract_code(language_model.prompt("Expert.", message, 3, 0.7)):
            if program is None:
                continue
            score = utility(program)
            if score > best_score:
                best, best_score, improved = program, score, True
            else:
                trouble = "An attempt that did not help was told: " + utility.feedback(program)
        patience = 4 if improved else patience - 1
    return best
