from helpers import extract_code

PERSONAS = (
    "Think like a mathematician: look for structure in the problem.",
    "Think like a performance engineer: save time wherever possible.",
    "Think like a physicist: use randomness and relaxation.",
    "Think like a competitive programmer: choose the strongest known algorithm.",
)


def improve_algorithm(initial_solution, utility, language_model):
    """Four hill climbs, all from the initial solution, each with another way of thinking."""
    scores_left = utility.budget - 1
    base = utility(initial_solution)
    overall, overall_score = initial_solution, base
    calls = language_model.budget
    climbs = max(1, min(len(PERSONAS), calls // 3))
    length = calls // climbs

    for persona in PERSONAS[:climbs]:
        here, here_score = initial_solution, base
        for _ in range(length):
            batch = min(language_model.max_responses_per_call, scores_left)
            if batch <= 0:
                return overall
            message = "\n".join([
                persona,
                "Improve the program:",
                "```python", here, "```",
                "Its quality is measured with:",
                "```python", utility.str, "```",
                "Return complete code.",
            ])
            replies = language_model.batch_prompt("You are a programmer.", [message] * batch, temperature=0.7)
            for code in filter(None, extract_code(replies)):
                scores_left -= 1
                value = utility(code)
                if value > here_score:
                    here, here_score = code, value
        if here_score > overall_score:
            overall, overall_score = here, here_score
    return overall
