from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Iterated improvement of the best program, a single response each time."""
    best = initial_solution
    best_score = utility(best)
    while utility.uses < utility.budget and language_model.times_used < language_model.budget:
        message = f"""
Here is a program:
```python
{best}
```
It is scored by:
```python
{utility.str}
```
Return a better one."""
        try:
            candidate = extract_code(language_model.prompt("Expert", message, n_responses=1, temperature=0.7)[0])
        except Exception:
            break
        if not candidate:
            continue
        score = utility(candidate)
        if score > best_score:
            best, best_score = candidate, score
    return best
