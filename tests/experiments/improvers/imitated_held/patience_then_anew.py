from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """After two rounds without a gain the climb begins anew; questions hold the score."""
    base = utility(initial_solution)
    current, current_score, idle = initial_solution, base, 0
    hall_of_fame = [(base, initial_solution)]
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        message = f"Score so far: {current_score}\n```python\n{current}\n```\nImprove. {utility.str}"
        round_best = None
        for code in extract_code(language_model.prompt("Expert", message, 2, 0.9)):
            if code:
                value = utility(code)
                hall_of_fame.append((value, code))
                if round_best is None or value > round_best[0]:
                    round_best = (value, code)
        if round_best and round_best[0] > current_score:
            current_score, current = round_best
            idle = 0
        else:
            idle += 1
        if idle == 2:
            current, current_score, idle = initial_solution, base, 0
    return max(hall_of_fame)[1]
