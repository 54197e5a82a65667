from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution by hill climbing with several restarts. Each restart uses a higher temperature."""
    expertise = "You are an expert computer science researcher and programmer, especially skilled at optimizing algorithms."
    n_restarts = 3
    initial_score = utility(initial_solution)
    results = [(initial_score, initial_solution)]
    calls_per_restart = max(2, (language_model.budget - language_model.times_used) // n_restarts)

    def climb(start, start_score, temperature, n_calls):
        solution, score = start, start_score
        for _ in range(n_calls):
            if language_model.times_used >= language_model.budget or utility.uses >= utility.budget:
                break
            message = f"""Improve the following program:
```python
{solution}
```
Its utility function is:
```python
{utility.str}
```
Think step by step, and then give the improved program."""
            n = min(2, language_model.max_responses_per_call, utility.budget - utility.uses)
            candidates = extract_code(language_model.prompt(expertise, message, n_responses=n, temperature=temperature))
            for candidate in candidates:
                if candidate is None:
                    continue
                new_score = utility(candidate)
                if new_score > score:
                    solution, score = candidate, new_score
        return score, solution

    restart = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        temperature = min(0.4 + 0.3 * restart, 1.2)
        results.append(climb(initial_solution, initial_score, temperature, calls_per_restart))
        restart += 1
    return max(results, key=lambda r: r[0])[1]
