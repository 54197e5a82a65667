from helpers import extract_code

GOALS = [
    "the speed of convergence",
    "the quality of the first solution",
    "the robustness against unusual inputs",
    "the use of the whole time limit",
]


def improve_algorithm(initial_solution, utility, language_model):
    """For each goal a few rounds of climbing; a later goal begins where the one before it ended."""
    best, best_score = initial_solution, utility(initial_solution)
    rounds = max(1, language_model.budget // len(GOALS))
    for goal in GOALS:
        for _ in range(rounds):
            prompt = f"""Consider this algorithm:
```python
{best}
```
Improve {goal}, and let the rest as it is. The algorithm is measured by:
```python
{utility.str}
```"""
            responses = language_model.prompt("You are an expert in heuristics.", prompt, n_responses=4, temperature=0.6)
            improved = False
            for candidate in extract_code(responses):
                if not candidate:
                    continue
                score = utility(candidate)
                if score > best_score:
                    best, best_score, improved = candidate, score, True
            if not improved:
                break
    return best
