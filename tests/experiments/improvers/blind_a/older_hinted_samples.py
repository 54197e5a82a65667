from itertools import cycle
from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility_str, utility):
    """Independent samples with hints in turn; texts that come twice are rated once."""
    language_model = LanguageModel("You are an expert in the design of efficient algorithms.")
    hints = cycle([
        "Consider simulated annealing or another metaheuristic.",
        "Consider a greedy construction followed by local improvement.",
        "Consider vectorising the computation.",
    ])
    scores = {initial_solution: utility(initial_solution)}
    attempts = 0
    while attempts < 4:
        attempts += 1
        message = f"""Improve the following code:
```python
{initial_solution}
```
It will be judged by:
```python
{utility_str}
```
{next(hints)}
State your idea, then write the complete code."""
        try:
            replies = language_model.prompt(message, n_responses=5, temperature=0.7)
        except Exception:
            break
        for code in extract_code(replies):
            if code and code not in scores:
                scores[code] = utility(code)
    return max(scores, key=scores.get)
