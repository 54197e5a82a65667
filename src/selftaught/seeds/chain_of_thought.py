"""Chain of thought: one attempt, reasoned step by step, and no utility call (a baseline in the paper, §5.1)."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Ask once for a better solution; return it unscored, or the initial one if the response has no code."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    message = f"""Improve this solution:
```python
{initial_solution}
```

It is scored by this utility:
```python
{utility.str}
```

Think step by step. What does the utility reward? Where does the solution fall short of that, and why? Which algorithm
would do better, and does it keep to the limits? Then write the whole improved solution as one block of code."""
    responses = language_model.prompt(expertise, message, n_responses=1, temperature=0.7)
    return extract_code(responses[0], like=initial_solution) or initial_solution
