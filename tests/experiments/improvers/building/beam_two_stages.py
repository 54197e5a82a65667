from helpers import extract_code
from language_model import LanguageModel


def improve_algorithm(initial_solution, utility_str, utility):
    """Ten hot versions, the three best of them, five cooler versions of each."""
    role = "You are a computer scientist who is good at optimising programs."
    message = f"""Below is a program to be improved:
```python
{initial_solution}
```
It will be judged by:
```python
{utility_str}
```
Think of something new."""
    model = LanguageModel(role)
    first = extract_code(model.prompt(message, n_responses=10, temperature=0.9))
    scored = [(utility(program), program) for program in first if program]
    scored.sort(key=lambda pair: pair[0], reverse=True)
    chosen = [program for _, program in scored[:3]]
    refined = []
    for program in chosen:
        again = f"""Refine this program further:
```python
{program}
```
It will be judged by:
```python
{utility_str}
```"""
        refined += extract_code(model.prompt(again, n_responses=5, temperature=0.4))
    finals = chosen + [program for program in refined if program]
    return max(finals, key=utility)
