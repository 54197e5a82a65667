from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Ask for improvements of a solution, all at once; return the best by the utility, the initial one included."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    message = f"""Improve this solution:
```python
{initial_solution}
```

It is scored by this utility:
```python
{utility.str}
```

You must return a better solution. Be as creative as you can under the constraints. What makes it better must be new
and not trivial. First put forward an idea, then implement it: the whole program, in one block of code."""
    n_messages = min(language_model.max_responses_per_call, utility.budget)
    responses = language_model.batch_prompt(expertise, [message] * n_messages, temperature=0.7)
    solutions = [extract_code(response, like=initial_solution) for response in responses]
    solutions = [solution for solution in solutions if solution]
    if not solutions:
        return initial_solution
    candidates = ([initial_solution] + solutions)[: utility.budget]
    scores = utility.batch(candidates)
    return candidates[scores.index(max(scores))]  # the first of the best: a new one has to score higher
