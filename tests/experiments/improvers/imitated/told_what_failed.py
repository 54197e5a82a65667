from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The best program is shown with what is known of how it did."""
    best, best_score = initial_solution, utility(initial_solution)
    for _ in range(4):
        words = utility.feedback(best)
        message = (
            f"The program below was run.\n```python\n{best}\n```\nWhat happened: {words}\n"
            f"Mend what went wrong. It is scored by:\n```python\n{utility.str}\n```"
        )
        for new in extract_code(language_model.prompt("You debug programs.", message, 3, 0.7)):
            if new and (score := utility(new)) > best_score:
                best, best_score = new, score
    return best
