from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution by consulting a panel of different experts."""
    experts = [
        ("You are an expert in numerical optimization.", "Think about the numerical parameters and choose better ones."),
        ("You are an expert in data structures.", "Replace slow data structures with suitable ones."),
        ("You are a world-class competitive programmer.", "Which classic algorithm solves this? Implement it cleanly."),
        ("You are a careful software tester.", "Look for edge cases in which the program fails, and fix them."),
        ("You are a creative researcher with unusual ideas.", "Invent an approach that nobody would expect."),
    ]

    def evaluate(solution):
        return utility(solution), solution

    all_solutions = [(utility(initial_solution), initial_solution)]
    # Consult the experts in turn as long as the budget lasts
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        expertise, hint = experts[language_model.times_used % len(experts)]
        message = f"""{hint}

Program:
```python
{initial_solution}
```

Score function:
```python
{utility.str}
```

Answer with the complete improved program."""
        n = min(3, language_model.max_responses_per_call, utility.budget - utility.uses)
        solutions = [s for s in extract_code(language_model.prompt(expertise, message, n, temperature=0.8)) if s]
        if not solutions:
            continue
        with ThreadPoolExecutor(max_workers=len(solutions)) as executor:
            all_solutions.extend(executor.map(evaluate, solutions))
    return max(all_solutions, key=lambda x: x[0])[1]
