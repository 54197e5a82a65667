import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A noisy climber: whatever is better is kept, and what is worse is kept once in five times."""
    state = {"code": initial_solution, "score": utility(initial_solution)}
    best = dict(state)
    for _ in range(language_model.budget):
        reply = language_model.prompt(
            "You are a helpful assistant who writes Python.",
            "Here is my program:\n```python\n" + state["code"] + "\n```\nMake it better. It is judged by:\n" + utility.str,
            n_responses=1,
            temperature=0.7,
        )
        code = extract_code(reply[0])
        if not code:
            continue
        score = utility(code)
        if score > state["score"] or random.random() < 0.2:
            state = {"code": code, "score": score}
        if state["score"] > best["score"]:
            best = dict(state)
    return best["code"]
