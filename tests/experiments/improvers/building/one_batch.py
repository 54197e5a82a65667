from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Asks once for as many versions as one call gives, and keeps the best."""
    role = "You are a researcher of algorithms who writes fast programs."
    request = f"""Make this program better:
```python
{initial_solution}
```
This is how it is scored:
```python
{utility.str}
```
Find a new idea first, then write all of the program."""
    number = min(language_model.max_responses_per_call, utility.budget)
    answers = language_model.batch_prompt(role, [request] * number, temperature=0.7)
    programs = [program for program in extract_code(answers) if program]
    return max(programs, key=utility)
