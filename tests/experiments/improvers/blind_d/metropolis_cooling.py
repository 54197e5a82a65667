import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Simulated annealing over programs. The sampling temperature cools together with the acceptance temperature."""
    expertise = "You are an expert Python programmer who specialises in heuristics for hard problems."
    moves = [
        "Make a small local change: adjust a constant, a loop bound or a condition.",
        "Replace one part of the algorithm by a different approach.",
        "Add a post-processing step that improves the result.",
        "Remove something that is unnecessary or harmful.",
        "Rewrite the core loop so that it makes better use of the available time.",
    ]
    total_calls = language_model.budget
    n = max(1, min(2, language_model.max_responses_per_call))

    current, current_score = initial_solution, utility(initial_solution)
    best, best_score = current, current_score
    # typical size of a change in score, learned on the way
    scale = 0.05

    for step in range(total_calls):
        if utility.uses >= utility.budget:
            break
        progress = step / max(1, total_calls)
        heat = 1.0 - progress                      # 1 -> 0
        llm_temperature = round(0.3 + 0.7 * heat, 2)  # 1.0 -> 0.3
        message = (
            "Consider this program:\n"
            f"```python\n{current}\n```\n"
            f"{random.choice(moves)}\n"
            "The program is evaluated by:\n"
            f"```python\n{utility.str}\n```\n"
            "Return the full program in a single code block."
        )
        replies = language_model.prompt(expertise, message, n_responses=n, temperature=llm_temperature)
        for candidate in extract_code(replies):
            if candidate is None or utility.uses >= utility.budget:
                continue
            score = utility(candidate)
            delta = score - current_score
            scale = 0.7 * scale + 0.3 * abs(delta)
            # Metropolis criterion
            if delta >= 0 or random.random() < math.exp(delta / max(1e-9, 1.5 * scale * heat)):
                current, current_score = candidate, score
            if score > best_score:
                best, best_score = candidate, score

    return best
