from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Hill climbing that samples ever more cautiously; scores are kept."""
    scores = {}

    def rate(program):
        if program in scores:
            return scores[program]
        scores[program] = utility(program)
        return scores[program]

    best = initial_solution
    rate(best)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        heat = 1.0 - 0.9 * language_model.times_used / language_model.budget
        message = f"Optimise this program:\n```python\n{best}\n```\nWhat counts:\n```python\n{utility.str}\n```"
        answers = language_model.prompt("You are an optimiser.", message, n_responses=4, temperature=heat)
        best = max([best] + [p for p in extract_code(answers) if p], key=rate)
    return best
