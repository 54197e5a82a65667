from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution with several temperatures and several hints per round."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."

    hints = [
        "Think about a better data structure.",
        "Consider a randomized or local search method.",
        "Look for edge cases that the current version handles badly.",
        "Tune the constants and the stopping criteria.",
        "Combine two well known techniques from the literature.",
    ]
    temperature_values = [0.2, 0.5, 0.8, 1.0]

    # Remember what was evaluated already, so that no utility call is wasted
    evaluated = {}

    def evaluate(solution):
        if solution not in evaluated:
            if utility.uses >= utility.budget:
                return float("-inf")
            evaluated[solution] = utility(solution)
        return evaluated[solution]

    def build_message(solution, hint):
        return f"""Improve the following solution:
```python
{solution}
```

You will be evaluated based on this score function:
```python
{utility.str}
```

Hint: {hint}

You must return an improved solution. Be as creative as you can under the constraints."""

    rounds = language_model.budget
    per_round = max(1, min(language_model.max_responses_per_call, len(temperature_values),
                           (utility.budget - 1) // max(1, rounds)))

    best_solution = initial_solution
    best_score = evaluate(initial_solution)

    for r in range(rounds):
        if utility.uses >= utility.budget:
            break
        messages, temperatures = [], []
        for k in range(per_round):
            hint = hints[(r * per_round + k) % len(hints)]
            messages.append(build_message(best_solution, hint))
            temperatures.append(temperature_values[(r + k) % len(temperature_values)])
        responses = language_model.batch_prompt(expertise, messages, temperature=temperatures)
        for solution in extract_code(responses):
            if not solution:
                continue
            score = evaluate(solution)
            if score > best_score:
                best_solution, best_score = solution, score

    return best_solution
