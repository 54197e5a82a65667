import random
from concurrent.futures import ThreadPoolExecutor, as_completed
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Keeps an archive of everything that was ever found; the parent is usually the champion, sometimes a random entry."""
    expertise = "You are an expert in Python performance and heuristic search."
    epsilon = 0.35
    lm_calls = language_model.budget
    width = max(1, min(4, language_model.max_responses_per_call, (utility.budget - 1) // max(1, lm_calls)))
    archive = []  # (score, program), without the initial solution

    def evaluate_many(programs):
        programs = programs[: max(0, utility.budget - utility.uses)]
        if not programs:
            return
        with ThreadPoolExecutor(max_workers=len(programs)) as executor:
            futures = {executor.submit(utility, p): p for p in programs}
            for future in as_completed(futures):
                try:
                    archive.append((future.result(), futures[future]))
                except Exception:
                    pass

    initial_score = utility(initial_solution)

    for call in range(lm_calls):
        if utility.uses >= utility.budget:
            break
        if not archive:
            score, parent = initial_score, initial_solution
        elif random.random() < epsilon:
            score, parent = random.choice(archive)       # explore
        else:
            score, parent = max(archive, key=lambda e: e[0])  # exploit

        message = f"""A program with score {score:.4f}:

```python
{parent}
```

How programs are scored:

```python
{utility.str}
```

Please write a program with a higher score. The output must be a complete program."""
        answers = language_model.prompt(expertise, message, n_responses=max(2, width) if language_model.max_responses_per_call > 1 else 1,
                                        temperature=0.8)
        evaluate_many([p for p in extract_code(answers) if p])

    archive.append((initial_score, initial_solution))
    return max(archive, key=lambda e: e[0])[1]
