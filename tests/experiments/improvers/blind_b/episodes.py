from typing import Tuple

from helpers import extract_code

APPROACHES: Tuple[str, ...] = (
    "Prefer simple greedy constructions with good ordering.",
    "Prefer local search with cheap incremental evaluation.",
    "Prefer exact methods, pruned by time.",
    "Prefer randomisation: many quick tries, keep the best.",
)


def improve_algorithm(initial_solution, utility, language_model):
    """Four independent climbs from the initial solution, each with an approach of its own.

    The calls and the scores are divided equally among the climbs.
    """
    calls_each = max(1, language_model.budget // len(APPROACHES))
    origin = utility(initial_solution)
    scores_each = (utility.budget - 1) // len(APPROACHES)

    def climb(approach: str) -> Tuple[float, str]:
        value, program = origin, initial_solution
        left = scores_each
        for _ in range(calls_each):
            n = min(language_model.max_responses_per_call, left)
            if n <= 0:
                break
            message = (
                f"{approach}\n\nImprove the program:\n```python\n{program}\n```\n\n"
                f"It is graded by:\n```python\n{utility.str}\n```\n\nWrite the improved program in full."
            )
            replies = language_model.batch_prompt("You are an algorithms researcher.", [message] * n, temperature=0.8)
            for code in filter(None, extract_code(replies)):
                left -= 1
                value, program = max((value, program), (utility(code), code), key=lambda pair: pair[0])
        return value, program

    climbs = [climb(a) for a in APPROACHES[: max(1, language_model.budget)]]
    return max(climbs, key=lambda pair: pair[0])[1]
