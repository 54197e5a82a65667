from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A conversation: each answer is polished next, be it better or not. Ends cool; returns the best text seen."""
    steps = min(language_model.budget, utility.budget - 1)
    current = initial_solution
    score = utility(current)
    best, best_score = current, score

    for step in range(steps):
        temperature = 1.0 - 0.8 * step / max(1, steps - 1)
        report = utility.feedback(current) if hasattr(utility, "feedback") else ""
        message = f"""We develop a program step by step. The present version:
```python
{current}
```
Its score is {score:.4f}. {report}

The score is defined by:
```python
{utility.str}
```
Explain in one sentence what to do next, then write the next version in full."""
        reply = language_model.batch_prompt("You are a patient code reviewer.", [message], temperature=temperature)[0]
        code = extract_code(reply)
        if not code:
            continue
        current, score = code, utility(code)
        if score > best_score:
            best, best_score = current, score
    return best
