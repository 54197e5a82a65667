from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    base_score = utility(initial_solution)
    evalsLeft = utility.budget - 1
    cur, curScore = initial_solution, base_score
    hall_of_fame = [(base_score, initial_solution)]
    stuck = 0
    for _ in range(language_model.budget):
        k = min(4, language_model.max_responses_per_call, evalsLeft)
        if k <= 0: break
        t = min(1.2, 0.4 + 0.3 * stuck)     # hotter when nothing moves
        p = f"""Optimize the code.

```python
{cur}
```

Metric:
```python
{utility.str}
```

Output: the optimized code, complete."""
        improved = False
        for c in extract_code(language_model.batch_prompt("Expert coder.", [p] * k, temperature=t)):
            if not c: continue
            sc = utility(c); evalsLeft -= 1
            if sc > curScore:
                cur, curScore, improved = c, sc, True
        stuck = 0 if improved else stuck + 1
        if stuck == 3:
            # dead end: archive it, begin from scratch
            hall_of_fame.append((curScore, cur))
            cur, curScore, stuck = initial_solution, base_score, 0
    hall_of_fame.append((curScore, cur))
    return max(hall_of_fame, key=lambda x: x[0])[1]
