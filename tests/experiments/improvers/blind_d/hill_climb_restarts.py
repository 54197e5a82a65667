from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Random-restart hill climbing with escalating creativity."""
    expertise = "You are an inventive programmer with great knowledge of algorithms."
    hints = [
        "Try a greedy construction.",
        "Try dynamic programming or memoization.",
        "Try a stochastic local search with restarts.",
        "Try to prune the search space.",
        "Try vectorized or bit-parallel operations.",
        "Try a divide and conquer approach.",
    ]
    total = language_model.budget
    climb_length = max(3, total // 3)
    patience = 2
    n = max(1, min(3, language_model.max_responses_per_call, (utility.budget - 1) // max(1, total)))

    start_score = utility(initial_solution)
    champion, champion_score = initial_solution, start_score
    current, current_score = initial_solution, start_score
    failures, climb_step = 0, 0

    for i in range(total):
        if utility.uses >= utility.budget:
            break
        if climb_step >= climb_length or failures >= patience:
            # start over from scratch
            current, current_score = initial_solution, start_score
            failures, climb_step = 0, 0
        # the longer we are stuck, the hotter we sample
        temperature = min(1.0, 0.5 + 0.1 * climb_step + 0.2 * failures)
        prompt = f"""```python
{current}
```

The code above is evaluated as follows:

```python
{utility.str}
```

Improve the code. {hints[i % len(hints)]} Return all of the improved code."""
        improved = False
        for answer in extract_code(language_model.prompt(expertise, prompt, n_responses=n, temperature=temperature)):
            if not answer or utility.uses >= utility.budget:
                continue
            score = utility(answer)
            if score > current_score:
                current, current_score, improved = answer, score, True
        climb_step += 1
        failures = 0 if improved else failures + 1
        if current_score > champion_score:
            champion, champion_score = current, current_score

    return champion
