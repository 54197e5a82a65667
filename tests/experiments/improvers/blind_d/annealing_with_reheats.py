import math
import random
from helpers import extract_code

EXPERTISE = "You are an expert at writing fast and accurate algorithms in Python."


def make_message(program, score, best_score, utility_text, note):
    return f"""Current program (score {score:.4f}, the best known score is {best_score:.4f}):
```python
{program}
```

Evaluation:
```python
{utility_text}
```

What the evaluation said about it:
{note}

Write an improved program. Keep the function names and signatures."""


def improve_algorithm(initial_solution, utility, language_model):
    """Annealing in several legs. Each leg begins at the initial program with a hot system and cools down."""
    calls = language_model.budget
    leg_length = max(3, math.ceil(calls / 3))
    n = max(1, min(2, language_model.max_responses_per_call))

    def note_about(program):
        try:
            return utility.feedback(program)[:1000]
        except Exception:
            return "(nothing)"

    base_score = utility(initial_solution)
    best, best_score = initial_solution, base_score
    current, current_score = initial_solution, base_score

    for call in range(calls):
        if utility.uses >= utility.budget:
            break
        position = call % leg_length
        if position == 0:
            # reheat: go back to the beginning, other basins may be deeper
            current, current_score = initial_solution, base_score
        T = 0.15 * (0.6 ** position)

        message = make_message(current, current_score, best_score, utility.str, note_about(current))
        answers = language_model.prompt(EXPERTISE, message, n_responses=n, temperature=0.8)
        for program in extract_code(answers):
            if not program or utility.uses >= utility.budget:
                continue
            score = utility(program)
            if score > best_score:
                best, best_score = program, score
            if score > current_score or random.random() < math.exp((score - current_score) / T):
                current, current_score = program, score

    return best
