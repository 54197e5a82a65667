import math
import random
import threading

from helpers import extract_code


def score_in_threads(utility, codes):
    results = [0.0] * len(codes)

    def work(i):
        results[i] = utility(codes[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(codes))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def improve_algorithm(initial_solution, utility, language_model):
    random.seed(1)
    current_solution = initial_solution
    current_score = utility(initial_solution)
    best_solution, best_score = current_solution, current_score
    remaining_evals = utility.budget - 1
    temp = 0.08

    for _iteration in range(language_model.budget):
        batch = min(3, language_model.max_responses_per_call, remaining_evals)
        if batch < 1:
            break
        report = utility.feedback(current_solution)
        prompt = f"""The program
```python
{current_solution}
```
was evaluated with the result {current_score:.4f}.
Report of the evaluation:
{report}

Evaluation code:
```python
{utility.str}
```
Use the report to write a better program. Return the whole program."""
        responses = language_model.batch_prompt("You are a debugging and optimisation expert.", [prompt] * batch, temperature=0.8)
        codes = [c for c in extract_code(responses) if c]
        remaining_evals -= len(codes)
        if codes:
            scores = score_in_threads(utility, codes)
            neighbour_score, neighbour = max(zip(scores, codes))
            diff = neighbour_score - current_score
            if diff > 0 or random.random() < math.exp(diff / temp):
                current_solution, current_score = neighbour, neighbour_score
            if neighbour_score > best_score:
                best_solution, best_score = neighbour, neighbour_score
        temp *= 0.8
    return best_solution
