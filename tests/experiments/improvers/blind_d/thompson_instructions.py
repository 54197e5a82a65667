import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """
    Thompson sampling over instructions: each instruction has a Beta posterior of
    the chance that it leads to an improvement. The best solution is always the
    basis of the next prompt.
    """
    expertise = "You are a brilliant algorithm designer who always writes correct, complete code."
    instructions = {
        "analyze": "Analyze the weaknesses of the solution step by step, then fix the most important one.",
        "novel": "Ignore conventional wisdom: propose a novel idea and implement it in place of the weakest part.",
        "tune": "Keep the structure and tune the parameters carefully.",
        "hybrid": "Turn the solution into a hybrid with another well known algorithm.",
    }
    wins = {name: 1 for name in instructions}
    losses = {name: 1 for name in instructions}

    max_calls = language_model.budget
    n_responses = max(1, min(language_model.max_responses_per_call, 2))

    best_solution = initial_solution
    best_score = utility(initial_solution)
    history = [best_score]

    def choose():
        draws = {name: random.betavariate(wins[name], losses[name]) for name in instructions}
        return max(draws, key=draws.get)

    for _ in range(max_calls):
        if utility.uses >= utility.budget:
            break
        name = choose()
        message = f"""{instructions[name]}

Solution (its score is {best_score:.4f}; scores of the last attempts: {", ".join(f"{h:.3f}" for h in history[-5:])}):
```python
{best_solution}
```

Score function:
```python
{utility.str}
```"""
        responses = language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
        for candidate in extract_code(responses):
            if not candidate or utility.uses >= utility.budget:
                losses[name] += 1
                continue
            score = utility(candidate)
            history.append(score)
            if score > best_score:
                best_solution, best_score = candidate, score
                wins[name] += 1
            else:
                losses[name] += 1

    return best_solution
