from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility_str, utility):
    """Wide and hot at first, then narrower steps with less randomness around the top three."""
    role = "You are an expert in heuristics and combinatorial optimization."
    model = LanguageModel(role)

    def build(code):
        return f"""Here is a solution:
```python
{code}
```
and the function that rates it:
```python
{utility_str}
```
Find a weakness of the solution and remove it. Return the full script."""

    def expand(code, heat):
        try:
            answers = model.prompt(build(code), n_responses=5, temperature=heat)
        except Exception:
            return []
        rated = []
        for candidate in extract_code(answers):
            if candidate:
                rated.append((utility(candidate), candidate))
        return rated

    pool = [(utility(initial_solution), initial_solution)]
    pool += expand(initial_solution, 1.0)
    for heat in (0.8, 0.5, 0.3):
        pool.sort(key=lambda pair: pair[0], reverse=True)
        pool = pool[:3]
        fresh = []
        for _, code in pool:
            fresh += expand(code, heat)
        pool += fresh
    return max(pool, key=lambda pair: pair[0])[1]
