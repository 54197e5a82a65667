from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The temperature falls after a success and rises after a failure."""
    best = initial_solution
    best_utility = utility(best)
    temperature = 0.5
    for _ in range(language_model.budget):
        answers = language_model.prompt(
            "You are an optimisation expert.",
            f"Current program:\n```python\n{best}\n```\nImprove it under:\n```python\n{utility.str}\n```",
            n_responses=3,
            temperature=temperature,
        )
        improved = False
        for program in extract_code(answers):
            if program and utility.uses < utility.budget:
                u = utility(program)
                if u > best_utility:
                    best, best_utility, improved = program, u, True
        temperature = max(0.1, temperature - 0.1) if improved else min(1.0, temperature + 0.1)
    return best
