from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The same question again and again, but for the number of the try."""
    results = [(utility(initial_solution), initial_solution)]
    for attempt in range(1, language_model.budget + 1):
        text = f"""This is attempt {attempt} of {language_model.budget}.
```python
{initial_solution}
```
Beat this program. Evaluation:
```python
{utility.str}
```"""
        for code in extract_code(language_model.prompt("You never give up.", text, n_responses=2, temperature=0.9)):
            if code:
                results.append((utility(code), code))
    return max(results)[1]
